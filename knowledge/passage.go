package knowledge

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxParts bounds the parts of a chunk, of which a long table has many.
	maxParts = 60
	// minPartWords leaves out what says nothing by itself.
	minPartWords = 3
	// An article has this many questions of this many bytes at most: more are
	// text in the wrong place.
	maxQuestions     = 30
	maxQuestionBytes = 300
)

// passages are the texts beside the whole that lead to a chunk, each with a
// vector of its own: one vector of many sentences says what they are about, and
// hardly what one of them says.
func (c chunk) passages() []string { return slices.Concat(c.parts, c.asked) }

func passageCount(articles []article) (n int) {
	for _, a := range articles {
		for _, c := range a.chunks {
			n += len(c.passages())
		}
	}
	return n
}

// partsOf returns the sections of a chunk below their headings, and its
// sentences, unless it is hardly more than one of them.
func partsOf(title, whole string, items []item) []string {
	var parts, single []string
	add := func(to *[]string, text string) {
		if countWords(text) >= minPartWords && text != whole && !slices.Contains(*to, text) && !slices.Contains(parts, text) {
			*to = append(*to, text)
		}
	}
	for start := 0; start < len(items); {
		end := start + 1
		for end < len(items) && items[end].section == items[start].section {
			end++
		}
		texts := make([]string, 0, end-start)
		for _, it := range items[start:end] {
			texts = append(texts, it.text)
			for _, s := range statements(it.block) {
				add(&single, s)
			}
		}
		add(&parts, strings.Join(append([]string{title}, items[start].path...), " > ")+"\n\n"+strings.Join(texts, "\n\n"))
		start = end
	}
	if len(single) > 1 {
		parts = append(parts, single...)
	}
	return parts[:min(len(parts), maxParts)]
}

// statements returns what a block says: its sentences, the items of a list, the
// rows of a table. Code says nothing.
func statements(b block) []string {
	switch {
	case b.kind == bullets:
		var all []string
		for _, entry := range listEntries(b.text) {
			all = append(all, sentences(oneLine(listItem.ReplaceAllString(entry, "")))...)
		}
		return all
	case b.kind == prose:
		return sentences(oneLine(b.text))
	case fenceStart.MatchString(b.text):
		return nil
	}
	var rows []string
	for line := range strings.SplitSeq(b.text, "\n") {
		if !tableRuler.MatchString(line) {
			rows = append(rows, oneLine(strings.ReplaceAll(line, "|", " ")))
		}
	}
	return rows
}

// parseQuestions returns the questions of an article, each once.
func parseQuestions(lines []string) ([]string, error) {
	questions := make([]string, 0, len(lines))
	for _, line := range lines {
		q := oneLine(visible(line))
		switch {
		case q == "" || slices.Contains(questions, q):
			continue
		case len(q) > maxQuestionBytes:
			return nil, fmt.Errorf("a question of %d bytes below `questions:`: write at most %d, as a customer asks", len(q), maxQuestionBytes)
		}
		questions = append(questions, q)
	}
	if len(questions) > maxQuestions {
		return nil, fmt.Errorf("%d questions: %d are enough", len(questions), maxQuestions)
	}
	return questions, nil
}

// ask gives each question to the chunk that has most of its words, so that it
// leads to one place; those that have none of them go to the first.
func ask(chunks []chunk, questions []string) {
	words := make([]map[string]bool, len(chunks))
	for i, c := range chunks {
		words[i] = wordsOf(c.text())
	}
	for _, q := range questions {
		best, most := 0, 0
		for i := range chunks {
			n := 0
			for w := range wordsOf(q) {
				if words[i][w] {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		chunks[best].asked = append(chunks[best].asked, q)
	}
}

// wordsOf returns the longer words of a text: the shorter ones are in every text.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(w) > 3 {
			words[w] = true
		}
	}
	return words
}
