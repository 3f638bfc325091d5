package knowledge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// The size of a chunk in words. Smaller ones lose what they are about, larger
// ones are about too much for one vector.
const (
	minWords     = 120
	maxWords     = 350
	overlapWords = 40
)

// maxChunkBytes is what any embedding model takes as one text.
const maxChunkBytes = 24_000

// chunk is what a search finds: a few sections, one, or a part of one.
type chunk struct {
	title   string
	content string
	// parts are the texts in it that get vectors of their own.
	parts []string
	// asked are the questions of the article that lead here.
	asked []string
}

// text is what gets a vector: the headings say what the content is about.
func (c chunk) text() string { return c.title + "\n\n" + c.content }

func (c chunk) hash() string { return hashOf(c.text()) }

func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// item is a block and the section it stands in.
type item struct {
	section int
	path    []string
	block
}

// cut makes chunks of the sections of an article. A section too small to stand
// alone joins the following one, the last the one before, and what is too long
// is cut between its blocks.
func cut(title string, sections []section) ([]chunk, error) {
	var groups [][]item
	for i, s := range sections {
		path := s.path
		if len(path) > 0 && strings.EqualFold(path[0], title) {
			path = path[1:]
		}
		var items []item
		for _, b := range s.blocks {
			for _, part := range cutBlock(b) {
				items = append(items, item{section: i, path: path, block: part})
			}
		}
		if last := len(groups) - 1; last >= 0 && size(groups[last]) < minWords {
			groups[last] = append(groups[last], items...)
			continue
		}
		groups = append(groups, items)
	}
	if n := len(groups); n > 1 && size(groups[n-1]) < minWords {
		groups = append(groups[:n-2], slices.Concat(groups[n-2], groups[n-1]))
	}
	var chunks []chunk
	for _, group := range groups {
		for _, part := range spread(group) {
			c := render(title, part)
			if len(c.text()) > maxChunkBytes {
				return nil, fmt.Errorf("a table or block of code with %d bytes below %q: divide it into smaller ones", len(c.content), c.title)
			}
			chunks = append(chunks, c)
		}
	}
	return chunks, nil
}

// spread divides items into parts of about equal size, none above maxWords
// unless a single item is. A part that begins inside a section repeats the end
// of the text before it.
func spread(items []item) [][]item {
	total := size(items)
	if total <= maxWords {
		return [][]item{items}
	}
	target := total / ((total + maxWords - 1) / maxWords)
	var parts [][]item
	var part []item
	rest := total
	for i, it := range items {
		have := size(part)
		if have > 0 && (have+it.words() > maxWords || (have >= target && rest >= minWords)) {
			parts = append(parts, part)
			part = nil
			if before := items[i-1]; before.section == it.section && before.kind == prose {
				if end := lastSentences(before.text, overlapWords); end != "" {
					part = append(part, item{section: it.section, path: it.path, block: block{text: end}})
				}
			}
		}
		part = append(part, it)
		rest -= it.words()
	}
	return append(parts, part)
}

// render gives a part the headings that all of it stands under as its title,
// and writes the others where they stood.
func render(title string, items []item) chunk {
	common := items[0].path
	for _, it := range items {
		n := 0
		for n < min(len(common), len(it.path)) && common[n] == it.path[n] {
			n++
		}
		common = common[:n]
	}
	var texts []string
	written := common
	for i, it := range items {
		if i == 0 || it.section != items[i-1].section {
			for depth := len(common); depth < len(it.path); depth++ {
				if depth >= len(written) || !slices.Equal(written[:depth+1], it.path[:depth+1]) {
					texts = append(texts, strings.Repeat("#", min(depth+2, 6))+" "+it.path[depth])
				}
			}
			written = it.path
		}
		texts = append(texts, it.text)
	}
	c := chunk{
		title:   strings.Join(append([]string{title}, common...), " > "),
		content: strings.Join(texts, "\n\n"),
	}
	c.parts = partsOf(title, c.text(), items)
	return c
}

func size(items []item) int {
	n := 0
	for _, it := range items {
		n += it.words()
	}
	return n
}
