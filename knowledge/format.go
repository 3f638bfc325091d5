package knowledge

import (
	"bytes"
	"errors"
	"path"
	"strings"
	"unicode/utf8"
)

// document is a file in any format as markdown, with what it says of itself.
type document struct {
	head     frontMatter
	fallback string // the title, when neither the head nor a heading says it
	body     string
	hidden   bool // words that people do not see were left out
}

// maxFileBytes is the most a file may have: a larger one was named by mistake.
const maxFileBytes = 20 << 20

// formats returns what reads a file, by the end of its name.
func formats() map[string]func(data []byte) (document, error) {
	return map[string]func([]byte) (document, error){
		".md": readMarkdown, ".markdown": readMarkdown, ".txt": readText, ".text": readText,
		".html": readHTML, ".htm": readHTML, ".pdf": readPDF,
	}
}

// readable names the formats in an error.
const readable = "markdown (.md), HTML (.html), plain text (.txt) or PDF (.pdf)"

// formatOf returns what reads a file of this name, or nil.
func formatOf(name string) func([]byte) (document, error) {
	return formats()[strings.ToLower(path.Ext(name))]
}

func readMarkdown(data []byte) (document, error) {
	text, err := textOfFile(data)
	if err != nil {
		return document{}, err
	}
	head, body, err := splitFrontMatter(text)
	if err != nil {
		return document{}, err
	}
	doc := document{head: head}
	doc.body, doc.hidden = visibleMarkdown(body)
	return doc, nil
}

// readText reads plain text, which may begin with front matter as well. A
// short first line that stands alone is its title.
func readText(data []byte) (document, error) {
	text, err := textOfFile(data)
	if err != nil {
		return document{}, err
	}
	head, body, err := splitFrontMatter(text)
	if err != nil {
		return document{}, err
	}
	body = strings.TrimSpace(body)
	doc := document{head: head, body: body}
	first, rest, _ := strings.Cut(body, "\n")
	if head.Title == "" && len(first) <= 120 && strings.HasPrefix(rest, "\n") && !strings.HasPrefix(first, "#") {
		doc.fallback, doc.body = oneLine(first), strings.TrimSpace(rest)
	}
	return doc, nil
}

// textOfFile returns a file of text with the line ends of this system.
func textOfFile(data []byte) (string, error) {
	if !utf8.Valid(data) || bytes.ContainsRune(data, 0) {
		return "", errors.New("not UTF-8 text: save it as UTF-8")
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), nil
}
