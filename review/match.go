package review

import "slices"

// Thresholds of lexical support.
const (
	// minCoverage is the least share of a claim's weight that its place has.
	minCoverage = 0.7
	// nameWeight is what a name, a number or a link weighs against a word.
	nameWeight = 2.0
	// maxStep is how many tokens of a source may lie between two words that
	// stand side by side in a claim.
	maxStep = 7
	// nearlyVerbatim is the share of words in their order from which a sentence
	// counts as quoted.
	nearlyVerbatim = 0.85
)

// match says how well a claim is supported by one sentence of a source.
type match struct {
	support  float64
	fault    fault
	source   *source
	at       int
	verbatim float64
	missing  []token
}

func (m match) better(than match) bool {
	if (m.fault == faultNone) != (than.fault == faultNone) {
		return m.fault == faultNone
	}
	if m.support != than.support {
		return m.support > than.support
	}
	return m.verbatim > than.verbatim
}

// compare holds tokens against sentence i of s. Every word that means something
// must stand there or above it, in about the order in which it stands there.
func (r *reader) compare(tokens []token, s *source, i int) match {
	one := &s.sentences[i]
	m := match{source: s, at: i, fault: faultNone}
	var whole, covered float64
	var path []int
	inSentence, content := 0, 0
	for _, t := range tokens {
		if !t.content {
			continue
		}
		content++
		weight := 1.0
		if t.kind != word || t.upper && !t.first {
			weight = nameWeight
		}
		whole += weight
		switch at := place(t, one); {
		case at != nil:
			covered += weight
			inSentence++
			path = append(path, nearest(at, path))
		case t.kind == word && one.context[t.root]:
			covered += weight
		case t.kind == word && content <= 3 && i > 0 && one.refers && len(s.sentences[i-1].at[t.root]) > 0:
			covered += weight
		default:
			m.missing = append(m.missing, t)
		}
	}
	if whole == 0 || inSentence == 0 {
		m.fault, m.missing = faultWords, contentOf(tokens)
		return m
	}
	m.support = covered / whole
	m.verbatim = inOrder(tokens, one.tokens)
	exact := slices.ContainsFunc(m.missing, func(t token) bool { return t.kind != word || t.upper && !t.first }) ||
		!r.agrees(tokens, one)
	switch {
	case exact:
		m.fault = faultExact
	case len(m.missing) > 0 || m.support < minCoverage || inSentence*2 < content || broken(path):
		m.fault = faultWords
		if len(m.missing) == 0 { // the words are all there, in another order
			m.fault = faultExact
		}
	}
	if m.fault != faultNone {
		m.support = min(m.support, 0.99)
	}
	return m
}

// place returns where a token stands in a source, or nil.
func place(t token, one *sourceSentence) []int {
	var found []int
	for _, i := range one.at[t.root] {
		o := one.tokens[i]
		if t.kind == o.kind && (t.kind != number || sameQuantity(t, o)) {
			found = append(found, i)
		}
	}
	if t.kind == number && t.root == "1" && found == nil {
		for i, o := range one.tokens {
			if o.kind == word && o.unit == "1?" && i+1 < len(one.tokens) && one.tokens[i+1].root == t.unit {
				found = append(found, i)
			}
		}
	}
	return found
}

// sameQuantity reports whether two equal numbers count the same thing and mean
// the same limit.
func sameQuantity(claimed, source token) bool {
	if claimed.unit != "" && source.unit != "" && claimed.unit != source.unit {
		return false
	}
	return claimed.bound == source.bound ||
		claimed.bound == "" && (source.bound == "from" || source.bound == "within" || source.bound == "min") ||
		source.bound == "" && claimed.bound == "from"
}

// nearest returns which of the places of a word goes on best from the path.
func nearest(at, path []int) int {
	if len(path) == 0 {
		return at[0]
	}
	last := path[len(path)-1]
	for _, i := range at {
		if i > last {
			return i
		}
	}
	return at[len(at)-1]
}

// broken reports whether a path through a source jumps about too much to say
// what the source says.
func broken(path []int) bool {
	jumps := 0
	for i := 1; i < len(path); i++ {
		if path[i] < path[i-1] || path[i] > path[i-1]+maxStep {
			jumps++
		}
	}
	return jumps > max(1, (len(path)-1)/3)
}

// inOrder returns the share of a's words that stand in b in the same order.
func inOrder(a, b []token) float64 {
	if len(a) == 0 {
		return 0
	}
	row := make([]int, len(b)+1)
	for i := range a {
		before := 0
		for j := range b {
			kept := row[j+1]
			switch {
			case a[i].root == b[j].root:
				row[j+1] = before + 1
			case row[j] > row[j+1]:
				row[j+1] = row[j]
			}
			before = kept
		}
	}
	return float64(row[len(b)]) / float64(len(a))
}
