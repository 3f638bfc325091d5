package review

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	word   tokenKind = iota
	number           // with its unit, if a sign is one
	link             // a link, an address or a name of a host, exactly as written
)

// token is a word, a number or a link of a sentence.
type token struct {
	kind   tokenKind
	text   string // folded
	root   string // of a word; the normal form of a number; the link itself
	bare   string // the root without words of the same meaning
	clause int    // which part of the sentence it stands in, from 0
	// upper says that it begins with a capital letter, first that it begins the
	// sentence.
	upper, first bool
	// content says that it must be found in a source.
	content bool
	negates bool
	// beside says that nothing but white space parts it from the token before.
	beside bool
	// unit is what a number counts: a sign beside it or the next word's root.
	unit string
	// bound is what is said of a number's limit: "max", "min", "more", "less",
	// "before", "after", "from", or nothing.
	bound string
}

// oneWay writes in one way what is written in several.
var oneWay = strings.NewReplacer("’", "'", "‘", "'", "\u00a0", " ", "\u202f", " ", " at once", " immediately")

// reader turns text of one language into sentences.
type reader struct {
	*tongue
	roots map[string]string
	bares map[string]string
}

func newReader(t *tongue) *reader {
	return &reader{tongue: t, roots: map[string]string{}, bares: map[string]string{}}
}

func (r *reader) rootOf(folded string) string {
	if root, ok := r.roots[folded]; ok {
		return root
	}
	root := r.bareOf(folded)
	if same, ok := r.same[root]; ok {
		root = same
	}
	r.roots[folded] = root
	return root
}

func (r *reader) bareOf(folded string) string {
	if b, ok := r.bares[folded]; ok {
		return b
	}
	b := r.bare(folded)
	r.bares[folded] = b
	return b
}

// tokens reads one sentence.
func (r *reader) tokens(text string) []token {
	text = oneWay.Replace(text)
	all := make([]token, 0, len(text)/6+1)
	clause, end := 0, 0
	fresh := true // nothing but marks since the clause began
	code := false // the last token is a code that goes on, such as 2FA or 12th
	scan(text, func(from, to int, kind tokenKind, mark bool) {
		raw, before := text[from:to], len(all)
		switch {
		case mark:
			if strings.Contains(clauseMarks, raw) && !fresh {
				clause++
				fresh = true
			}
			return
		case code && from == end:
			last := &all[len(all)-1]
			*last = r.word(last.text+fold(raw), last.clause, last.upper, last.first)
			end = to
			return
		case kind == link:
			raw = trimLink(raw)
			all = append(all, token{kind: link, text: raw, root: raw, clause: clause, content: true, first: len(all) == 0})
		case kind == number && !startsWord(text[to:]):
			if strings.ContainsAny(raw[:1], "-+") || strings.HasPrefix(raw, "−") || strings.HasPrefix(raw, "–") {
				if partOfWord(text[:from]) {
					raw = strings.TrimLeft(raw, numberSigns) // the dash of a range
				}
			}
			value, unit := normalNumber(raw)
			all = append(all, token{kind: number, text: raw, root: value, unit: unit, clause: clause, content: true, first: len(all) == 0})
		default:
			first, _ := utf8.DecodeRuneInString(raw)
			for _, w := range expand(fold(raw)) {
				if !fresh && r.is("clause", w) {
					clause++
				}
				all = append(all, r.word(w, clause, unicode.IsUpper(first), len(all) == 0))
			}
		}
		if before > 0 && len(all) > before {
			all[before].beside = strings.TrimSpace(text[end:from]) == ""
		}
		code = kind == number && all[len(all)-1].kind == word
		fresh, end = false, to
	})
	r.count(all)
	return all
}

func (r *reader) word(folded string, clause int, upper, first bool) token {
	t := token{
		kind: word, text: folded, root: r.rootOf(folded), bare: r.bareOf(folded), clause: clause, upper: upper, first: first,
		negates: r.is("negation", folded),
	}
	switch {
	case r.is("keep", folded):
		t.content = !t.negates
	case r.is("stop", folded), t.negates, r.is("soft", folded):
	case len(folded) == 1 && !upper && !strings.ContainsAny(folded, "0123456789"):
	default:
		t.content = true
	}
	return t
}

// count makes numbers of number words, and finds for each number what it counts
// and which limit it is.
func (r *reader) count(all []token) {
	for i := range all {
		t := &all[i]
		if t.kind == word {
			value, ok := r.numbers[t.text]
			if !ok {
				continue
			}
			if soft, isSoft := strings.CutSuffix(value, "?"); isSoft {
				t.unit = soft + "?"
				continue
			}
			if strings.HasSuffix(value, "x") && (i == 0 || all[i-1].clause != t.clause) {
				continue // "once that is done"
			}
			if t.text == "one" && !r.countsSomething(all, i) {
				continue
			}
			t.kind, t.root, t.content = number, value, true
		}
	}
	for i := range all {
		t := &all[i]
		if i > 0 && (t.text == "first" || t.text == "next" || t.text == "last") && all[i-1].clause == t.clause && !all[i-1].content && all[i-1].text != "and" {
			t.content = true // "the first Tuesday", not "first, open"
		}
		if t.kind != number {
			continue
		}
		for j := i + 1; j < len(all) && j <= i+5 && t.unit == ""; j++ {
			switch next := all[j]; {
			case next.kind == number:
				if next.unit != "" && !strings.ContainsAny(next.unit, "€$£¥") {
					t.unit = next.unit
				}
			case next.kind == word && next.content && next.clause == t.clause, next.kind == word && next.content && all[j-1].kind == number:
				t.unit = r.sign(next.root)
			case next.clause > t.clause+2:
				j = len(all)
			}
		}
		t.bound = r.boundOf(all, i)
	}
}

// sign writes a unit that has a sign of its own as that sign.
func (r *reader) sign(unit string) string {
	if sign, ok := r.signs[unit]; ok {
		return sign
	}
	return unit
}

// countsSomething reports whether the word behind i can be counted.
func (r *reader) countsSomething(all []token, i int) bool {
	return i+1 < len(all) && all[i+1].kind == word && all[i+1].clause == all[i].clause && all[i+1].content
}

// bounds maps the words right before a number to the limit they make of it.
var bounds = map[string]string{
	"up to": "max", "at most": "max", "maximum": "max", "not more than": "max", "no more than": "max", "maximal": "max", "hochstens": "max", "bis zu": "max",
	"at least": "min", "minimum": "min", "no less than": "min", "not less than": "min", "mindestens": "min",
	"more than": "more", "over": "more", "above": "more", "beyond": "more", "exceeding": "more", "exceeds": "more", "longer than": "more", "larger than": "more", "higher than": "more", "mehr als": "more", "uber": "more", "older than": "more",
	"less than": "less", "below": "less", "under": "less", "fewer than": "less", "shorter than": "less", "smaller than": "less", "lower than": "less", "weniger als": "less", "unter": "less",
	"before": "before", "vor": "before", "after": "after", "nach": "after", "until": "until", "till": "until", "bis": "until",
	"within": "within", "innerhalb": "within", "innerhalb von": "within", "from": "from", "ab": "from", "since": "from", "seit": "from",
	"every": "every", "each": "every", "alle": "every",
}

func (r *reader) boundOf(all []token, i int) string {
	var before []string
	for j := i - 1; j >= 0 && j >= i-5; j-- {
		t := all[j]
		if t.kind == number { // a list: before 3, 7 and 10 days
			continue
		}
		if approximate(t.text) || t.text == "and" || t.text == "und" || t.text == "or" || t.text == "the" || t.text == "a" {
			continue
		}
		before = append([]string{plain(t.text)}, before...)
		if len(before) == 3 {
			break
		}
	}
	for n := len(before); n > 0; n-- {
		if b, ok := bounds[strings.Join(before[len(before)-n:], " ")]; ok {
			return b
		}
	}
	return ""
}

func approximate(w string) bool {
	switch w {
	case "about", "approximately", "around", "roughly", "circa", "ca", "etwa", "rund", "ungefähr", "environ", "unos", "circa.":
		return true
	}
	return false
}

var grouped = regexp.MustCompile(`^\d{1,3}(?:[.,]\d{3})+$`)

// normalNumber writes a number in one way, whatever separates its thousands.
func normalNumber(raw string) (value, unit string) {
	raw = strings.Join(strings.Fields(raw), "")
	for _, sign := range []string{"€", "$", "£", "¥", "%", "‰"} {
		if strings.Contains(raw, sign) {
			raw, unit = strings.ReplaceAll(raw, sign, ""), sign
		}
	}
	if before, degree, ok := strings.Cut(raw, "°"); ok {
		raw, unit = before, "°"+strings.ToUpper(degree)
	}
	raw = strings.NewReplacer("−", "-", "–", "-").Replace(raw)
	if grouped.MatchString(raw) {
		raw = strings.NewReplacer(".", "", ",", "").Replace(raw)
	}
	raw = strings.ReplaceAll(raw, ",", ".")
	if head, zeros, ok := strings.Cut(raw, "."); ok && unit != "" && strings.Trim(zeros, "0") == "" {
		raw = head // €19.00 is €19
	}
	return strings.TrimPrefix(raw, "+"), unit
}

// expand undoes contractions.
func expand(w string) []string {
	w = strings.ReplaceAll(w, "’", "'")
	switch w {
	case "cannot":
		return []string{"can", "not"}
	case "can't":
		return []string{"can", "not"}
	case "won't":
		return []string{"will", "not"}
	case "e-mail":
		return []string{"email"}
	}
	head, tail, ok := strings.Cut(w, "'")
	if !ok {
		return []string{w}
	}
	switch tail {
	case "t":
		return []string{strings.TrimSuffix(head, "n"), "not"}
	case "s":
		if head == "it" || head == "that" || head == "there" || head == "here" || head == "what" {
			return []string{head, "is"}
		}
		return []string{head}
	case "ll":
		return []string{head, "will"}
	case "re":
		return []string{head, "are"}
	case "ve":
		return []string{head, "have"}
	case "d":
		return []string{head, "would"}
	case "m":
		return []string{head, "am"}
	case "":
		return []string{head}
	}
	return []string{head, tail}
}
