package review

import (
	"regexp"
	"slices"
	"strings"
)

// Bounds of sentences that state nothing.
const (
	maxFreeTokens = 30
	maxQuestions  = 2
)

var (
	// carries finds questions that state something by asking.
	carries = regexp.MustCompile(`(?i)\b(did you know|do you know that|didn't you|isn't|aren't|wasn't|don't you|doesn't|won't|can't you|wouldn't|why not|who knew|guess what|wussten? (sie|du)|wusstest|ist (es )?nicht|sind nicht|warum nicht|saviez|savais|sabía|sabías|sabia|lo sapeva|sapeva|wist (u|je))\b`)
	// asksBack finds how a question back to the customer begins.
	asksBack = regexp.MustCompile(`(?i)^(and |or |und |oder |to help( you)?,? |before that,? )?(which|what|when|where|who|how|do you|does it|does the|does your|did you|are you|is it|is the|is your|are the|have you|has the|could you|can you|would you|may i ask|which of|welche|was|wann|wo|wer|wie|haben sie|hast du|ist (es|der|die|das|ihr)|sind sie|können sie|könnten sie|um welche|in welche|bei welche|meinen sie|geht es|quel|est-ce|pouvez|pourriez|avez|qu|où|quand|comment|qué|cuál|cuándo|dónde|podría|puede|tiene|¿|qual|quale|quali|quando|dove|come|può|potrebbe|ha |che |pode|poderia|tem |welk|wat|wanneer|waar|hoe|kunt u|kun je|heeft|hebt|bedoelt)`)
	// unknowing finds an honest admission, which a person or the company makes
	// of its own knowledge.
	unknowing = regexp.MustCompile(`(?i)^((unfortunately|sorry|i'm sorry|i am sorry|leider|malheureusement|lamentablemente|purtroppo|infelizmente|helaas),? ?(but )?)?((i|we) ((am|are|was|were) (not able|unable) to|could ?n[o']t|couldn't|can ?not|can't|did ?n[o']t|do ?n[o']t) (find|say|tell|know|have)|(i|we) have no |(ich|wir) (konnte|konnten|kann|können|finde|finden|habe|haben|weiß|wissen)|(konnte|kann|habe|finde|weiß|liegen|können|konnten|haben|wissen) (ich|wir|mir|uns)|dazu (habe|konnte|liegen|finde|kann)|(je|nous) n|je ne|nous ne|no (he|hemos|tengo|tenemos|sé|puedo|podemos)|non (ho|abbiamo|so|sappiamo|posso)|não (encontrei|encontramos|tenho|temos|sei|sabemos|posso)|(ik|we|wij) (kon|konden|kan|kunnen|weet|weten|heb|hebben)|(kon|kan) ik)`)
	// knowledge finds what an admission lacks, and thatClause one that goes on to
	// state something.
	knowledge  = regexp.MustCompile(`(?i)\b(find|found|say|tell|know|information|details?|answers?|knowledge|anything|something|nothing|certain|informationen|angaben|auskunft|antwort|hinweise?|finden|finde|gefunden|sagen|wissen|weiß|beantworten|näheres|genaueres|einzelheiten|nichts)`)
	thatClause = regexp.MustCompile(`(?i)\b(say|tell you|know|sagen|wissen|weiß|know of),? (that|dass|of)\b|, dass\b`)
	// invites finds an offer to go on, and a wish.
	invites = regexp.MustCompile(`(?i)\b(let (me|us) know|(do not|don't) hesitate|have an? (\pL+ )?(nice|good|great|lovely|wonderful|day|evening|weekend)|enjoy your|melden sie sich|lassen sie (es )?(mich|uns) wissen|schönen tag)\b`)
	// framing finds the line above a list, and asserts one that states something.
	framing = regexp.MustCompile(`(?i)^(here('s| is| are)|please follow|follow|to |proceed as follows|these are the steps|so |gehen sie|führen sie|folgen sie|um |hier |voici|suivez|pour |siga|para |así |ecco|segua|per |veja|volg|zo |om )`)
	asserts = regexp.MustCompile(`(?i)^so |^here\b.*\bthat\b`)
)

// isFree reports whether a sentence states nothing. It is strict: all its words
// must be among few harmless ones, the customer's or those of the cited chunks,
// and none may be a number, a link or a name of its own.
func (d *draft) isFree(r *reader, s sentence, promises, more bool) bool {
	if len(s.tokens) > maxFreeTokens {
		return false
	}
	for _, t := range s.tokens {
		switch {
		case t.kind != word, r.is("sensitive", t.text), strings.ContainsAny(t.text, "0123456789"):
			return false
		}
	}
	text := strings.TrimSpace(strings.ReplaceAll(s.text, "’", "'"))
	if promises {
		return false
	}
	if _, _, ok := strings.Cut(text, " but "); ok {
		return false
	}
	switch {
	case strings.HasSuffix(text, "?"):
		return !carries.MatchString(text) && asksBack.MatchString(text) &&
			d.only(r, s.tokens, true, "ask", "polite", "frame")
	case strings.HasSuffix(text, ":"):
		return more && d.frames(r, s.tokens, text) && framing.MatchString(text) && !slices.ContainsFunc(s.tokens, func(t token) bool { return t.negates }) &&
			d.only(r, s.tokens, true, "frame")
	case unknowing.MatchString(text):
		return d.admits(s.tokens, text) && d.only(r, s.tokens, true, "unknown")
	case echoes.MatchString(text):
		return !goesOn.MatchString(asSaid.ReplaceAllString(text, "")) && d.echo(r, s.tokens, thanks.MatchString(text))
	}
	return (invites.MatchString(text) || d.has(r, s.tokens, "courtesy")) && d.only(r, s.tokens, false, "polite", "courtesy")
}

// only reports whether every word belongs to one of the closed vocabularies of
// the language, or, if others may, to the customer or the cited chunks.
func (d *draft) only(r *reader, tokens []token, others bool, sections ...string) bool {
	for _, t := range tokens {
		if slices.ContainsFunc(sections, func(s string) bool { return r.is(s, t.text) }) {
			continue
		}
		if others && (!t.content && !t.negates || d.customers[t.root] || d.words[t.root]) {
			continue
		}
		if t.upper && !t.first && fold(d.Company) == t.text {
			continue
		}
		return false
	}
	return true
}

func (d *draft) has(r *reader, tokens []token, section string) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return r.is(section, t.text) })
}

// frames reports whether a line that ends in a colon says nothing before it:
// behind its first clause stand words such as "follow these steps" alone.
func (d *draft) frames(r *reader, tokens []token, text string) bool {
	if d.tongue == tongueOf("en") && asserts.MatchString(text) {
		return false
	}
	for i, t := range tokens {
		if t.clause > tokens[0].clause {
			return d.only(r, tokens[i:], false, "frame")
		}
	}
	return true
}

// admits reports whether a sentence that begins like an admission is one: it
// denies knowing something, and does not deny that something is there.
func (d *draft) admits(tokens []token, text string) bool {
	if d.tongue != tongueOf("en") && d.tongue != tongueOf("de") {
		return true
	}
	return slices.ContainsFunc(tokens, func(t token) bool { return t.negates }) && knowledge.MatchString(text) && !thatClause.MatchString(text)
}
