package openai

import "strings"

// match says how well a chunk carries a question.
type match struct {
	// coverage is the share of the question's terms that stand in the chunk.
	coverage float64
	// rank is a small bonus for standing early: search put the best first.
	rank float64
	fits bool
	// intro says that it stands before the sections of an article, so that its
	// title announces them rather than what it says itself.
	intro bool
}

// match looks at one chunk; at is its place in the request.
func (e evidence) match(q question, at int) match {
	item := e.chunks[at]
	in, title := set(terms(item.Title+"\n"+item.Content)), set(terms(item.Title))
	matched, topical := 0, false
	for _, term := range q.terms {
		if in[term] {
			matched++
		}
		// A word of the title that most of what was found has in common is what
		// the search was about.
		topical = topical || title[term] && 2*q.in[term] > len(e.chunks)
	}
	if matched == 0 {
		return match{}
	}
	m := match{coverage: float64(matched) / float64(len(q.terms)), rank: 0.3 / float64(1+at)}
	m.fits = fit(matched, m.coverage, topical)
	for _, other := range e.chunks {
		m.intro = m.intro || strings.HasPrefix(other.Title, item.Title+" > ")
	}
	return m
}

// fit reports whether a chunk carries enough of a question to be its subject:
// most of a short one, or several words of a long one that tells a story too.
func fit(matched int, coverage float64, topical bool) bool {
	switch {
	case matched >= 4:
		return coverage >= 0.15
	case matched >= 2 && topical:
		return coverage >= 0.2
	case matched >= 2:
		return coverage >= 0.3
	case topical:
		return coverage >= 0.5
	default:
		return coverage > 0.6
	}
}
