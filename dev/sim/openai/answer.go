package openai

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Bounds of an answer.
const (
	maxSentences = 3
	maxAnswer    = 600
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
		fits[i] = fit(matched, coverage)
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

// fit reports whether a chunk carries enough of a question to be its subject:
// most of a short one, or several words of a long one that tells a story too.
func fit(matched int, coverage float64) bool {
	switch {
	case matched >= 4:
		return coverage >= 0.15
	case matched >= 2:
		return coverage >= 0.25
	default:
		return coverage >= 0.6
	}
}

// weights gives rare words of the question more weight than those that stand in
// every chunk. A word that stands in none weighs as much as a rare one.
func (e evidence) weights(asked []string) map[string]float64 {
	in := map[string]int{}
	for _, item := range e.chunks {
		for term := range set(terms(item.Title + "\n" + item.Content)) {
			in[term]++
		}
	}
	weight := make(map[string]float64, len(asked))
	for _, term := range asked {
		weight[term] = math.Log(1 + float64(len(e.chunks)+1)/float64(1+max(1, in[term])))
	}
	return weight
}

// choose takes the sentence that covers most of the question, then those that
// cover what is still open. A list counts as one with what introduces it.
func choose(all []sentence, fits []bool, weight map[string]float64) []sentence {
	open := map[string]bool{}
	for term := range weight {
		open[term] = true
	}
	var chosen []sentence
	taken := make([]bool, len(all))
	first, length := 0.0, 0
	for range maxSentences {
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
		for _, item := range all[at : at+reach(all, at)] {
			if taken[at] || length+len(item.text) > maxAnswer && length > 0 {
				break
			}
			taken[at] = true
			at++
			chosen = append(chosen, item)
			length += len(item.text)
			for _, term := range append(terms(item.text), terms(item.heading)...) {
				delete(open, term)
			}
		}
	}
	return chosen
}

// reach returns how many sentences belong together from at on.
func reach(all []sentence, at int) int {
	n := 1
	if !strings.HasSuffix(all[at].text, ":") {
		return n
	}
	for next := at + 1; next < len(all) && all[next].chunk == all[at].chunk && (n == 1 || all[next].item); next++ {
		n++
	}
	return n
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
