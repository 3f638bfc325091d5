package language

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed words.txt
var wordList string

// languagesOf returns, for each word of words.txt, the languages it is a word of.
var languagesOf = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(wordList) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		for _, w := range f[1:] {
			if w = fold(w); !slices.Contains(out[w], f[0]) {
				out[w] = append(out[w], f[0])
			}
		}
	}
	return out
})

// letters are those by which a language gives itself away, with the languages
// that have them.
var letters = map[rune][]string{
	'ß': {"de"}, 'ä': {"de", "sv", "fi"}, 'ö': {"de", "sv", "fi", "tr", "hu"}, 'ü': {"de", "tr", "hu"},
	'ñ': {"es"}, 'ã': {"pt"}, 'õ': {"pt"}, 'ç': {"fr", "pt", "tr", "ca"},
	'ê': {"fr", "pt"}, 'è': {"fr", "it", "ca"}, 'ù': {"fr", "it"}, 'ò': {"it", "ca"}, 'ì': {"it"}, 'à': {"fr", "it", "pt", "ca"},
	'â': {"fr", "pt", "ro"}, 'î': {"fr", "ro"}, 'û': {"fr"}, 'ô': {"fr", "pt"}, 'œ': {"fr"}, 'é': {"fr", "es", "pt", "hu", "ca"},
	'ł': {"pl"}, 'ż': {"pl"}, 'ź': {"pl"}, 'ś': {"pl"}, 'ą': {"pl"}, 'ę': {"pl"}, 'ć': {"pl", "hr"}, 'ń': {"pl"},
	'å': {"sv", "da", "no"}, 'ø': {"da", "no"}, 'æ': {"da", "no"},
	'ğ': {"tr"}, 'ş': {"tr", "ro"}, 'ı': {"tr"}, 'ț': {"ro"}, 'ă': {"ro", "vi"}, 'đ': {"vi", "hr"}, 'ơ': {"vi"}, 'ư': {"vi"},
	'ř': {"cs"}, 'ě': {"cs"}, 'ů': {"cs"}, 'ő': {"hu"}, 'ű': {"hu"},
	'ы': {"ru"}, 'э': {"ru"}, 'ё': {"ru"}, 'і': {"uk"}, 'ї': {"uk"}, 'є': {"uk"}, 'ґ': {"uk"},
	'ј': {"sr"}, 'ђ': {"sr"}, 'ћ': {"sr"}, 'љ': {"sr"}, 'њ': {"sr"},
}

// tally is how much speaks for each language, in words.
type tally map[string]float64

func (t tally) add(codes []string, n float64) {
	for _, c := range codes {
		t[c] += n / float64(len(codes))
	}
}

// best returns the two languages most speaks for; empty where nothing does.
func (t tally) best() (first, second string) {
	codes := make([]string, 0, len(t)+2)
	for c := range t {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(cmp.Compare(t[b], t[a]), cmp.Compare(a, b)) })
	codes = append(codes, "", "")
	return codes[0], codes[1]
}

// evidence weighs the words and letters of a sentence. A word said again says
// nothing new.
func (s sentence) evidence() tally {
	t, known, seen := tally{}, languagesOf(), map[string]bool{}
	for i, w := range s.words {
		if seen[w] {
			continue
		}
		seen[w] = true
		t.add(known[w], 1)
		for _, r := range s.raw[i] {
			t.add(letters[r], 0.7)
		}
	}
	return t
}

const (
	// certainFrom is how many words of its own a language needs in a sentence,
	// certainOver how many times as many as the next one has.
	certainFrom = 1.6
	certainOver = 1.5
	// certainWords is how many words a sentence of a shared script needs.
	certainWords = 3
)

// certain returns the words of a sentence by language, as far as that is beyond
// doubt; empty when it is not.
func (s sentence) certain() map[string]float64 {
	out := map[string]float64{}
	for code, n := range s.scripts {
		out[code] = float64(n) / lettersPerWord(code)
	}
	t := s.evidence()
	first, second := t.best()
	if len(s.words) >= certainWords && t[first] >= certainFrom && t[first] >= certainOver*t[second] {
		out[first] = float64(len(s.words))
	}
	return out
}

// guessWhole judges by all sentences together what none of them tells alone.
func guessWhole(sentences []sentence) Guess {
	var all sentence
	for _, s := range sentences {
		all.words = append(all.words, s.words...)
		all.raw = append(all.raw, s.raw...)
	}
	if len(all.words) == 0 {
		return Guess{}
	}
	t := all.evidence()
	first, second := t.best()
	beyondDoubt := t[first] >= certainFrom && t[first] >= certainOver*t[second] && len(all.words) >= certainWords
	return Guess{Code: first, Sure: beyondDoubt}
}
