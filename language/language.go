// Package language tells in which natural language a text is written. It knows
// nothing of customers or knowledge, and never claims to be sure of a language
// for want of a better one: an unknown language is an answer like any other.
package language

import (
	"cmp"
	"slices"
)

// Guess is what is known about the language of a text.
type Guess struct {
	// Code is the language of most of its words (ISO 639-1); empty when there
	// is nothing to tell it from: numbers, emoji, code, a product's name.
	Code string `json:"code,omitempty"`
	// Sure is false when a short text could as well be of another language.
	Sure bool `json:"sure"`
	// Mixed is true when a part worth mentioning is in another language.
	Mixed bool `json:"mixed,omitempty"`
}

const (
	// enough is how much of a text is looked at, in characters: a language
	// does not change after that many, and a customer's message has fewer.
	enough = 6000
	// mixedFrom is the share of the words from which a second language counts.
	mixedFrom = 0.25
)

// Detect tells the language of a text. Links, addresses and code are left out
// first. The same text always gives the same guess.
func Detect(text string) Guess {
	sentences := prose(text)
	words := map[string]float64{} // by language, in the sentences of which it is certain
	var all, sure float64
	for _, s := range sentences {
		all += s.weight()
		for code, n := range s.certain() {
			words[code] += n
			sure += n
		}
	}
	if sure == 0 || sure < all/4 {
		return guessWhole(sentences)
	}
	codes := make([]string, 0, len(words))
	for code := range words {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int {
		return cmp.Or(cmp.Compare(words[b], words[a]), cmp.Compare(a, b))
	})
	g := Guess{Code: codes[0], Sure: words[codes[0]] >= sure/2}
	g.Mixed = len(codes) > 1 && words[codes[1]] >= mixedFrom*sure
	return g
}
