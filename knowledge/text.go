package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// runesPerWord bounds a word, so that text without spaces has a size too.
	runesPerWord = 12
	// maxSentenceRunes bounds a sentence, so that text without stops has some.
	maxSentenceRunes = 4 * maxWords
)

func (b block) words() int { return countWords(b.text) }

func countWords(text string) int {
	return max(len(strings.Fields(text)), utf8.RuneCountInString(text)/runesPerWord)
}

// cutBlock cuts a block that is too long for one chunk: a list between its
// items, text between its sentences, tables and code not at all.
func cutBlock(b block) []block {
	if b.kind == solid || b.words() <= maxWords {
		return []block{b}
	}
	separator, parts := " ", []string{}
	if b.kind == bullets {
		separator = "\n"
		for _, entry := range listEntries(b.text) {
			if countWords(entry) > maxWords {
				parts = append(parts, sentences(entry)...)
				continue
			}
			parts = append(parts, entry)
		}
	} else {
		parts = sentences(b.text)
	}
	var blocks []block
	var open []string
	words := 0
	for _, part := range parts {
		if n := countWords(part); words > 0 && words+n > minWords {
			blocks = append(blocks, block{text: strings.Join(open, separator), kind: b.kind})
			open, words = nil, n
		} else {
			words += n
		}
		open = append(open, part)
	}
	return append(blocks, block{text: strings.Join(open, separator), kind: b.kind})
}

// listEntries returns the items of a list, each with what is indented below it.
func listEntries(text string) []string {
	var entries []string
	for line := range strings.SplitSeq(text, "\n") {
		nested := line != strings.TrimLeft(line, " \t")
		if len(entries) == 0 || (listItem.MatchString(line) && !nested) {
			entries = append(entries, line)
			continue
		}
		entries[len(entries)-1] += "\n" + line
	}
	return entries
}

// sentences cuts text after its sentences, and one that never ends after
// maxSentenceRunes.
func sentences(text string) []string {
	var found []string
	start := 0
	add := func(end int) {
		if s := strings.TrimSpace(text[start:end]); s != "" {
			found = append(found, s)
		}
		start = end
	}
	space := 0 // after the last space since start
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		if unicode.IsSpace(r) {
			space = end
		}
		switch {
		case endsSentence(text, r, end):
			add(end)
		case end-start > maxSentenceRunes:
			if space > start {
				add(space)
			} else {
				add(end)
			}
		}
	}
	add(len(text))
	return found
}

// endsSentence reports whether a sentence is over after r, which ends at byte
// end: what follows must look like a beginning, as after an abbreviation it
// mostly does not.
func endsSentence(text string, r rune, end int) bool {
	switch r {
	case '。', '！', '？':
		return true
	case '.', '!', '?', '…':
		rest := strings.TrimLeft(text[end:], " \t\n")
		if rest == "" || len(rest) == len(text[end:]) {
			return rest == ""
		}
		next, _ := utf8.DecodeRuneInString(rest)
		return !unicode.IsLower(next) && (r != '.' || !abbreviated(text[:end-1]))
	}
	return false
}

// abbreviated reports whether a dot after before shortens a word: a single
// letter, as in "e.g." or "z. B.".
func abbreviated(before string) bool {
	last, width := utf8.DecodeLastRuneInString(before)
	previous, _ := utf8.DecodeLastRuneInString(before[:len(before)-width])
	return unicode.IsLetter(last) && !unicode.IsLetter(previous) && !unicode.IsDigit(previous)
}

// lastSentences returns the end of text: one or two whole sentences of at most
// maxWords words, or nothing.
func lastSentences(text string, maxWords int) string {
	all := sentences(text)
	end := ""
	for n := 1; n <= min(2, len(all)); n++ {
		candidate := strings.Join(all[len(all)-n:], " ")
		if countWords(candidate) > maxWords {
			break
		}
		end = candidate
	}
	return end
}
