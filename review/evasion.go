package review

import (
	"regexp"
	"slices"
	"strings"
)

const (
	// minParrot is how many words that mean something a question has at least
	// before it can be the customer's own, said back.
	minParrot = 2
	// parroted is the share of its words, in their order, from which it is.
	parroted = 0.85
	// maxScrap is how many words without a full stop are no answer.
	maxScrap = 5
)

// evades reports a draft that gives whoever asked nothing: no statement, no
// question of its own and no admission that the answer is not known. Thanks
// alone are such a draft, and so is the customer's question said back.
func (d *draft) evades() bool {
	if len(d.claims) == 0 || !slices.ContainsFunc(d.Customer, func(s string) bool { return strings.ContainsAny(s, "?？؟") }) {
		return false
	}
	return !slices.ContainsFunc(d.claims, func(c claim) bool {
		return !c.free || d.asks(c) || unknowing.MatchString(strings.ReplaceAll(c.text, "’", "'"))
	})
}

// whole finds the end of a sentence, in any script.
var whole = regexp.MustCompile(`[.!?…:。！？؟।]["'”’»)\]]*$`)

// scrappy reports a draft that states something in a few words and no sentence:
// a heading or a label of an article tells nobody anything.
func (d *draft) scrappy() bool {
	words, states := 0, false
	for _, c := range d.claims {
		text := strings.TrimSpace(c.text)
		if c.item || strings.Contains(text, ": ") || whole.MatchString(text) {
			return false
		}
		words += len(strings.Fields(text))
		states = states || !c.free
	}
	return states && words <= maxScrap
}

// asks reports whether a sentence asks what the customer has not asked.
func (d *draft) asks(c claim) bool {
	return strings.HasSuffix(strings.TrimSpace(c.text), "?") && !d.parrots(c.tokens)
}

// parrots reports whether a sentence of the customer has all but all words of a
// question, in the same order.
func (d *draft) parrots(tokens []token) bool {
	if len(contentOf(tokens)) < minParrot {
		return false
	}
	r := newReader(d.tongue)
	for _, text := range d.Customer {
		for _, s := range split(visible(text), false) {
			if inOrder(tokens, r.tokens(s.text)) >= parroted {
				return true
			}
		}
	}
	return false
}
