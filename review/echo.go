package review

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// echoes finds a sentence that says again what the customer wrote.
	echoes = regexp.MustCompile(`(?i)^((i'm|i am|we're|we are|i|we) (very |so |really )?(sorry|see|understand)\b|sorry (to hear|about|for|that)|thank you for|thanks for|as you (wrote|said|mentioned|describe)|you (wrote|said|mentioned|told us)|(es tut (mir|uns) leid|ich verstehe|wir verstehen|vielen dank für|danke für|wie sie (schreiben|geschrieben|sagten)|sie (schreiben|schrieben)|je comprends|merci pour|lamento|siento|gracias por|mi dispiace|grazie per|obrigad[oa] pel|het spijt|bedankt voor))`)
	// goesOn finds what a second statement begins with.
	goesOn = regexp.MustCompile(`[:;–—]|,\s+(?:so |and |but |und |aber |dass )?(?:you|we|i|it|they|the|your|our|this|sie|wir|ich|es|die|der|das|ihre?)\b`)
	// asSaid finds the customer named as the one who said it, who may go on.
	asSaid = regexp.MustCompile(`(?i)^(as you|wie sie) \pL+( \pL+)?,`)
	// thanks finds a sentence that thanks, or is sorry, for what the customer asks.
	thanks = regexp.MustCompile(`(?i)^(thank|sorry (for|about)|vielen|danke|merci|gracias|grazie|obrigad|bedankt)`)
	// wonders finds what a customer asks without a question mark.
	wonders = regexp.MustCompile(`(?i)\b(if|whether|ob)\b|^(can|may|will|should|must|shall|do|does|did|is|are|am|have|has|could|would|and|or|und|oder|sind|ist|haben|habe|kann|darf|muss|werden|wird)\b`)
)

// echo reports whether a sentence only repeats what was said to us: the
// customer's words, or in "as you wrote" those of the conversation. What the
// customer only asks is nothing that was said, unless it is thanked for.
func (d *draft) echo(r *reader, tokens []token, thanked bool) bool {
	if d.said == nil {
		d.said = map[string]bool{}
		for _, text := range slices.Concat(d.Customer, d.Earlier) {
			r.stated(text, d.said)
		}
	}
	for _, t := range tokens {
		if thanked && (t.negates || r.is("permission", t.text) || r.is("obligation", t.text)) {
			return false
		}
		if !t.content || r.is("polite", t.text) || r.is("echo", t.text) || d.said[t.root] || thanked && d.customers[t.root] {
			continue
		}
		switch t.text {
		case "wrote", "said", "mentioned", "told", "describe", "schreiben", "schrieben", "geschrieben", "sagten":
			continue
		}
		return false
	}
	return true
}

// stated adds the words of a text that do not stand in a question.
func (r *reader) stated(text string, words map[string]bool) {
	for _, s := range split(visible(text), false) {
		for part := range strings.FieldsFuncSeq(s.text, func(r rune) bool { return strings.ContainsRune(",;:–—", r) }) {
			if part = strings.TrimSpace(part); strings.HasSuffix(part, "?") || asksBack.MatchString(part) || wonders.MatchString(part) {
				continue
			}
			for _, t := range r.tokens(part) {
				words[t.root] = true
			}
		}
	}
}
