package openai

import (
	"math"
	"slices"
	"strings"
)

// Bounds of an answer. A list counts as one sentence with what introduces it.
const (
	maxSentences = 3
	maxAnswer    = 600
	// minGain is how much of the first passage's gain a further one must bring.
	minGain = 0.5
)

// answer is a text made of the chunks' own sentences.
type answer struct {
	text      string
	citations []string
	// coverage is how much of the question its chunks carry, 0..1.
	coverage float64
}

// question is what was asked: its terms, in how many chunks each stands, and
// what it weighs.
type question struct {
	terms []string
	// howTo says that it asks for a way to do something.
	howTo  bool
	in     map[string]int
	weight map[string]float64
}

// passage is a run of sentences of one chunk.
type passage struct {
	from, to int
	gain     float64
}

// compose picks the passages that fit the question best. It returns false when
// no chunk fits well enough to answer honestly.
func (e evidence) compose() (answer, bool) {
	asked := e.asked()
	matches := make([]match, len(e.chunks))
	for i := range e.chunks {
		matches[i] = e.match(asked, i)
	}
	all := sentences(e.chunks)
	open := map[string]bool{}
	for _, term := range asked.terms {
		open[term] = true
	}
	var result answer
	var texts []string
	first, length, left := 0.0, 0, maxSentences
	for left > 0 {
		best := asked.best(all, matches, open)
		if best.gain == 0 || best.gain < first*minGain {
			break
		}
		first = max(first, best.gain)
		for at := best.from; at < best.to; at++ {
			if length > 0 && length+len(all[at].text) > maxAnswer {
				left = 0
				break
			}
			texts = append(texts, all[at].text)
			length += len(all[at].text)
			if !all[at].item {
				left--
			}
			for _, term := range append(terms(all[at].text), terms(all[at].heading)...) {
				delete(open, term)
			}
		}
		chosen := all[best.from].chunk
		if id := e.chunks[chosen].ID; !slices.Contains(result.citations, id) {
			result.citations = append(result.citations, id)
		}
		result.coverage = max(result.coverage, matches[chosen].coverage)
		// One passage of a chunk is enough; the next question has another chunk.
		matches[chosen].fits = false
	}
	result.text = strings.Join(texts, " ")
	return result, len(texts) > 0
}

// asked weighs the question's terms: one that stands in few of the chunks tells
// them apart, but one that stands in all of them is still what it is about.
func (e evidence) asked() question {
	q := question{terms: unique(terms(e.question)), howTo: howTo(e.question), in: map[string]int{}, weight: map[string]float64{}}
	for _, item := range e.chunks {
		for term := range set(terms(item.Title + "\n" + item.Content)) {
			q.in[term]++
		}
	}
	for _, term := range q.terms {
		q.weight[term] = 1 + math.Log(float64(len(e.chunks)+1)/float64(1+max(1, q.in[term])))/2
	}
	return q
}

// best returns the passage with the highest gain among the chunks that fit.
func (q question) best(all []sentence, matches []match, open map[string]bool) passage {
	var found passage
	for from := range all {
		m := matches[all[from].chunk]
		if !m.fits {
			continue
		}
		lead := !m.intro && (from == 0 || all[from-1].chunk != all[from].chunk || all[from-1].heading != all[from].heading)
		for to := from + reach(all, from); ; to += reach(all, to) {
			gain := q.gain(all[from:to], open, lead)
			if gain > 0 {
				gain += m.rank
			}
			if gain > found.gain+1e-9 {
				found = passage{from: from, to: to, gain: gain}
			}
			if to >= len(all) || all[to].chunk != all[from].chunk || all[to].heading != all[from].heading || to-from >= maxSentences {
				break
			}
		}
	}
	return found
}

// gain is the weight of the open terms in a passage. What only the heading of
// its section says counts for the passage right below it, which is what the
// heading announces; there, going on for a sentence or two costs nothing. The
// title of the whole article says little of one passage.
func (q question) gain(passage []sentence, open map[string]bool, lead bool) float64 {
	own := map[string]bool{}
	for _, item := range passage {
		for _, term := range terms(item.text) {
			own[term] = true
		}
	}
	heading := passage[0].heading
	section := set(terms(heading[strings.LastIndex(heading, " > ")+1:]))
	above := set(terms(heading))
	sum, announced, titled := 0.0, 0.0, 0.0
	for _, term := range q.terms {
		switch {
		case !open[term]:
		case own[term] && section[term] && lead:
			sum += 1.4 * q.weight[term]
		case own[term]:
			sum += q.weight[term]
		case section[term] && lead:
			announced += 0.8 * q.weight[term]
		case above[term]:
			titled += 0.3 * q.weight[term]
		}
	}
	if sum+announced+titled == 0 {
		return 0
	}
	step, fitting := -0.5, 0.0
	if announced > 0 {
		step = 0.05
	}
	instructive := slices.ContainsFunc(passage, func(item sentence) bool { return instructs(item.text) })
	if q.howTo && instructive && sum+announced > 0 {
		fitting = 0.5
	}
	list := passage[0].item || strings.HasSuffix(passage[0].text, ":")
	for i, item := range passage {
		if i > 0 && !(list && item.item) {
			fitting += step
		}
		if strings.HasSuffix(item.text, "?") {
			fitting--
		}
	}
	return max(0, sum+announced+titled+fitting)
}

func howTo(text string) bool {
	return has(text, "how do i", "how do we", "how can i", "how can we", "how to", "how would i", "wie kann ich", "wie können wir", "wie geht")
}

// instructs reports whether a sentence tells the reader what to do.
func instructs(text string) bool {
	return has(text, "open", "choose", "select", "click", "enter", "go to", "press", "öffnen", "wählen", "klicken", "geben")
}

// reach returns how many sentences belong together from at on: one, or a list
// with what introduces it.
func reach(all []sentence, at int) int {
	n := 1
	if !all[at].item && !strings.HasSuffix(all[at].text, ":") {
		return n
	}
	for next := at + 1; next < len(all) && all[next].chunk == all[at].chunk && all[next].heading == all[at].heading; next++ {
		if !all[next].item {
			break
		}
		n++
	}
	return n
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
