package review

import "slices"

// agrees reports whether a claim denies what its source denies, restricts what
// it restricts, and turns nothing into its opposite.
func (r *reader) agrees(tokens []token, one *sourceSentence, verbatim float64) bool {
	if verbatim >= nearlyVerbatim && !r.sameTurns(tokens, one) {
		return false
	}
	return r.sameNegation(tokens, one) && r.sameRestriction(tokens, one) && r.noOpposite(tokens, one) && r.sameForce(tokens, one) && r.sameOrder(tokens, one) && !transposed(tokens, one.tokens) && r.sameLead(tokens, one) && r.sameCondition(tokens, one)
}

// sameNegation compares clause by clause: what a claim states must stand in a
// clause that states it too, and what it denies in one that denies it.
func (r *reader) sameNegation(tokens []token, one *sourceSentence) bool {
	counts, total := map[int]int{}, 0
	for _, t := range tokens {
		if t.negates {
			counts[t.clause]++
			total++
		}
	}
	if one.cell && len(one.negations) == 1 { // a label and its value, parted by a colon or not
		return total == one.negations[0]
	}
	for i, t := range tokens {
		if t.negates {
			if !r.deniedInSource(tokens, i, counts[t.clause], one) {
				return false
			}
			continue
		}
		if !t.content || counts[t.clause] > 0 {
			continue
		}
		at := place(t, one)
		if len(at) > 0 && !slices.ContainsFunc(at, func(p int) bool { return one.negations[one.tokens[p].clause] == 0 }) {
			return false
		}
	}
	return true
}

// deniedInSource reports whether what a negating word belongs to, the next word
// of its clause that means something or else the last, is denied in the source
// as often.
func (r *reader) deniedInSource(tokens []token, i, times int, one *sourceSentence) bool {
	denied := belongsTo(tokens, i)
	if denied == nil {
		return slices.ContainsFunc(one.negations, func(n int) bool { return n > 0 })
	}
	at := place(*denied, one)
	return slices.ContainsFunc(at, func(p int) bool { return one.negations[one.tokens[p].clause] == times })
}

// sameRestriction reports whether "only" and its like stand in both or in
// neither.
func (r *reader) sameRestriction(tokens []token, one *sourceSentence) bool {
	restricts := func(t token) bool { return r.is("restriction", t.text) }
	claimed := slices.ContainsFunc(tokens, restricts)
	if claimed {
		return slices.ContainsFunc(one.tokens, restricts)
	}
	// A source that restricts one clause leaves the others free.
	for _, o := range one.tokens {
		if !restricts(o) {
			continue
		}
		for _, t := range tokens {
			if t.content && slices.ContainsFunc(place(t, one), func(p int) bool { return one.tokens[p].clause == o.clause }) {
				return false
			}
		}
	}
	return true
}

// noOpposite reports whether the claim has no word of a pair in the place of the
// other.
func (r *reader) noOpposite(tokens []token, one *sourceSentence) bool {
	count := func(root string) int {
		n := 0
		for _, t := range tokens {
			if t.root == root {
				n++
			}
		}
		return n
	}
	for _, t := range tokens {
		if len(r.pairs[t.root]) == 0 || count(t.root) <= len(one.at[t.root]) {
			continue
		}
		for _, opposite := range r.pairs[t.root] {
			if len(one.at[opposite]) > count(opposite) {
				return false
			}
		}
	}
	return true
}

// turns are the kinds of words that turn what a sentence says.
var turns = []string{"negation", "restriction"}

// sameTurns reports whether a sentence that is all but quoted has as many of
// these words as the part it quotes.
func (r *reader) sameTurns(tokens []token, one *sourceSentence) bool {
	from, to := len(one.tokens), 0
	for _, t := range tokens {
		if at := one.at[t.root]; len(at) > 0 {
			from = min(from, at[0])
			break
		}
	}
	for _, t := range slices.Backward(tokens) {
		if at := one.at[t.root]; len(at) > 0 {
			to = at[len(at)-1] + 1
			break
		}
	}
	if from >= to {
		return true
	}
	for _, kind := range turns {
		count := func(all []token) int {
			n := 0
			for _, t := range all {
				if r.is(kind, t.text) {
					n++
				}
			}
			return n
		}
		if count(tokens) != count(one.tokens[from:to]) {
			return false
		}
	}
	return true
}

// sameForce reports whether the claim demands only what its source demands, and
// allows only what it allows.
func (r *reader) sameForce(tokens []token, one *sourceSentence) bool {
	says := func(section string, all []token) bool {
		return slices.ContainsFunc(all, func(t token) bool { return r.is(section, t.text) })
	}
	for _, kind := range [][2]string{{"obligation", "permission"}, {"permission", "obligation"}} {
		if says(kind[0], tokens) && !says(kind[0], one.tokens) && says(kind[1], one.tokens) {
			return false
		}
		for i, t := range tokens {
			if !r.is(kind[0], t.text) {
				continue
			}
			meant := belongsTo(tokens, i)
			if meant == nil {
				continue
			}
			clause := func(p int) []token { return one.clause(one.tokens[p].clause) }
			at := place(*meant, one)
			if len(at) > 0 && !slices.ContainsFunc(at, func(p int) bool {
				return says(kind[0], clause(p)) || !says(kind[1], clause(p))
			}) {
				return false
			}
		}
	}
	return true
}

// belongsTo returns the word that a negation, "must" or "can" belongs to: the
// next of its clause that means something, or else the last.
func belongsTo(tokens []token, i int) *token {
	if next := nextContent(tokens, i, len(tokens)); next != nil {
		return next
	}
	for j := i - 1; j >= 0 && tokens[j].clause == tokens[i].clause; j-- {
		if tokens[j].content {
			return &tokens[j]
		}
	}
	return nil
}

// nextContent returns the word that means something next behind a token, in its
// clause and within so many tokens.
func nextContent(tokens []token, i, reach int) *token {
	for j := i + 1; j < len(tokens) && j <= i+reach && tokens[j].clause == tokens[i].clause; j++ {
		if tokens[j].content {
			return &tokens[j]
		}
	}
	return nil
}

// clause returns the tokens of one clause.
func (s *sourceSentence) clause(n int) []token {
	from := slices.IndexFunc(s.tokens, func(t token) bool { return t.clause == n })
	to := from
	for to < len(s.tokens) && s.tokens[to].clause == n {
		to++
	}
	return s.tokens[from:to]
}

// sameCondition reports whether a claim states none of what its source only
// supposes: what stands in an "if" clause alone.
func (r *reader) sameCondition(tokens []token, one *sourceSentence) bool {
	conditional := func(t token) bool { return r.is("condition", t.text) && t.kind == word }
	if slices.ContainsFunc(tokens, conditional) {
		return true
	}
	supposed := map[int]bool{}
	for _, o := range one.tokens {
		if conditional(o) {
			supposed[o.clause] = true
		}
	}
	if len(supposed) == 0 {
		return true
	}
	for _, t := range tokens {
		if at := place(t, one); t.content && len(at) > 0 && !slices.ContainsFunc(at, func(p int) bool { return !supposed[one.tokens[p].clause] }) {
			return false
		}
	}
	return true
}
