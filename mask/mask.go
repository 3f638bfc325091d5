// Package mask keeps what opens doors or accounts out of what a model is sent:
// payment cards, bank accounts, national ids, passwords, one-time codes and
// keys become placeholders such as <CARD_1>, which a model can speak of without
// having seen what they stand for.
//
// A Mask belongs to the messages of one turn and is made of them anew whenever
// it is needed, so that nothing of it is stored. It must never let a value of
// one customer be restored for another: a placeholder means something only to
// the Mask that made it, and even there no more than the last digits come back.
// It must never be the only thing that keeps a secret: people write what no rule
// foresees.
package mask

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a value is, as its placeholder says.
type kind string

const (
	card     kind = "CARD"
	iban     kind = "IBAN"
	id       kind = "ID"
	password kind = "PASSWORD"
	code     kind = "CODE"
	key      kind = "KEY"
	// forged is the first sign of what somebody has written to look like a
	// placeholder.
	forged kind = ""
)

const (
	// hidden stands in an answer for what is never said again.
	hidden = "[hidden]"
	// shown is how many of the last characters of a number are said again,
	shown = 4
	// and minShown how long it has to be for that.
	minShown = 8
	// maxKnown bounds how many values are looked for where nothing tells them
	// from other words.
	maxKnown = 64
	// minDigits is how many digits the number of a card, an account or a person
	// has at least.
	minDigits = 4
	// minKnown is the length of the shortest of them, in bytes.
	minKnown = 4
)

var (
	placeholder = regexp.MustCompile(`(?i)<\s{0,3}(CARD|IBAN|ID|PASSWORD|CODE|KEY)_(\d{1,9})\s{0,3}>`)
	likeness    = regexp.MustCompile(`(?i)<\s*(?:CARD|IBAN|ID|PASSWORD|CODE|KEY)\s*_`)
)

// Mask replaces values by placeholders, the same value always by the same one.
// It is not for use by several goroutines at once.
type Mask struct {
	numbers map[name]int
	values  map[kind][]string // the value of placeholder n is at n-1
	known   []name            // values to look for everywhere, as they were written
	seen    map[name]string   // how each of known is named
	// read keeps what was found in texts that New was given: they are masked next.
	read map[string]reading
}

// reading is a text with everything in it that tells itself.
type reading struct {
	folded
	spans []span
}

type name struct {
	kind  kind
	value string
}

// span is a part of a folded text that has to go.
type span struct {
	from, to int
	kind     kind
	value    string // without what does not tell it from others
}

// New returns a mask that knows the values in texts. What a customer names a
// password in one message is a secret in every other one, also in an earlier
// one: whoever masks several texts gives all of them here first.
func New(texts ...string) *Mask {
	m := &Mask{numbers: map[name]int{}, values: map[kind][]string{}, seen: map[name]string{}, read: map[string]reading{}}
	for _, s := range texts {
		r := read(s)
		m.read[s] = r
		m.mask(s, r)
	}
	return m
}

func read(s string) reading {
	f := fold(s)
	return reading{f, settle(f.text, find(f.text))}
}

// Text returns s with a placeholder for every value. What looks like a
// placeholder already is changed a little, so that nobody can write one.
func (m *Mask) Text(s string) string {
	r, ok := m.read[s]
	if !ok {
		r = read(s)
	}
	return m.mask(s, r)
}

func (m *Mask) mask(s string, f reading) string {
	for _, p := range f.spans {
		m.learn(f.text, p)
	}
	spans := settle(f.text, slices.Concat(f.spans, m.again(f.text)))
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	from := 0
	for _, p := range spans {
		b.WriteString(s[from:f.at[p.from]])
		if p.kind == forged {
			b.WriteString("‹")
		} else {
			fmt.Fprintf(&b, "<%s_%d>", p.kind, m.learn(f.text, p))
		}
		from = f.at[p.to]
	}
	b.WriteString(s[from:])
	return b.String()
}

// Restore returns s, in which a model has used placeholders, as it may be said
// to the customer whose messages this mask was made for: numbers with their
// last digits, secrets not at all. A placeholder that was never given out says
// nothing either.
func (m *Mask) Restore(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		k := kind(strings.ToUpper(parts[1]))
		n, err := strconv.Atoi(parts[2])
		if err != nil || n < 1 || n > len(m.values[k]) {
			return hidden
		}
		value := m.values[k][n-1]
		if k != card && k != iban && k != id || len(value) < minShown {
			return hidden
		}
		return "•••• " + value[len(value)-shown:]
	})
}

// learn returns the number of a value, a new one for a value that is new.
func (m *Mask) learn(text string, p span) int {
	if p.kind == forged {
		return 0
	}
	if n, ok := m.numbers[name{p.kind, p.value}]; ok {
		return n
	}
	m.values[p.kind] = append(m.values[p.kind], p.value)
	n := len(m.values[p.kind])
	m.numbers[name{p.kind, p.value}] = n
	if p.kind == card || p.kind == iban {
		return n // known wherever they stand
	}
	for _, written := range []string{text[p.from:p.to], p.value, strings.TrimRight(p.value, "!?")} {
		known := name{p.kind, written}
		if _, ok := m.seen[known]; !ok && len(written) >= minKnown && len(m.known) < maxKnown {
			m.known = append(m.known, known)
			m.seen[known] = p.value
		}
	}
	return n
}

// again finds the known values where nothing says what they are.
func (m *Mask) again(text string) (spans []span) {
	for _, known := range m.known {
		for from := 0; ; {
			at := strings.Index(text[from:], known.value)
			if at < 0 {
				break
			}
			p := span{from + at, from + at + len(known.value), known.kind, m.seen[known]}
			if apart(text, p.from, p.to) {
				spans = append(spans, p)
			}
			from = p.to
		}
	}
	return spans
}

// settle sorts spans and makes one of those that overlap: the wider one, or what
// both cover together, as the one that is never said again.
func settle(text string, spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var settled []span
	for _, p := range spans {
		last := len(settled) - 1
		switch {
		case last < 0 || p.from >= settled[last].to:
			settled = append(settled, p)
		case p.to > settled[last].to:
			whole := span{from: settled[last].from, to: p.to, kind: password}
			whole.value = text[whole.from:whole.to]
			settled[last] = whole
		case settled[last].kind == forged:
			settled[last] = p
		}
	}
	return settled
}

// apart reports that text[from:to] is not a piece of a longer word or number.
func apart(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	first, _ := utf8.DecodeRuneInString(text[from:])
	last, _ := utf8.DecodeLastRuneInString(text[:to])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return (!wordly(before) || !wordly(first)) && (!wordly(last) || !wordly(after))
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// find returns everything in a folded text that has to go.
func find(text string) []span {
	spans := slices.Concat(keys(text), passwords(text))
	// The patterns of numbers are many and slow, most messages have no number.
	digits := digitsIn(text)
	if digits >= minDigits {
		spans = slices.Concat(spans, cards(text), ibans(text), ids(text))
	}
	if digits > 0 {
		spans = append(spans, codes(text)...)
	}
	if strings.Contains(text, "<") {
		for _, at := range likeness.FindAllStringIndex(text, -1) {
			spans = append(spans, span{from: at[0], to: at[0] + 1, kind: forged})
		}
	}
	return spans
}

func digitsIn(text string) (n int) {
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			n++
		}
	}
	return n
}
