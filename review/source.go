package review

import "slices"

// source is a cited chunk, read.
type source struct {
	sentences []sourceSentence
	language  string
}

// sourceSentence is a sentence of a chunk, ready to be compared with a claim.
type sourceSentence struct {
	sentence
	// at holds where each root stands among the tokens.
	at map[string][]int
	// context holds the roots of what stands above it: title, headings, the
	// sentence that introduces its list.
	context map[string]bool
	// negations counts the negating words of each clause.
	negations []int
	// refers says that it goes on from the sentence before it ("It lasts …").
	refers bool
}

func (d *draft) readSources() {
	d.words = map[string]bool{}
	readers := map[*tongue]*reader{}
	company := d.Company
	for _, c := range d.cited {
		if d.language != "" && c.Language != "" && c.Language != d.language {
			continue
		}
		t := tongueOf(c.Language)
		if c.Language == "" {
			t = d.tongue
		}
		r := readers[t]
		if r == nil {
			r = newReader(t)
			readers[t] = r
		}
		s := &source{language: c.Language}
		title := r.contentRoots(c.Title + " " + company)
		for _, raw := range split(visible(c.Content), true) {
			s.sentences = append(s.sentences, r.source(raw, title))
		}
		if len(s.sentences) == 0 {
			continue
		}
		for _, one := range s.sentences {
			for root := range one.at {
				d.words[root] = true
			}
			for root := range one.context {
				d.words[root] = true
			}
		}
		d.sources = append(d.sources, s)
	}
}

func (r *reader) source(raw sentence, title map[string]bool) sourceSentence {
	raw.tokens = r.tokens(raw.text)
	s := sourceSentence{sentence: raw, at: map[string][]int{}, context: title}
	for i, t := range raw.tokens {
		s.at[t.root] = append(s.at[t.root], i)
		for len(s.negations) <= t.clause {
			s.negations = append(s.negations, 0)
		}
		if t.negates {
			s.negations[t.clause]++
		}
	}
	if raw.heading != "" || raw.intro != "" {
		s.context = r.contentRoots(raw.heading + " " + raw.intro)
		for root := range title {
			s.context[root] = true
		}
	}
	s.refers = len(raw.tokens) > 0 && slices.ContainsFunc(raw.tokens[:min(3, len(raw.tokens))], func(t token) bool { return r.is("anaphora", t.text) })
	return s
}

// contentRoots returns the roots of what a text is about. Numbers are left out:
// they prove nothing away from their sentence.
func (r *reader) contentRoots(text string) map[string]bool {
	roots := map[string]bool{}
	for _, t := range r.tokens(text) {
		if t.kind == word && t.content {
			roots[t.root] = true
		}
	}
	return roots
}
