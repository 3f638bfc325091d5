package judge

import (
	"math/rand/v2"
	"slices"
)

// Example is a message with the escalation code it should have, or Nobody.
type Example struct {
	Words []string
	Code  string
}

const (
	rounds  = 60
	decay   = 1e-3 // how much weights shrink each time they are used, which keeps rare words small
	atLeast = 2    // examples that a feature stands in
)

// Train fits a model to examples. The same examples in the same order give the
// same model.
func Train(examples []Example) *Model {
	m := &Model{classes: []string{Nobody}, weights: map[string][]float64{}}
	count := map[string]int{}
	features := make([][]string, len(examples))
	for i, e := range examples {
		if !slices.Contains(m.classes, e.Code) {
			m.classes = append(m.classes, e.Code)
		}
		features[i] = Features(e.Words)
		for _, f := range features[i] {
			count[f]++
		}
	}
	slices.Sort(m.classes[1:])
	m.bias = make([]float64, len(m.classes))
	for f, n := range count {
		if n >= atLeast {
			m.weights[f] = make([]float64, len(m.classes))
		}
	}
	for i := range features {
		features[i] = m.known(features[i])
	}
	shuffled := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		speed := 0.5 / (1 + 0.2*float64(round))
		for _, i := range shuffled.Perm(len(examples)) {
			m.learn(features[i], slices.Index(m.classes, examples[i].Code), speed)
		}
	}
	return m
}

// learn moves the weights towards the right answer for one example.
func (m *Model) learn(features []string, right int, speed float64) {
	p := m.probabilities(features)
	p[right]--
	n := share(features)
	for c, g := range p {
		m.bias[c] -= speed * 0.1 * g
	}
	for _, f := range features {
		w := m.weights[f]
		for c, g := range p {
			w[c] = w[c]*(1-speed*decay) - speed*g*n
		}
	}
}
