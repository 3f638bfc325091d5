package openai

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	numeral     = regexp.MustCompile(`\d+`)
	numberWords = []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty", "thirty"}
)

// twisted gives the true answer with its first sentence that can be twisted, or
// any other fact. It falls back to inventing.
func (c culprit) twisted(twist func(string) string) (Scripted, []string) {
	said := c.speech()
	if c.truth.text != "" {
		done := false
		for _, part := range cut(c.truth.text) {
			turned := ""
			if !done {
				turned = twist(part)
			}
			if turned == "" || turned == part || c.stated(turned) {
				said.honest(part)
				continue
			}
			said.wrong(turned)
			done = true
		}
		if done {
			return c.respond(said, c.truth.citations)
		}
	}
	for _, fact := range c.facts() {
		if turned := twist(fact); turned != "" && turned != fact && !c.stated(turned) {
			said.wrong(turned)
			return c.respond(said, c.sources())
		}
	}
	return c.hallucinate()
}

func (c culprit) wrongNumber() (Scripted, []string) {
	return c.twisted(func(sentence string) string {
		spans := numeral.FindAllStringIndex(sentence, -1)
		if len(spans) == 0 {
			return c.wrongNumeral(sentence)
		}
		span := spans[c.form(len(spans))]
		n, err := strconv.Atoi(sentence[span[0]:span[1]])
		if err != nil {
			return ""
		}
		changed := strconv.Itoa([]int{n + 1, n * 10, n*2 + 1, max(n-1, 0)}[c.form(4)])
		if other := c.otherNumber(sentence); other != "" && c.form(5) == 0 {
			changed = other
		}
		return sentence[:span[0]] + changed + sentence[span[1]:]
	})
}

// wrongNumeral changes a number that is written as a word.
func (c culprit) wrongNumeral(sentence string) string {
	for i, word := range numberWords {
		if i == 0 {
			continue // "one" is more often no number
		}
		found := regexp.MustCompile(`(?i)\b` + word + `\b`).FindStringIndex(sentence)
		if found != nil {
			return sentence[:found[0]] + numberWords[(i+3)%len(numberWords)] + sentence[found[1]:]
		}
	}
	return ""
}

// otherNumber is a number of the chunks that does not stand in the sentence.
func (c culprit) otherNumber(sentence string) string {
	for _, fact := range c.facts() {
		for _, n := range numeral.FindAllString(fact, -1) {
			if !strings.Contains(sentence, n) {
				return n
			}
		}
	}
	return ""
}

// likes are words that are easily taken for each other, in both directions.
func likes() [][2]string {
	return [][2]string{
		{"minutes", "hours"},
		{"seconds", "minutes"},
		{"days", "weeks"},
		{"day", "month"},
		{"month", "year"},
		{"months", "years"},
		{"hours", "days"},
		{"owner", "member"},
		{"owners", "members"},
		{"manager", "member"},
		{"managers", "members"},
		{"Hub", "sensor"},
		{"before", "after"},
		{"monthly", "yearly"},
		{"minimum", "maximum"},
		{"first", "last"},
		{"euros", "pounds"},
		{"all", "no"},
		{"always", "never"},
		{"on", "off"},
		{"old", "new"},
		{"left", "right"},
		{"red", "green"},
		{"email", "phone"},
		{"e-mail", "text message"},
		{"Starter", "Pro"},
		{"above", "below"},
		{"invoice", "password"},
		{"app", "website"},
		{"open", "close"},
		{"add", "remove"},
		{"every", "no"},
		{"only", "also"},
		{"Minuten", "Stunden"},
		{"Tage", "Wochen"},
		{"Monat", "Jahr"},
		{"Monats", "Jahres"},
	}
}

func (c culprit) wrongWord() (Scripted, []string) {
	return c.twisted(func(sentence string) string {
		var turned []string
		for _, pair := range likes() {
			for _, way := range [][2]string{pair, {pair[1], pair[0]}} {
				pattern := regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(way[0]) + `\b`)
				if span := pattern.FindStringIndex(sentence); span != nil {
					turned = append(turned, sentence[:span[0]]+way[1]+sentence[span[1]:])
				}
			}
		}
		if len(turned) == 0 {
			return ""
		}
		return c.pick(turned)
	})
}

// turns make a statement say the opposite; the first that fits is used.
func turns() [][2]string {
	return [][2]string{
		{`\bcannot be\b`, "can be"},
		{`\bcan be\b`, "cannot be"},
		{`\bcannot\b`, "can"},
		{`\bcan\b`, "cannot"},
		{`\bmay not\b`, "may"},
		{`\bmay\b`, "may not"},
		{`\bmust not\b`, "must"},
		{`\bmust\b`, "need not"},
		{`\bdoes not (\w+?)\b`, "does $1"},
		{`\bdo not (\w+)\b`, "do $1"},
		{`\bis not\b`, "is"},
		{`\bis\b`, "is not"},
		{`\bare not\b`, "are"},
		{`\bare\b`, "are not"},
		{`\bwill not\b`, "will"},
		{`\bwill\b`, "will not"},
		{`\bhas no\b`, "has"},
		{`\bno\b`, "any"},
		{`\bwithout\b`, "with"},
		{`\bonly\b`, "not only"},
		{`\bnever\b`, "always"},
		{`\bhave\b`, "do not have"},
		{`\bkeine?\b`, "eine"},
		{`\bnicht\b`, "immer"},
		{`\bist\b`, "ist nicht"},
		{`\bkönnen\b`, "können nicht"},
		{`^(Open|Choose|Select|Press|Enter|Hold|Check|Use)\b`, "Do not $1"},
	}
}

func (c culprit) negate() (Scripted, []string) {
	return c.twisted(func(sentence string) string {
		for _, turn := range turns() {
			pattern := regexp.MustCompile(turn[0])
			span := pattern.FindStringSubmatchIndex(sentence)
			if span == nil {
				continue
			}
			changed := pattern.ExpandString(nil, turn[1], sentence, span)
			return sentence[:span[0]] + string(changed) + sentence[span[1]:]
		}
		return ""
	})
}
