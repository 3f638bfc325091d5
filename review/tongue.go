package review

import (
	"embed"
	"strings"
	"sync"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/spanish"
	"golang.org/x/text/unicode/norm"
)

//go:embed words/*.txt
var wordFiles embed.FS

// defaultTongue reads what nobody named the language of.
const defaultTongue = "en"

// tongue is what the review knows of a language. A word stands in its maps as
// root returns it, in stop and the closed vocabularies as fold does.
type tongue struct {
	stem  func(*snowballstem.Env) bool
	words map[string]map[string]bool // by section
	// same maps a root to the one that stands for its group.
	same    map[string]string
	numbers map[string]string
	pairs   map[string][]string // roots and what contradicts them
	signs   map[string]string   // the sign of a unit, by its root
}

// tongues returns every language that the review can read, by its code.
var tongues = sync.OnceValue(func() map[string]*tongue {
	all := map[string]*tongue{}
	for code, stem := range map[string]func(*snowballstem.Env) bool{
		"en": english.Stem, "de": german.Stem, "fr": french.Stem, "es": spanish.Stem,
		"it": italian.Stem, "pt": portuguese.Stem, "nl": dutch.Stem,
	} {
		t := &tongue{stem: stem, words: map[string]map[string]bool{}, same: map[string]string{}, numbers: map[string]string{}, pairs: map[string][]string{}, signs: map[string]string{}}
		data, err := wordFiles.ReadFile("words/" + code + ".txt")
		if err != nil {
			panic(err) // the files are part of the program
		}
		t.read(string(data))
		for unit, sign := range map[string]string{"euro": "€", "dollar": "$", "usd": "$", "pound": "£", "gbp": "£", "percent": "%", "prozent": "%"} {
			t.signs[t.root(unit)] = sign
		}
		all[code] = t
	}
	return all
})

func tongueOf(code string) *tongue {
	if t := tongues()[code]; t != nil {
		return t
	}
	return tongues()[defaultTongue]
}

func (t *tongue) read(file string) {
	section := ""
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			section = name
			if t.words[section] == nil {
				t.words[section] = map[string]bool{}
			}
			continue
		}
		fields := strings.Fields(line)
		switch section {
		case "same":
			t.join(fields)
		case "pair":
			a, b := t.root(fold(fields[0])), t.root(fold(fields[1]))
			t.pairs[a] = append(t.pairs[a], b)
			t.pairs[b] = append(t.pairs[b], a)
		case "number":
			for _, f := range fields {
				word, value, _ := strings.Cut(f, "=")
				t.numbers[fold(word)] = value
			}
		default:
			for _, f := range fields {
				t.words[section][fold(f)] = true
			}
		}
	}
}

// join makes words stand for each other, with the groups they are already in.
func (t *tongue) join(words []string) {
	to := t.bare(fold(words[0]))
	if known, ok := t.same[to]; ok {
		to = known
	}
	for _, w := range words {
		root := t.bare(fold(w))
		before, ok := t.same[root]
		t.same[root] = to
		if !ok {
			continue
		}
		for k, v := range t.same {
			if v == before {
				t.same[k] = to
			}
		}
	}
}

// is reports whether a folded word stands in a section.
func (t *tongue) is(section, word string) bool { return t.words[section][word] }

// root returns what a folded word has in common with its other forms and with
// the words that mean the same.
func (t *tongue) root(word string) string {
	r := t.bare(word)
	if same, ok := t.same[r]; ok {
		r = same
	}
	return r
}

func (t *tongue) bare(word string) string {
	if strings.ContainsFunc(word, unicode.IsDigit) {
		return word
	}
	env := snowballstem.NewEnv(word)
	t.stem(env)
	return plain(env.Current())
}

// fold writes a word small and in one form of Unicode.
func fold(word string) string {
	ascii := true
	for i := range len(word) {
		if word[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(word)
	}
	return strings.ReplaceAll(strings.ToLower(norm.NFKC.String(word)), "ß", "ss")
}

// plain takes the marks off letters.
func plain(word string) string {
	if isASCII(word) {
		return word
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(word))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
