package review

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// maxLabel is how many words a label has at most.
const maxLabel = 5

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
	context above
	// negations counts the negating words of each clause.
	negations []int
	topic     []token
	// quantifies holds the roots of words such as "all" and "before", which may
	// stand anywhere more than once.
	quantifies map[string]bool
	// label holds what stands before the colon of an item, "Freezer: below …",
	// or in the first cell of a row.
	labels []token
	// refers says that it goes on from the sentence before it ("It lasts …").
	refers bool
}

func (d *draft) readSources() {
	d.words, d.index = map[string]bool{}, map[string][]int{}
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
		title := r.contextOf(c.Title, company)
		for _, raw := range split(visible(c.Content), true) {
			s.sentences = append(s.sentences, r.source(raw, title))
		}
		if len(s.sentences) == 0 {
			continue
		}
		for i, one := range s.sentences {
			d.places = append(d.places, spot{s, i})
			for root := range one.at {
				d.words[root] = true
				d.index[root] = append(d.index[root], len(d.places)-1)
			}
			for root := range one.context.roots {
				d.words[root] = true
			}
		}
		d.sources = append(d.sources, s)
	}
}

func (r *reader) source(raw sentence, title above) sourceSentence {
	raw.tokens = r.tokens(raw.text)
	s := sourceSentence{sentence: raw, at: map[string][]int{}, quantifies: map[string]bool{}, context: title}
	for i, t := range raw.tokens {
		s.at[t.root] = append(s.at[t.root], i)
		for len(s.negations) <= t.clause {
			s.negations = append(s.negations, 0)
		}
		if r.is("keep", t.text) {
			s.quantifies[t.root] = true
		}
		if t.negates {
			s.negations[t.clause]++
		}
	}
	if raw.heading != "" || raw.intro != "" {
		s.context = r.contextOf(raw.heading, raw.intro)
		maps.Copy(s.context.roots, title.roots)
		maps.Copy(s.context.phrases, title.phrases)
	}
	s.refers = len(raw.tokens) > 0 && r.is("anaphora", raw.tokens[0].text)
	s.topic = r.topic(raw)
	if label, _, ok := strings.Cut(raw.text, ": "); ok && (raw.item || raw.cell) && len(strings.Fields(label)) <= maxLabel {
		s.labels = contentOf(r.tokens(label))
	}
	if raw.label != "" {
		s.labels = contentOf(r.tokens(raw.label))
	}
	return s
}

// topic returns the first words of a sentence that mean something, up to two:
// what is said there is said of them. Steps and sentences that begin with a
// purpose have none, since they are true without it.
func (r *reader) topic(raw sentence) []token {
	if raw.item || raw.cell || len(raw.tokens) == 0 {
		return nil
	}
	switch raw.tokens[0].text {
	case "you", "sie", "vous", "usted", "puede", "lei", "você", "u", "je",
		"to", "um", "pour", "para", "per", "om", "please", "bitte":
		return nil
	}
	var found []token
	for _, t := range raw.tokens {
		if t.content && t.kind == word && !r.is("keep", t.text) {
			found = append(found, t)
		} else if len(found) > 0 {
			break
		}
		if len(found) == 2 {
			break
		}
	}
	return found
}

// above is what stands above a sentence.
type above struct {
	roots map[string]bool
	// phrases holds two words in a row.
	phrases map[[2]string]bool
}

// contextOf reads what texts are about. Numbers are left out: they prove nothing
// away from their sentence.
func (r *reader) contextOf(texts ...string) above {
	c := above{map[string]bool{}, map[[2]string]bool{}}
	for _, text := range texts {
		before := ""
		for _, t := range r.tokens(text) {
			if t.kind != word || !t.content {
				continue
			}
			c.roots[t.root] = true
			c.phrases[[2]string{before, t.root}] = true
			before = t.root
		}
	}
	return c
}

// spot is a sentence of a source.
type spot struct {
	source *source
	at     int
}

// mostLikely is how many sentences a claim is compared with.
const mostLikely = 8

// likely returns the sentences that have most of the words of a claim, the best
// first; of equal ones the earlier.
func (d *draft) likely(tokens []token) []spot {
	counts := map[int]int{}
	seen := map[string]bool{}
	for _, t := range tokens {
		if seen[t.root] {
			continue
		}
		seen[t.root] = true
		weight := 1
		if t.content {
			weight = 8 // a word that means nothing decides between equals only
		}
		for _, i := range d.index[t.root] {
			counts[i] += weight
		}
	}
	order := slices.SortedFunc(maps.Keys(counts), func(a, b int) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	found := make([]spot, 0, mostLikely)
	for _, i := range order[:min(len(order), mostLikely)] {
		found = append(found, d.places[i])
	}
	return found
}
