package triage

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// mood collects what a text says about how its writer feels.
type mood struct {
	hits  []hit
	louds []match // words that make a mood stronger
	loud  float64 // by how much capitals and exclamation marks make it stronger; 1 is not
	emphs int     // words in capitals among others: "it does NOT work"
}

// hit is a word or phrase with a mood: 1 is friendly, -1 annoyed, -2.5 angry,
// -4 furious.
type hit struct {
	match
	weight float64
}

// denialOf is what is left of a mood that is denied: "not bad" is a little
// good, "not helpful" rather bad.
const denialOf = -0.7

func (m *mood) add(at match, weight float64, denied bool) {
	if denied {
		weight *= denialOf
	}
	m.hits = append(m.hits, hit{match: at, weight: weight})
}

func (m *mood) stronger(at match) { m.louds = append(m.louds, at) }

// score returns the sentiment: 0 furious, 0.5 neutral, 1 delighted. What fired
// bounds it: nobody insults or sues in good spirits.
func (m *mood) score(fired []Fired) float64 {
	var good, bad []float64
	for _, h := range m.distinct() {
		w := h.weight
		for _, l := range m.louds {
			if l.end == h.start-1 || l.end == h.start-2 || l.start == h.end+1 {
				w *= 1.4
				break
			}
		}
		if w > 0 {
			good = append(good, w)
		} else {
			bad = append(bad, -w)
		}
	}
	if m.emphs > 0 && len(bad) > 0 {
		bad = append(bad, min(2, float64(m.emphs)))
	}
	pleased, angry := fade(good), fade(bad)*m.loud
	if angry >= 1.5 {
		pleased /= 3 // "thanks for nothing"
	}
	score := min(1, max(0, 0.5+0.1*pleased-0.1*angry))
	if pleased == 0 && angry == 0 && m.loud > 1 {
		score -= 0.05
	}
	for _, f := range fired {
		score = min(score, atMost(f.Code))
	}
	return math.Round(score*100) / 100
}

// atMost is the best mood in which somebody says what an escalation code stands for.
func atMost(code string) float64 {
	switch code {
	case "abuse":
		return 0.1
	case "legal_threat", "safety":
		return 0.25
	case "refund_request", "security":
		return 0.4
	default:
		return 1
	}
}

// distinct returns the hits without those that lie within a stronger one.
func (m *mood) distinct() []hit {
	slices.SortFunc(m.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)), cmp.Compare(a.start, b.start),
			cmp.Compare(a.end, b.end), cmp.Compare(a.weight, b.weight))
	})
	taken := map[int32]bool{} // words
	var out []hit
	for _, h := range m.hits {
		free := true
		for i := h.start; i <= h.end; i++ {
			free = free && !taken[i]
		}
		if !free {
			continue
		}
		for i := h.start; i <= h.end; i++ {
			taken[i] = true
		}
		out = append(out, h)
	}
	return out
}

// fade adds weights, each counting half as much as the one before it, so that
// a long list of small complaints does not pass for fury.
func fade(weights []float64) float64 {
	slices.SortFunc(weights, func(a, b float64) int { return cmp.Compare(b, a) })
	sum, share := 0.0, 1.0
	for _, w := range weights {
		sum += w * share
		share /= 2
	}
	return sum
}

// newMood hears how loud a text is.
func newMood(text string) mood {
	m := mood{loud: 1}
	upper, lower, marks := 0, 0, 0
	for w := range strings.FieldsSeq(text) {
		marks += strings.Count(w, "!")
		letters, capitals := 0, 0
		for _, r := range w {
			if unicode.IsLetter(r) {
				letters++
			}
			if unicode.IsUpper(r) {
				capitals++
			}
		}
		switch {
		case letters < 3:
		case capitals < letters:
			lower++
		default:
			upper++
			if emphasis[strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }))] {
				m.emphs++
			}
		}
	}
	if upper >= 3 && upper > lower {
		m.loud, m.emphs = 1.3, 0
	}
	if marks >= 3 {
		m.loud *= 1.2
	}
	return m
}

// emphasis are words that are not written in capitals unless somebody means it.
var emphasis = map[string]bool{
	"not": true, "never": true, "again": true, "nothing": true, "still": true, "now": true, "stop": true, "every": true, "days": true,
	"weeks": true, "months": true, "all": true, "hate": true, "worst": true, "nobody": true, "nicht": true, "nie": true, "wieder": true,
	"nichts": true, "sofort": true, "endlich": true, "jamais": true, "rien": true, "nunca": true, "nada": true, "mai": true, "niet": true,
	"nooit": true, "niets": true,
}
