package review

import "slices"

// replaces reports whether a claim whose words all have a place puts one of them
// where its source has another, repeats what the source says once, or cuts a
// name or a time short: "the old batteries" for the new ones, "Firn Hub" for "Firn Hub
// LTE", "days" for working days.
func (r *reader) replaces(tokens []token, one *sourceSentence) bool {
	surplus := surplusOf(tokens, one.tokens)
	claimed := func(o token) bool { return names(tokens, o.root) }
	for i := 1; i < len(one.tokens); i++ {
		name, before := one.tokens[i], one.tokens[i-1]
		if !name.beside || !name.content || !before.content {
			continue
		}
		if name.upper && before.upper && claimed(before) && !claimed(name) {
			return true
		}
		if r.is("time", name.text) && before.kind == word && claimed(name) && !claimed(before) {
			return true
		}
	}
	for _, g := range gaps(tokens, one.tokens) {
		skipped := slices.ContainsFunc(g.source, func(o token) bool { return o.content && surplus[o.root] < 0 })
		refers := slices.ContainsFunc(g.source, func(o token) bool { return !o.content && r.is("anaphora", o.text) })
		for _, t := range g.claim {
			if !t.content || surplus[t.root] <= 0 {
				continue
			}
			repeated := len(one.at[t.root]) > 0
			named := g.leads && one.context.roots[t.root] // "To export readings, open Export"
			switch {
			case skipped && (repeated || !one.cell || t.upper), t.kind != word, r.is("keep", t.text), r.is("sensitive", t.text) && repeated:
				return true
			case repeated && !refers && !named:
				return true
			}
		}
	}
	return false
}

// gap is what a claim and its source have between two words that they share.
type gap struct {
	claim, source []token
	leads         bool // it is how the claim begins
}

// gaps aligns two sentences by the longest run of words they share in order.
func gaps(a, b []token) []gap {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i, one := range slices.Backward(a) {
		for j, other := range slices.Backward(b) {
			if one.root == other.root {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var all []gap
	i, j := 0, 0
	fromA, fromB := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].root == b[j].root:
			if i > fromA {
				all = append(all, gap{a[fromA:i], b[fromB:j], fromA == 0})
			}
			i, j = i+1, j+1
			fromA, fromB = i, j
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	if fromA < len(a) {
		all = append(all, gap{a[fromA:], b[fromB:], fromA == 0})
	}
	return all
}
