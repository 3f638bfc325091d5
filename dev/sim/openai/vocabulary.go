package openai

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// vocabulary knows the words of all passages and in how many each stands.
type vocabulary struct {
	passages int
	in       map[string]int
	words    []string
}

func newVocabulary(passages []passage) vocabulary {
	v := vocabulary{passages: len(passages), in: map[string]int{}}
	for _, p := range passages {
		for term := range p.own {
			v.in[term]++
		}
		for term := range p.section {
			v.in[term] = max(v.in[term], 1)
		}
		for term := range p.title {
			v.in[term] = max(v.in[term], 1)
		}
	}
	v.words = slices.Sorted(maps.Keys(v.in))
	return v
}

// has reports whether the word or one like it is known.
func (v vocabulary) has(term string) bool {
	return v.in[term] > 0 || slices.ContainsFunc(synonyms()[term], func(other string) bool { return v.in[other] > 0 })
}

// rarity is the weight of a word: a rare one tells passages apart, but one that
// stands everywhere is still what the message is about. An unknown word weighs as much as a rather rare one.
func (v vocabulary) rarity(term string) float64 {
	n := v.in[term]
	for _, other := range synonyms()[term] {
		n = max(n, v.in[other])
	}
	if n == 0 {
		n = 1
	}
	return 1 + math.Log(1+float64(v.passages+1)/(float64(n)+0.5))
}

// correct returns the known word that an unknown one was probably meant to be:
// one typing error away, or beginning alike for most of its length.
func (v vocabulary) correct(term string) string {
	if v.has(term) || code(term) {
		return term
	}
	runes := []rune(term)
	best, longest := term, 0
	for _, word := range v.words {
		other := []rune(word)
		if len(runes) >= 5 && len(other) >= 5 && near(runes, other) {
			return word
		}
		if n := prefix(runes, other); n >= 5 && n*4 >= 3*min(len(runes), len(other)) && n > longest && !strings.ContainsAny(word, "0123456789") {
			best, longest = word, n
		}
	}
	return best
}

func prefix(a, b []rune) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// near reports whether one insertion, deletion, substitution or swap of
// neighbours makes b of a.
func near(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	n := prefix(a, b)
	restA, restB := a[n:], b[n:]
	if len(a) < len(b) {
		return slices.Equal(restA, restB[1:])
	}
	if len(restA) == 0 || slices.Equal(restA[1:], restB[1:]) {
		return true
	}
	return len(restA) > 1 && restA[0] == restB[1] && restA[1] == restB[0] && slices.Equal(restA[2:], restB[2:])
}
