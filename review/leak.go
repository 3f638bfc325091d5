package review

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/digital-fte/fte/ticket"
)

// leakWords is how many words in a row a draft may not share with the rules the
// model was given.
const leakWords = 8

var (
	anUUID  = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	insider = regexp.MustCompile(`(?i)search_knowledge_base|escalate_to_human|send_response|chunk_ids?\b|data_marker|customer_message|history_(author|text|at)|tool_call|function_call|<<<|>>>|<\|[a-z_]+\|>|\[/?INST\]|\bdata:[0-9a-f-]{6,}|\bend:[0-9a-f-]{6,}`)
	// masked finds what stands for something that was hidden on purpose.
	masked  = regexp.MustCompile(`<[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_\d+>`)
	secrets = regexp.MustCompile(`\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{12,}|\bAKIA[A-Z0-9]{12,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abpr]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}|\bAIza[A-Za-z0-9_-]{20,}|(?i:bearer\s+[a-z0-9._~+/-]{16,})|-----BEGIN|\b[0-9a-fA-F]{32,}\b`)
	// personal finds what may belong to somebody: numbers of phones, accounts,
	// cards, tickets, orders and invoices.
	personal = []*regexp.Regexp{
		regexp.MustCompile(`(?:\+|\b00|\(0|\b0)?\(?\d(?:[\s()/.-]{0,2}\d){6,}`),
		regexp.MustCompile(`\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?\b`),
		regexp.MustCompile(`\bT-[0-9A-HJKMNP-TV-Z]{10}\b`),
		regexp.MustCompile(`\b[A-Z]{1,5}[-_/]?\d[\d-]{4,}\b`),
		regexp.MustCompile(`#\d{4,}\b`),
		regexp.MustCompile(`(?i)\b(?:order|invoice|ticket|case|customer|account|contract|serial|bestell|rechnungs|kunden|vertrags|ticket)[\s-]?(?:number|no\.?|nr\.?|nummer|id)?[:#\s]+([A-Z0-9-]*\d[A-Z0-9-]{3,})\b`),
	}
)

// leaks refuses what was never meant for a customer, or was meant for another.
func (d *draft) leaks() ticket.Verdict {
	var reasons []string
	add := func(found bool, reason string) {
		if found {
			reasons = append(reasons, reason)
		}
	}
	bare := squeeze(d.Draft)
	for _, canary := range d.Canaries {
		if c := squeeze(canary); c != "" && strings.Contains(bare, c) {
			add(true, "The answer holds a mark that must never leave the service: leave it out.")
			break
		}
	}
	add(shares(d.text, d.SystemPrompt), "The answer repeats the rules you were given: leave them out.")
	add(anUUID.MatchString(d.text) && !d.quoted(anUUID), "The answer holds an id: ids never appear in an answer.")
	add(insider.MatchString(d.text) && !d.quoted(insider), "The answer names tools or marks of data: leave them out.")
	add(masked.MatchString(d.text), "The answer repeats a placeholder for something that was hidden on purpose: leave it out.")
	add(secrets.MatchString(d.allowed.strip(d.text)) && !d.quoted(secrets), "The answer holds a key, a token or a password: leave it out.")
	add(d.othersData(), "The answer holds a number or an address that neither a cited chunk nor the customer's message has: leave it out.")
	return refuse(RuleLeaks, reasons...)
}

// quoted reports whether everything a pattern finds stands in a cited chunk.
func (d *draft) quoted(p *regexp.Regexp) bool {
	for _, found := range p.FindAllString(d.text, -1) {
		if !d.stands(found) {
			return false
		}
	}
	return true
}

// othersData reports whether the draft has an address or number of a kind that
// belongs to somebody, and that was not given in this turn.
func (d *draft) othersData() bool {
	rest := d.text
	for _, l := range findLinks(d.text) {
		if strings.Contains(l, "@") && !strings.Contains(strings.ToLower(d.allowed.text), strings.ToLower(l)) {
			return true
		}
		rest = strings.ReplaceAll(rest, l, " ")
	}
	known := squeeze(d.allowed.text)
	for line := range strings.Lines(rest) {
		if digits(line) < fewestDigits {
			continue
		}
		for _, p := range personal {
			for _, found := range p.FindAllStringSubmatch(line, -1) {
				if !strings.Contains(known, squeeze(found[len(found)-1])) {
					return true
				}
			}
		}
	}
	return false
}

// fewestDigits is how many digits a number has at least that belongs to
// somebody.
const fewestDigits = 4

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// squeeze keeps the letters and digits of a text, small.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// shares reports whether two texts have leakWords words in a row in common.
func shares(text, rules string) bool {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	said := words(text)
	if len(said) < leakWords || rules == "" {
		return false
	}
	runs := map[string]bool{}
	for i := 0; i+leakWords <= len(said); i++ {
		runs[strings.Join(said[i:i+leakWords], " ")] = true
	}
	given := words(rules)
	for i := 0; i+leakWords <= len(given); i++ {
		if runs[strings.Join(given[i:i+leakWords], " ")] {
			return true
		}
	}
	return false
}
