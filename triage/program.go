package triage

import (
	"slices"
	"strings"
)

// program finds all patterns of a language in one pass over the words of a
// text: a position automaton whose work grows with the length of the text and
// never with the square of it.
type program struct {
	positions []position
	exact     map[string][]int32 // positions by the word they want
	prefix    map[string][]int32 // positions by how their word begins
	longest   int                // prefix, in bytes
	denying   map[string]bool    // words that a gap does not skip
}

// position is a place in a pattern where one word is read.
type position struct {
	rule   int32
	any    bool // every word but a denying one
	first  bool // a match may begin here
	last   bool // a match may end here
	strict bool // a comma ends what has been matched so far
	follow []int32
}

// match is a rule found in words start to end, both included.
type match struct {
	rule       int32
	start, end int32
}

func newProgram(denying map[string]bool) *program {
	return &program{exact: map[string][]int32{}, prefix: map[string][]int32{}, denying: denying}
}

// add compiles a pattern of a rule.
func (p *program) add(rule int, n node, strict bool) {
	from := len(p.positions)
	first, last := p.compile(n)
	for _, i := range first {
		p.positions[i].first = !p.positions[i].any // a match begins with a word that was named
	}
	for _, i := range last {
		p.positions[i].last = !p.positions[i].any
	}
	for i := from; i < len(p.positions); i++ {
		p.positions[i].rule, p.positions[i].strict = int32(rule), strict
	}
}

// compile adds the positions of a node and returns where it begins and ends.
func (p *program) compile(n node) (first, last []int32) {
	switch {
	case n.words != nil:
		i := p.place(position{})
		for _, w := range n.words {
			if stem, open := strings.CutSuffix(w, "*"); open && stem != "" {
				p.prefix[stem] = append(p.prefix[stem], i)
				p.longest = max(p.longest, len(stem))
			} else {
				p.exact[w] = append(p.exact[w], i)
			}
		}
		return []int32{i}, []int32{i}
	case n.gap > 0:
		for range n.gap {
			i := p.place(position{any: true})
			p.connect(last[max(0, len(last)-1):], []int32{i})
			last = append(last, i)
		}
		return last[:1], last
	case n.opt != nil:
		return p.compile(*n.opt)
	case n.alt != nil:
		for _, a := range n.alt {
			f, l := p.compile(a)
			first, last = append(first, f...), append(last, l...)
		}
		return first, last
	}
	optional := true // what has been read of the sequence so far
	for _, s := range n.seq {
		f, l := p.compile(s)
		p.connect(last, f)
		if optional {
			first = append(first, f...)
		}
		if nullable(s) {
			last = slices.Concat(last, l)
		} else {
			optional, last = false, l
		}
	}
	return first, last
}

func (p *program) place(at position) int32 {
	p.positions = append(p.positions, at)
	return int32(len(p.positions) - 1)
}

func (p *program) connect(from, to []int32) {
	for _, i := range from {
		p.positions[i].follow = append(p.positions[i].follow, to...)
	}
}

// wanted returns the positions a token can be read at.
func (p *program) wanted(t token) []int32 {
	out := p.wantedWord(t.word, nil)
	for _, form := range t.forms {
		out = p.wantedWord(form, out)
	}
	return out
}

func (p *program) wantedWord(w string, out []int32) []int32 {
	out = append(out, p.exact[w]...)
	for n := 1; n <= min(len(w), p.longest); n++ {
		out = append(out, p.prefix[w[:n]]...)
	}
	return out
}

// run returns every match in a text.
func (p *program) run(text []token) []match {
	r := runner{program: p, reached: make([]int32, len(p.positions)), began: make([]int32, len(p.positions)), active: make([]int32, 0, 64)}
	known := map[string][]int32{}
	for i, t := range text {
		switch t.word {
		case sentenceEnd, questionEnd:
			r.step(int32(i), p.exact[sentenceEnd], false)
			r.active, r.starts = r.active[:0], r.starts[:0]
		case comma:
			r.comma()
		default:
			want, ok := known[t.word]
			if !ok {
				want = p.wanted(t)
				known[t.word] = want
			}
			r.step(int32(i), want, p.denying[t.word])
		}
	}
	return r.found
}

// runner is one run of a program. The starts of what is active are in starts,
// in the same order.
type runner struct {
	*program
	active, starts []int32
	reached        []int32 // by position: the step after which it can be read, plus one
	began          []int32 // by position: where the match that reached it began
	found          []match
}

// comma ends the strict patterns that are under way.
func (r *runner) comma() {
	n := 0
	for k, q := range r.active {
		if !r.positions[q].strict {
			r.active[n], r.starts[n] = q, r.starts[k]
			n++
		}
	}
	r.active, r.starts = r.active[:n], r.starts[:n]
}

// step reads word i. What is reached twice keeps the longer match.
func (r *runner) step(i int32, want []int32, denies bool) {
	var gaps []int32
	for k, q := range r.active {
		for _, f := range r.positions[q].follow {
			if r.reached[f] == i+1 {
				r.began[f] = min(r.began[f], r.starts[k])
				continue
			}
			r.reached[f], r.began[f] = i+1, r.starts[k]
			if r.positions[f].any {
				gaps = append(gaps, f)
			}
		}
	}
	r.active, r.starts = r.active[:0], r.starts[:0]
	if !denies {
		for _, f := range gaps {
			r.enter(f, r.began[f], i)
		}
	}
	for _, w := range want {
		switch {
		case r.reached[w] == i+1:
			r.enter(w, r.began[w], i)
		case r.positions[w].first:
			r.enter(w, i, i)
		}
	}
}

func (r *runner) enter(at, start, i int32) {
	r.active, r.starts = append(r.active, at), append(r.starts, start)
	if r.positions[at].last {
		r.found = append(r.found, match{rule: r.positions[at].rule, start: start, end: i})
	}
}
