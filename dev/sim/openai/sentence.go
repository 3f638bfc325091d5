package openai

import (
	"regexp"
	"strings"
	"unicode"
)

// sentence is one statement of a chunk, with the markup taken off.
type sentence struct {
	chunk   int
	text    string
	title   string
	section string
	// item says that it belongs to an item of a list, step to a numbered one.
	item, step bool
}

var (
	frontMatter = regexp.MustCompile(`(?s)\A\s*---\s*\n.*?\n---\s*(\n|\z)`)
	codeFence   = regexp.MustCompile("(?s)```.*?(```|\\z)")
	htmlTag     = regexp.MustCompile(`</?[a-zA-Z][^>]*>|<!--.*?-->`)
	image       = regexp.MustCompile(`!\[[^\]]*\]\([^)]*\)`)
	link        = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
	emphasis    = regexp.MustCompile("(\\*\\*|__|~~|`|\\*)")
	bullet      = regexp.MustCompile(`^\s*([-*+•]|\d{1,3}[.)])\s+`)
	sentenceEnd = regexp.MustCompile(`[.!?]["')\]]*\s+`)
)

// sentences splits the chunks into statements; headings are kept only as what
// stands above a statement.
func sentences(chunks []chunk) []sentence {
	var all []sentence
	for i, item := range chunks {
		all = append(all, split(i, item)...)
	}
	return all
}

func split(index int, item chunk) []sentence {
	text := strings.ReplaceAll(item.Content, "\r\n", "\n")
	text = frontMatter.ReplaceAllString(text, "")
	text = codeFence.ReplaceAllString(text, "")
	text = htmlTag.ReplaceAllString(text, "")
	text = image.ReplaceAllString(text, "")
	text = link.ReplaceAllString(text, "$1")
	text = emphasis.ReplaceAllString(text, "")
	var found []sentence
	section := ""
	if at := strings.LastIndex(item.Title, " > "); at >= 0 {
		section = item.Title[at+3:]
	}
	paragraph, listed, numbered := "", false, false
	var rows table
	flush := func() {
		for _, part := range cut(paragraph) {
			found = append(found, sentence{chunk: index, text: part, title: item.Title, section: section, item: listed, step: numbered})
		}
		paragraph, listed, numbered = "", false, false
	}
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if !strings.HasPrefix(trimmed, "|") {
			rows = table{}
		}
		switch {
		case trimmed == "", strings.Trim(trimmed, "-=*_ ") == "":
			flush()
		case strings.HasPrefix(trimmed, "|"):
			flush()
			if row := rows.row(trimmed); row != "" {
				found = append(found, sentence{chunk: index, text: row, title: item.Title, section: section})
			}
		case strings.HasPrefix(trimmed, "#"):
			flush()
			section = strings.TrimSpace(strings.Trim(trimmed, "#"))
		case bullet.MatchString(line):
			flush()
			paragraph, listed = bullet.ReplaceAllString(line, ""), true
			numbered = unicode.IsDigit([]rune(trimmed)[0])
		default:
			paragraph = strings.TrimSpace(paragraph + " " + strings.TrimPrefix(trimmed, "> "))
		}
	}
	flush()
	return found
}

// cut splits a paragraph where a full stop is followed by something that can
// begin a sentence, so "e.g. this" and "v2.1" stay whole.
func cut(paragraph string) []string {
	var parts []string
	start := 0
	for _, span := range sentenceEnd.FindAllStringIndex(paragraph, -1) {
		next := []rune(paragraph[span[1]:])
		if len(next) > 0 && !unicode.IsUpper(next[0]) && !unicode.IsDigit(next[0]) && !strings.ContainsRune(`"'(¿¡`, next[0]) {
			continue
		}
		parts = append(parts, strings.TrimSpace(paragraph[start:span[1]]))
		start = span[1]
	}
	parts = append(parts, strings.TrimSpace(paragraph[start:]))
	kept := parts[:0]
	for _, part := range parts {
		if len(tokens(part)) > 0 {
			kept = append(kept, part)
		}
	}
	return kept
}
