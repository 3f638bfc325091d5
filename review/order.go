package review

import "slices"

// sameOrder reports whether two numbers of one unit, or the two words of a pair,
// stand in the order of the source: the first of two is never the second there.
func (r *reader) sameOrder(tokens []token, one *sourceSentence) bool {
	for i, a := range tokens {
		if !a.content {
			continue
		}
		for _, b := range tokens[i+1:] {
			if !b.content || a.root == b.root {
				continue
			}
			numbers := a.kind == number && b.kind == number && a.unit == b.unit
			if !numbers && !slices.Contains(r.pairs[a.root], b.root) {
				continue
			}
			first, second := one.at[a.root], one.at[b.root]
			if len(first) > 0 && len(second) > 0 && first[0] > second[len(second)-1] {
				return false
			}
		}
	}
	return true
}

// leads are the small words of English that say whose a verb is or where something goes.
var leads = map[string]string{
	"we": "we", "i": "we", "you": "you", "they": "they", "he": "they", "she": "they",
	"from": "from", "to": "to",
}

// leadOf returns the last of these between a word that means something and the
// one before, in its clause.
func leadOf(tokens []token, i int) string {
	for j := i - 1; j >= 0 && tokens[j].clause == tokens[i].clause && !tokens[j].content; j-- {
		if lead := leads[tokens[j].text]; lead != "" {
			return lead
		}
	}
	return ""
}

// sameLead reports whether nobody does what somebody else does in the source,
// and nothing goes to where it comes from.
func (r *reader) sameLead(tokens []token, one *sourceSentence) bool {
	if r.tongue != tongueOf("en") {
		return true
	}
	directs := func(lead string) bool { return lead == "from" || lead == "to" }
	for i, t := range tokens {
		if !t.content {
			continue
		}
		claimed := leadOf(tokens, i)
		if claimed == "" {
			continue
		}
		at := place(t, one)
		if len(at) > 0 && !slices.ContainsFunc(at, func(p int) bool {
			said := leadOf(one.tokens, p)
			return said == "" || said == "they" || said == claimed || directs(said) != directs(claimed)
		}) {
			return false
		}
	}
	return true
}

// transposed reports whether a claim is its source with words changed for one
// another: the same words from the same first to the same last in another order.
func transposed(tokens, source []token) bool {
	n := len(tokens)
	if n != len(source) || n == 0 || tokens[0].root != source[0].root || tokens[n-1].root != source[n-1].root {
		return false
	}
	for _, more := range surplusOf(tokens, source) {
		if more != 0 {
			return false
		}
	}
	return !slices.EqualFunc(tokens, source, func(t, o token) bool { return t.root == o.root })
}

// narrowReach is how many tokens behind a word such as "unused" the word may
// stand which it narrows.
const narrowReach = 3

// sameWidth reports whether a claim speaks of no more than its source does: what
// is said there of unused devices is not said of devices, unless the customer
// asks about unused ones.
func (d *draft) sameWidth(r *reader, tokens []token, one *sourceSentence) bool {
	for i, o := range one.tokens {
		if !r.is("narrowing", o.text) && !r.is("narrowing", o.root) || d.customers[o.root] || names(tokens, o.root) {
			continue
		}
		narrowed := nextContent(one.tokens, i, narrowReach)
		if narrowed != nil && names(tokens, narrowed.root) && len(one.at[narrowed.root]) == 1 {
			return false
		}
	}
	return true
}
