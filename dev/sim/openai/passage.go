package openai

import (
	"regexp"
	"strings"
)

// passage is what an answer is made of: a sentence, an item of a list, or a
// whole list of steps with what introduces it.
type passage struct {
	chunk    int
	from, to int // in the sentences of all chunks
	text     string
	heading  string
	// steps says that it is a whole list, part that it is one item of it.
	steps, part bool

	own, section, title map[string]bool
	// purpose holds the words of "To do this," at its beginning.
	purpose map[string]bool
	// around holds the words of its whole section, whole those of its chunk.
	around, whole map[string]bool
}

// toDo finds what a sentence is good for: "To do this, open that."
var toDo = regexp.MustCompile(`^(?:To|Um) ([^,.]+),`)

var aboutArticle = regexp.MustCompile(`(?i)^(this|dieser) (article|page|artikel)\b|\b(see|at|in) the article\b|described in\b`)

// section is a part of a chunk below one heading.
type section struct {
	chunk   int
	heading string
}

// passages cuts sentences into everything that could be quoted.
func passages(all []sentence) []passage {
	around, whole := map[section]map[string]bool{}, map[int]map[string]bool{}
	for _, s := range all {
		key := section{s.chunk, s.section}
		if around[key] == nil {
			around[key] = map[string]bool{}
		}
		if whole[s.chunk] == nil {
			whole[s.chunk] = map[string]bool{}
		}
		for _, term := range terms(s.text) {
			around[key][term], whole[s.chunk][term] = true, true
		}
	}
	var found []passage
	add := func(from, to int, steps, part bool) {
		texts := make([]string, 0, to-from)
		for _, s := range all[from:to] {
			texts = append(texts, s.text)
		}
		s := all[from]
		p := passage{
			chunk: s.chunk, from: from, to: to, heading: s.section, text: strings.Join(texts, " "), steps: steps, part: part,
			section: set(terms(s.section)), title: set(terms(s.title)), around: around[section{s.chunk, s.section}], whole: whole[s.chunk],
		}
		p.own = set(terms(p.text))
		if found := toDo.FindStringSubmatch(p.text); found != nil {
			p.purpose = set(terms(found[1]))
		}
		found = append(found, p)
	}
	for at := 0; at < len(all); {
		to := listEnd(all, at)
		if to-at > 1 {
			add(at, to, true, false)
		}
		for i := at; i < to; i++ {
			add(i, i+1, false, to-at > 1)
		}
		at = to
	}
	return found
}

// listEnd returns where the list that begins at at ends: a run of numbered steps,
// or items that a colon introduces. Otherwise it is one sentence.
func listEnd(all []sentence, at int) int {
	introduced := strings.HasSuffix(all[at].text, ":")
	if !introduced && !all[at].step {
		return at + 1
	}
	to := at + 1
	for to < len(all) && all[to].chunk == all[at].chunk && all[to].section == all[at].section && (all[to].step || introduced && all[to].item) {
		to++
	}
	return to
}

// follows reports whether p stands right behind other in the same section.
func (p passage) follows(other passage) bool {
	return p.from == other.to && p.chunk == other.chunk && p.heading == other.heading
}
