package review

import (
	"context"
	"fmt"
	"math"
)

// Thresholds of support by meaning.
const (
	// minCosine is how near a claim must be to its place.
	minCosine = 0.7
	// minWordCosine is how near each of its unknown words must be to a word
	// there: a sentence about invoices is near to one about readings. Opposites
	// are near to each other too, "enable" and "disable" at 0.72, and many words
	// for the same are not: what is between is left to the repair.
	minWordCosine = 0.8
	// minLexical is the coverage below which nothing is asked.
	minLexical = 0.35
	// maxUnknown is how many words of a claim may be unknown to its place.
	maxUnknown = 4
)

// deepen asks an embedder, once, about the claims that failed for their words
// alone. Numbers, names, links, limits and negations stay exact.
func (d *draft) deepen(ctx context.Context, e Embedder) error {
	var texts []string
	index := map[string]int{}
	put := func(text string) {
		if _, ok := index[text]; !ok {
			index[text] = len(texts)
			texts = append(texts, text)
		}
	}
	var asked []*claim
	for i := range d.claims {
		c := &d.claims[i]
		if c.free || c.fault != faultWords || c.source == nil || c.support < minLexical || len(c.missing) == 0 || len(c.missing) > maxUnknown || d.misplaced(c) {
			continue
		}
		asked = append(asked, c)
		put(c.text)
		one := c.source.sentences[c.at]
		put(one.heading + "\n" + one.text)
		for _, t := range c.missing {
			put(t.text)
		}
		for _, t := range one.tokens {
			if t.kind == word && t.content {
				put(t.text)
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return fmt.Errorf("comparing a draft with its sources: %w", err)
	}
	if len(vectors) != len(texts) {
		return fmt.Errorf("comparing a draft with its sources: got %d vectors for %d texts", len(vectors), len(texts))
	}
	near := func(a, b string) float64 { return cosine(vectors[index[a]], vectors[index[b]]) }
	for _, c := range asked {
		one := c.source.sentences[c.at]
		meant := near(c.text, one.heading+"\n"+one.text)
		if meant < minCosine {
			continue
		}
		known := true
		for _, t := range c.missing {
			best := 0.0
			for _, o := range one.tokens {
				if o.kind == word && o.content {
					best = max(best, near(t.text, o.text))
				}
			}
			known = known && best >= minWordCosine
		}
		if known {
			c.fault, c.support = faultNone, max(c.support, meant)
		}
	}
	return nil
}

// misplaced reports whether a word that the claim's place lacks stands elsewhere
// in the cited chunks: then it is no other word for the same, but another thing.
// Days, months and ordinals are no other words for anything.
func (d *draft) misplaced(c *claim) bool {
	for _, t := range c.missing {
		if d.words[t.root] || d.tongue.is("keep", t.text) || d.tongue.is("sensitive", t.text) || d.tongue.is("exact", t.text) {
			return true
		}
	}
	return false
}

func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	var dot, x, y float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		x += float64(a[i]) * float64(a[i])
		y += float64(b[i]) * float64(b[i])
	}
	if x == 0 || y == 0 {
		return 0
	}
	return dot / math.Sqrt(x*y)
}
