package knowledge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Of a sentence that is compared with others, how many telling words it has at
// least: shorter ones say different things in the same words.
const minTelling = 4

// maxAlike is how many articles may share the words of a sentence before it
// counts as a phrase that each of them fills in for its own subject.
const maxAlike = 3

// statement is a sentence reduced to what it says.
type statement struct {
	article int
	text    string
	numbers []string // in order
	negated bool
}

// contradictions finds articles of one language that say the same sentence with
// other numbers, or once with and once without a negation. Only sentences that
// agree in every other telling word, whatever their order, are compared, so
// what it finds is worth reading; it does not find what is said in other words.
func contradictions(articles []article) []Mark {
	alike := map[string][]statement{}
	var order []string
	for i, a := range articles {
		seen := map[string]bool{}
		for _, c := range a.chunks {
			for block := range strings.SplitSeq(c.content, "\n\n") {
				if strings.HasPrefix(block, "#") || strings.HasPrefix(block, "```") {
					continue
				}
				for _, s := range sentences(block) {
					key, st, ok := reduce(s)
					// What overlaps between chunks, or stands twice in one article, counts once.
					if !ok || seen[key+st.text] {
						continue
					}
					seen[key+st.text] = true
					st.article = i
					key = a.language + " " + key
					if alike[key] == nil {
						order = append(order, key)
					}
					alike[key] = append(alike[key], st)
				}
			}
		}
	}
	var marks []Mark
	reported := map[[2]int]bool{}
	for _, key := range order {
		group := alike[key]
		if articlesIn(group) > maxAlike {
			continue
		}
		for i, one := range group {
			for _, other := range group[i+1:] {
				pair := [2]int{one.article, other.article}
				if one.article == other.article || reported[pair] || !one.contradicts(other) {
					continue
				}
				reported[pair] = true
				marks = append(marks, Mark{
					Kind: Contradiction, Slug: articles[one.article].slug, Other: articles[other.article].slug,
					Detail: fmt.Sprintf("%q against %q", excerpt(one.text), excerpt(other.text)),
				})
			}
		}
	}
	return marks
}

func articlesIn(group []statement) int {
	seen := map[int]bool{}
	for _, s := range group {
		seen[s.article] = true
	}
	return len(seen)
}

// contradicts reports whether two statements with the same telling words
// disagree, in one way and not in several.
func (s statement) contradicts(o statement) bool {
	if len(s.numbers) != len(o.numbers) {
		return false
	}
	return (s.negated != o.negated) != !slices.Equal(s.numbers, o.numbers)
}

var (
	word       = regexp.MustCompile(`[\p{L}\p{N}]+(?:[.,:'’-][\p{L}\p{N}]+)*|[%€$£]`)
	linkTarget = regexp.MustCompile(`\]\([^)]*\)`)
	numeral    = regexp.MustCompile(`^\p{N}`)
)

// reduce returns the telling words of a sentence, in alphabetical order, as
// the key under which others like it are found.
func reduce(s string) (key string, st statement, ok bool) {
	st.text = s
	var telling []string
	for _, w := range word.FindAllString(linkTarget.ReplaceAllString(strings.ToLower(s), "]"), -1) {
		w = strings.ReplaceAll(w, "’", "'")
		switch n, isNumber := number(w); {
		case isNumber:
			st.numbers = append(st.numbers, n)
			telling = append(telling, "#")
		case negation(w):
			st.negated = !st.negated
		case empty(w):
		default:
			telling = append(telling, stem(w))
		}
	}
	slices.Sort(telling)
	if len(telling)-len(st.numbers) < minTelling {
		return "", st, false
	}
	return strings.Join(telling, " "), st, true
}

// number returns a number in one spelling, from digits or a small number word.
func number(w string) (string, bool) {
	if numeral.MatchString(w) {
		// 1,000 and 1.000 are the same, 1.5 and 1.500 are not told apart: rather
		// find nothing than something wrong.
		return strings.TrimRightFunc(strings.NewReplacer(",", "", ".", "", "-", "").Replace(w), unicode.IsLetter), true
	}
	for i, names := range [][]string{
		{"one", "eins"},
		{"two", "zwei"},
		{"three", "drei"},
		{"four", "vier"},
		{"five", "fünf"},
		{"six", "sechs"},
		{"seven", "sieben"},
		{"eight", "acht"},
		{"nine", "neun"},
		{"ten", "zehn"},
		{"eleven", "elf"},
		{"twelve", "zwölf"},
	} {
		if slices.Contains(names, w) {
			return fmt.Sprint(i + 1), true
		}
	}
	return "", false
}

// negation reports whether a word turns a sentence round.
func negation(w string) bool {
	switch w {
	case "not", "no", "never", "cannot", "can't", "don't", "doesn't", "won't", "isn't", "aren't", "without", "nicht", "kein", "keine", "keinen", "keiner", "nie", "niemals", "ohne":
		return true
	}
	return false
}

// empty reports whether a word says nothing by itself. Words for what may, must
// or can be are not among them: they are what people argue about.
func empty(w string) bool {
	switch w {
	case "a", "an", "the", "of", "in", "on", "at", "to", "for", "by", "with", "from", "and", "or", "is", "are", "be", "been", "was", "were",
		"do", "does", "it", "its", "this", "that", "these", "those", "you", "your", "we", "our", "us", "they", "their", "as", "also", "any", "all",
		"will", "can", "ca", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "und", "oder", "ist", "sind", "wird", "werden",
		"in's", "im", "am", "zu", "zum", "zur", "von", "vom", "für", "mit", "auf", "an's", "sie", "ihr", "ihre", "ihren", "wir", "unser", "unsere", "es", "auch", "kann", "können":
		return true
	}
	return false
}

// stem takes off the endings by which one word differs in two sentences.
func stem(w string) string {
	for _, ending := range []string{"'s", "ing", "ed", "es", "en", "s", "e"} {
		if rest, ok := strings.CutSuffix(w, ending); ok && len(rest) >= 3 {
			return rest
		}
	}
	return w
}
