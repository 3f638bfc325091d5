package llm

import (
	"fmt"
	"slices"
)

// leastChunks is how many chunks are kept whatever happens: without any, no
// answer could be supported.
const leastChunks = 2

// leastRunes is how short a message of the customer may become.
const leastRunes = 200

// Shrink returns a prompt of about half the data, for a model that says the
// prompt is too long: without the oldest history first, then without the chunks
// that fit worst, then with the customer's own words cut, which shows. It is
// not ok if nothing is left to leave out.
func Shrink(in PromptInput) (smaller PromptInput, ok bool) {
	size := in.size()
	most := size / 2
	in.History = slices.Clone(in.History)
	for len(in.History) > 0 && in.size() > most {
		in.History = in.History[1:]
	}
	in.PriorSearches = slices.Clone(in.PriorSearches)
	for in.size() > most && in.dropChunk() {
		continue
	}
	in.CustomerMessages = slices.Clone(in.CustomerMessages)
	for i, m := range in.CustomerMessages {
		if over := in.size() - most; over > 0 {
			in.CustomerMessages[i] = cut(m, max(leastRunes, len([]rune(m))-over))
		}
	}
	return in, in.size() < size
}

// dropChunk leaves out the worst chunk of the latest search that has any to spare.
func (p *PromptInput) dropChunk() bool {
	for i := len(p.PriorSearches) - 1; i >= 0; i-- {
		if n := len(p.PriorSearches[i].Chunks); n > 0 && p.chunks() > leastChunks {
			p.PriorSearches[i].Chunks = p.PriorSearches[i].Chunks[:n-1]
			return true
		}
	}
	if n := len(p.Chunks); n > leastChunks {
		p.Chunks = p.Chunks[:n-1]
		return true
	}
	return false
}

func (p *PromptInput) chunks() int {
	n := len(p.Chunks)
	for _, s := range p.PriorSearches {
		n += len(s.Chunks)
	}
	return n
}

// size is how many characters the data has that can be left out.
func (p *PromptInput) size() (n int) {
	for _, m := range p.History {
		n += len([]rune(m.Text))
	}
	count := func(chunks []Chunk) {
		for _, c := range chunks {
			n += len([]rune(c.Title)) + len([]rune(c.Content))
		}
	}
	count(p.Chunks)
	for _, s := range p.PriorSearches {
		count(s.Chunks)
	}
	for _, m := range p.CustomerMessages {
		n += len([]rune(m))
	}
	return n
}

// cut keeps the beginning and the end of a text, where people say what they
// want, and says how much is missing between.
func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	mark := fmt.Sprintf("\n[… %d characters are left out here …]\n", len(runes)-most)
	tail := most / 4
	return string(runes[:most-tail]) + mark + string(runes[len(runes)-tail:])
}
