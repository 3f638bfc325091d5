package openai

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Bounds of an answer, and how well a chunk must fit the question: either two
// words of it and a quarter of its weight, or nearly all of it.
const (
	maxSentences = 3
	maxAnswer    = 600
	minCoverage  = 0.25
	fullCoverage = 0.6
	// minGain is how much of the first sentence's gain a further one must bring.
	minGain = 0.3
)

// answer is a text made of the chunks' own sentences.
type answer struct {
	text      string
	citations []string
	// coverage is how much of the question's weight the best chunk carries, 0..1.
	coverage float64
}

// compose picks the sentences that fit the question best. It returns false when
// no chunk fits well enough to answer honestly.
func (e evidence) compose() (answer, bool) {
	asked := unique(terms(e.question))
	weight := e.weights(asked)
	total := 0.0
	for _, term := range asked {
		total += weight[term]
	}
	if total == 0 {
		return answer{}, false
	}
	best := 0.0
	fits := make([]bool, len(e.chunks))
	for i, item := range e.chunks {
		has := set(terms(item.Title + "\n" + item.Content))
		matched, sum := 0, 0.0
		for _, term := range asked {
			if has[term] {
				matched++
				sum += weight[term]
			}
		}
		coverage := sum / total
		fits[i] = matched >= 2 && coverage >= minCoverage || coverage >= fullCoverage
		if fits[i] {
			best = max(best, coverage)
		}
	}
	chosen := choose(sentences(e.chunks), fits, weight)
	if len(chosen) == 0 {
		return answer{}, false
	}
	slices.SortStableFunc(chosen, func(a, b sentence) int {
		return cmp.Or(cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.at, b.at))
	})
	result := answer{coverage: best}
	texts := make([]string, len(chosen))
	for i, item := range chosen {
		texts[i] = item.text
		if id := e.chunks[item.chunk].ID; !slices.Contains(result.citations, id) {
			result.citations = append(result.citations, id)
		}
	}
	result.text = strings.Join(texts, " ")
	return result, true
}

// weights gives rare words of the question more weight than those that stand in
// every chunk.
func (e evidence) weights(asked []string) map[string]float64 {
	in := map[string]int{}
	for _, item := range e.chunks {
		for term := range set(terms(item.Title + "\n" + item.Content)) {
			in[term]++
		}
	}
	weight := make(map[string]float64, len(asked))
	for _, term := range asked {
		weight[term] = math.Log(1 + float64(len(e.chunks)+1)/float64(1+in[term]))
	}
	return weight
}

// choose takes the sentence that covers most of the question, then those that
// cover what is still open, and what follows a colon.
func choose(all []sentence, fits []bool, weight map[string]float64) []sentence {
	open := map[string]bool{}
	for term := range weight {
		open[term] = true
	}
	var chosen []sentence
	taken := make([]bool, len(all))
	first, length := 0.0, 0
	for len(chosen) < maxSentences {
		at, gain := -1, 0.0
		for i, item := range all {
			if taken[i] || !fits[item.chunk] || length+len(item.text) > maxAnswer && length > 0 {
				continue
			}
			if g := score(item, open, weight); g > gain+1e-9 {
				at, gain = i, g
			}
		}
		if at < 0 || gain < first*minGain {
			return chosen
		}
		first = max(first, gain)
		for more := true; more && len(chosen) < maxSentences; at++ {
			taken[at] = true
			chosen = append(chosen, all[at])
			length += len(all[at].text)
			for _, term := range append(terms(all[at].text), terms(all[at].heading)...) {
				delete(open, term)
			}
			more = strings.HasSuffix(all[at].text, ":") && at+1 < len(all) && all[at+1].chunk == all[at].chunk
		}
	}
	return chosen
}

// score is the weight of the open words in a sentence, less for one that only
// stands under a fitting heading, and slightly less for a long one.
func score(item sentence, open map[string]bool, weight map[string]float64) float64 {
	own, above := set(terms(item.text)), set(terms(item.heading))
	sum := 0.0
	for _, term := range sortedKeys(open) {
		switch {
		case own[term]:
			sum += weight[term]
		case above[term]:
			sum += weight[term] / 2
		}
	}
	if strings.HasSuffix(item.text, "?") {
		sum /= 2
	}
	return sum / (1 + float64(len(item.text))/2000)
}

func unique(words []string) []string {
	seen := map[string]bool{}
	kept := words[:0:0]
	for _, word := range words {
		if !seen[word] {
			seen[word] = true
			kept = append(kept, word)
		}
	}
	return kept
}

func set(words []string) map[string]bool {
	all := make(map[string]bool, len(words))
	for _, word := range words {
		all[word] = true
	}
	return all
}
