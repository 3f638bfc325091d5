package openai

import (
	"cmp"
	"slices"
	"strings"
)

// What a word counts by where it stands, against standing in the passage.
const (
	sectionShare = 0.65
	titleShare   = 0.5
	aroundShare  = 0.5
	// announcedExtra is for standing in what announces the passage.
	announcedExtra = 0.3
	// wholeShare and wholeCover are for standing anywhere in the chunk: as a
	// sign of its topic, and of supporting the answer.
	wholeShare = 0.6
	wholeCover = 0.4
	// topicFloor is what a passage keeps in a chunk about something else.
	topicFloor = 0.2
	// contextNeed is how much words count as missing that only stand around the
	// question.
	contextNeed = 0.35
)

// scored is a passage as the answer to one question.
type scored struct {
	passage
	score float64
	// coverage is how much of the question it carries, 0..1.
	coverage float64
}

// rank orders passages by how well they answer, the best first: the rare words
// of the question count most, a passage must be the kind of thing that was asked
// for, and its chunk should be about what the message is about.
func (q asked) rank(pieces []passage, known vocabulary) []scored {
	ranked := make([]scored, 0, len(pieces))
	topics, most := map[int]float64{}, 0.0
	for _, p := range pieces {
		if _, done := topics[p.chunk]; !done {
			topics[p.chunk] = q.carried(known, func(term string) float64 {
				return max(likeness(p.title, term), wholeShare*likeness(p.whole, term))
			})
			most = max(most, topics[p.chunk])
		}
	}
	if most == 0 {
		return nil
	}
	for _, p := range pieces {
		near := func(term string) float64 {
			announced := max(likeness(p.purpose, term), likeness(p.section, term))
			beside := aroundShare * likeness(p.around, term)
			if code(term) {
				// The neighbour of what a number stands in is about another one.
				beside = 0
			}
			return announcedExtra*announced + max(likeness(p.own, term), sectionShare*likeness(p.section, term), titleShare*likeness(p.title, term), beside)
		}
		result := scored{passage: p, score: q.carried(known, near) * q.kind.factor(p.text) * p.manner(q.kind)}
		result.score *= topicFloor + (1-topicFloor)*topics[p.chunk]/most
		// Search put the best first.
		result.score *= 1 + 0.2/float64(1+p.chunk)
		result.coverage = q.covered(known, func(term string) float64 { return max(near(term), wholeCover*likeness(p.whole, term)) })
		ranked = append(ranked, result)
	}
	slices.SortStableFunc(ranked, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return ranked
}

// carried is the share of all words, by weight, that held says are there.
func (q asked) carried(known vocabulary, held func(string) float64) float64 {
	sum, total := 0.0, 0.0
	for _, term := range q.terms {
		weight := q.weight[term] * known.rarity(term)
		sum, total = sum+weight*held(term), total+weight
	}
	return sum / max(total, 1e-9)
}

// covered is how much of the question is there. What is told around it can
// help, but need not be there.
func (q asked) covered(known vocabulary, held func(string) float64) float64 {
	sum, total := 0.0, 0.0
	for _, term := range q.terms {
		weight := q.weight[term] * known.rarity(term)
		sum += weight * held(term)
		if q.weight[term] < ownWeight {
			weight *= contextNeed
		}
		total += weight
	}
	return min(1, sum/max(total, 1e-9))
}

// manner is how well a passage can be quoted as an answer.
func (p passage) manner(k kind) float64 {
	factor := 1.0
	switch {
	case aboutArticle.MatchString(p.text):
		factor = 0.4
	case strings.HasSuffix(p.text, "?"):
		factor = 0.3
	case strings.HasSuffix(p.text, ":"):
		factor = 0.5
	}
	if k == stepsKind && p.steps {
		factor = 1.15
		if len(p.section) == 0 {
			// "What to do", "How it works": the whole article is about it.
			factor = 1.3
		}
	}
	wantsSteps := k == stepsKind || k == anyKind || k == placeKind
	if p.steps && !wantsSteps || p.part && k == stepsKind {
		factor *= 0.7
	}
	return factor
}
