// Package judge guesses from all the words of a message together whether a
// person has to answer it and why: a logistic regression over words and pairs
// of words. It knows nothing but the weights it was given, asks nobody, and
// never says which of the customer's words it went by.
package judge

import (
	"math"
	"slices"
	"strings"
)

// Nobody is the class of a message that needs no person.
const Nobody = "none"

// longest is how many words of a message are read.
const longest = 600

// Model holds the weights.
type Model struct {
	classes []string // the first is Nobody; the others are escalation codes
	bias    []float64
	weights map[string][]float64 // by feature, a weight for each class
}

// Verdict is what a model makes of a message.
type Verdict struct {
	Odds float64 // the logarithm of the odds that a person is needed: 0 is even, 2 is seven to one
	Code string  // the likeliest escalation code
}

// Judge weighs the words of a message, as Features takes them.
func (m *Model) Judge(words []string) Verdict {
	p := m.probabilities(m.known(Features(words)))
	best := 1
	for c := range p {
		if c > 0 && p[c] > p[best] {
			best = c
		}
	}
	return Verdict{Odds: math.Log((1 - p[0] + 1e-12) / (p[0] + 1e-12)), Code: m.classes[best]}
}

// known leaves out what has no weights.
func (m *Model) known(features []string) []string {
	return slices.DeleteFunc(features, func(f string) bool { return m.weights[f] == nil })
}

func (m *Model) probabilities(features []string) []float64 {
	sums := make([]float64, len(m.classes))
	for _, f := range features {
		for c, w := range m.weights[f] {
			sums[c] += w
		}
	}
	n := share(features)
	total := 0.0
	for c := range sums {
		sums[c] = math.Exp(m.bias[c] + n*sums[c])
		total += sums[c]
	}
	for c := range sums {
		sums[c] /= total
	}
	return sums
}

// share is what one feature counts: the more there are, the less.
func share(features []string) float64 { return 1 / math.Sqrt(float64(len(features)+1)) }

// Features returns what a model looks at: each word, each pair of neighbours,
// and each pair with one word between, sorted and without repetition. Words are
// lower case and without marks; ends of sentences and question marks count as
// words.
func Features(words []string) []string {
	stems := make([]string, 0, min(len(words), longest))
	for _, w := range words[:min(len(words), longest)] {
		stems = append(stems, stem(w))
	}
	out := slices.Clone(stems)
	for i := range stems {
		if i > 0 {
			out = append(out, stems[i-1]+"_"+stems[i])
		}
		if i > 1 {
			out = append(out, stems[i-2]+"~"+stems[i])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// endings are cut off, the longest that leaves four letters.
var endings = []string{"ing", "ed", "es", "en", "er", "s", "e"}

// stem makes the forms of a word one, roughly, and all numbers.
func stem(w string) string {
	if w[0] >= '0' && w[0] <= '9' {
		return "0"
	}
	for _, e := range endings {
		if s, ok := strings.CutSuffix(w, e); ok && len(s) >= 4 {
			return s
		}
	}
	return w
}
