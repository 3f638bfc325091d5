package openai

import (
	"cmp"
	"slices"
	"strings"
)

// Bounds of an answer. A list counts as one sentence with what introduces it.
const (
	maxSentences = 3
	maxChunks    = 2
	maxAnswer    = 600
	// minCoverage is how much of a question a passage must carry.
	minCoverage = 0.4
	// minFurther is how well a further passage must fit, against the best.
	minFurther = 0.75
	// minElsewhere is the same for one of another chunk.
	minElsewhere = 0.85
	// minBeside is the same for its neighbours.
	minBeside = 0.5
)

// answer is a text made of the chunks' own sentences.
type answer struct {
	text      string
	citations []string
	// coverage is how much of the question its passages carry, 0..1.
	coverage float64
}

// compose picks for each question the passages that fit it best. It returns
// false when none fits well enough to answer honestly.
func (e evidence) compose() (answer, bool) {
	all := sentences(e.chunks)
	pieces := passages(all)
	known := newVocabulary(pieces)
	var chosen selection
	var result answer
	for _, q := range readQuestions(e.question, known) {
		ranked := q.rank(pieces, known)
		if len(ranked) == 0 || ranked[0].coverage < minCoverage {
			continue
		}
		result.coverage = max(result.coverage, ranked[0].coverage)
		best := ranked[0]
		chosen.add(best.passage)
		for _, p := range ranked[1:] {
			needed := minFurther
			if p.chunk != best.chunk {
				needed = minElsewhere
			}
			if best.follows(p.passage) || p.follows(best.passage) {
				needed = minBeside
			}
			if p.score >= needed*best.score {
				chosen.add(p.passage)
				break
			}
		}
	}
	var texts []string
	for _, p := range chosen.passages {
		texts = append(texts, p.text)
		if id := e.chunks[p.chunk].ID; !slices.Contains(result.citations, id) {
			result.citations = append(result.citations, id)
		}
	}
	result.text = strings.Join(texts, " ")
	return result, len(texts) > 0
}

// selection is what has been chosen so far: passages in reading order, those of
// the chunk that was chosen first before the others.
type selection struct {
	passages []passage
	length   int
}

// add takes a passage in unless that would make the answer too long.
func (s *selection) add(p passage) {
	var chunks []int
	for _, other := range s.passages {
		if p.from < other.to && other.from < p.to {
			return
		}
		if !slices.Contains(chunks, other.chunk) {
			chunks = append(chunks, other.chunk)
		}
	}
	if !slices.Contains(chunks, p.chunk) {
		chunks = append(chunks, p.chunk)
	}
	if len(chunks) > maxChunks || len(s.passages) == maxSentences || len(s.passages) > 0 && s.length+len(p.text) > maxAnswer {
		return
	}
	s.passages = append(s.passages, p)
	s.length += len(p.text)
	slices.SortStableFunc(s.passages, func(a, b passage) int {
		return cmp.Or(cmp.Compare(slices.Index(chunks, a.chunk), slices.Index(chunks, b.chunk)), cmp.Compare(a.from, b.from))
	})
}
