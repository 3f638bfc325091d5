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
// must stand there or above it, in about the order in which it stands there and
// no more often.
func (d *draft) compare(r *reader, tokens []token, s *source, i int) match {
	m, path := r.cover(tokens, s, i)
	if len(path) > 0 {
		d.judge(r, tokens, path, &m)
	}
	return m
}

// supports is compare for callers that want nothing but full support.
func (d *draft) supports(r *reader, tokens []token, s *source, i int) (match, bool) {
	m, path := r.cover(tokens, s, i)
	if len(path) == 0 || len(m.missing) > 0 {
		return m, false
	}
	d.judge(r, tokens, path, &m)
	return m, m.fault == faultNone
}

// cover finds the words of a claim in sentence i of s and above it. The path
// leads through those that stand in the sentence.
func (r *reader) cover(tokens []token, s *source, i int) (match, []int) {
	one := &s.sentences[i]
	m := match{source: s, at: i}
	var whole, covered float64
	var path []int
	for n, t := range tokens {
		if !t.content {
			continue
		}
		weight := 1.0
		if t.kind != word || t.upper && !t.first {
			weight = nameWeight
		}
		whole += weight
		at := place(t, one)
		switch {
		case at != nil:
			covered += weight
			path = append(path, nearest(at, path))
		case t.kind == word && r.stands(tokens, n, one.context):
			covered += weight
		case t.kind == word && len(path) == 0 && i > 0 && one.refers && len(s.sentences[i-1].at[t.root]) > 0 && !r.is("keep", t.text) && !r.is("sensitive", t.text):
			covered += weight
		default:
			m.missing = append(m.missing, t)
		}
	}
	if len(path) == 0 {
		m.fault, m.missing = faultWords, contentOf(tokens)
		return m, nil
	}
	m.support = covered / whole
	return m, path
}

// judge says whether a claim means what the sentence that covers it says.
func (d *draft) judge(r *reader, tokens []token, path []int, m *match) {
	one := &m.source.sentences[m.at]
	content := 0
	for _, t := range tokens {
		if t.content {
			content++
		}
	}
	m.verbatim = inOrder(tokens, one.tokens)
	switch {
	case slices.ContainsFunc(m.missing, func(t token) bool { return t.kind != word || t.upper && !t.first }),
		!r.agrees(tokens, one, m.verbatim), !d.onTopic(tokens, one), !d.sameWidth(r, tokens, one),
		// The words are all there and say something else.
		len(m.missing) == 0 && (broken(path) || one.leaps(path) || r.replaces(tokens, one)):
		m.fault = faultExact
	case len(m.missing) > 0, m.support < minCoverage, len(path)*5 < content*3, m.verbatim < minOrder(content):
		m.fault = faultWords
	}
	if m.fault != faultNone {
		m.support = min(m.support, 0.99)
	}
}

// stands reports whether word n of a claim stands above a sentence. What weighs
// heavily there, such as "free", counts only beside the word it stands beside.
func (r *reader) stands(tokens []token, n int, c above) bool {
	t := tokens[n]
	if !c.roots[t.root] || r.is("keep", t.text) {
		return false
	}
	if !r.is("sensitive", t.text) {
		return true
	}
	return n+1 < len(tokens) && c.phrases[[2]string{t.root, tokens[n+1].root}] ||
		n > 0 && c.phrases[[2]string{tokens[n-1].root, t.root}]
}

// onTopic reports whether a claim is about what its source is about: it, the
// customer, what stands above the source or the draft so far names the topic,
// and a topic of two words is not cut short.
func (d *draft) onTopic(tokens []token, one *sourceSentence) bool {
	named := func(t token) bool {
		return one.context.roots[t.root] || names(tokens, t.root)
	}
	said := func(t token) bool {
		if named(t) || d.customers[t.root] {
			return true
		}
		return slices.ContainsFunc(d.claims, func(c claim) bool {
			return !c.free && names(c.tokens, t.root)
		})
	}
	if slices.ContainsFunc(one.labels, func(t token) bool { return !said(t) }) {
		return false
	}
	switch len(one.topic) {
	case 0:
		return true
	case 2:
		if named(one.topic[1]) && !said(one.topic[0]) {
			return false
		}
		return said(one.topic[0]) || said(one.topic[1])
	}
	return said(one.topic[0])
}

// minOrder returns how much of a claim with so many words that mean something
// must stand in the order of its source: of a short one nearly all, since a few
// words are found anywhere.
func minOrder(content int) float64 {
	switch {
	case content < 2:
		return nearlyVerbatim
	case content < 4:
		return 0.6
	}
	return 0.4
}

// place returns where a token stands in a source, or nil.
func place(t token, one *sourceSentence) []int {
	all := one.at[t.root]
	found := all
	if slices.ContainsFunc(all, func(i int) bool { return !stand(t, one.tokens[i]) }) {
		found = nil
		for _, i := range all {
			if stand(t, one.tokens[i]) {
				found = append(found, i)
			}
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

// stand reports whether a token with the root of another stands for it. A name
// has no other words, and a stem may look like a word that means nothing.
func stand(t, o token) bool {
	switch {
	case t.kind != o.kind:
		return false
	case t.kind == number:
		return sameQuantity(t, o)
	case t.kind == link:
		return true
	}
	return (!t.upper || t.first || t.bare == o.bare) && (o.content || t.text == o.text)
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
	pairs := len(path) - 1
	if pairs < 4 {
		return jumps > 1
	}
	return jumps > pairs/2
}

// leaps reports whether a path goes into another clause over a second occurrence
// of a word it came by, or over another number of the same unit: then the two
// ends belong to different things, as in "Start has 3 users, Team no limit".
func (s *sourceSentence) leaps(path []int) bool {
	for n := 1; n < len(path); n++ {
		from, to := path[n-1], path[n]
		if to <= from+1 || s.tokens[to].clause == s.tokens[from].clause {
			continue
		}
		for i := from + 1; i < to; i++ {
			o := s.tokens[i]
			if slices.Contains(path, i) {
				continue
			}
			if n > 1 && o.kind == word && o.content && !s.quantifies[o.root] && slices.ContainsFunc(path[:n], func(p int) bool { return s.tokens[p].root == o.root }) {
				return true
			}
			if o.kind == number && s.tokens[to].kind == number && o.unit == s.tokens[to].unit {
				return true
			}
		}
	}
	return false
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
