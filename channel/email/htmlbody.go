package email

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

// webLink matches an address in running text; trailing punctuation belongs to
// the sentence.
var webLink = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `]*[^\s<>"'` + "`" + `.,;:!?)\]}]`)

// blankLine separates paragraphs.
var blankLine = regexp.MustCompile(`\n[ \t]*\n\s*`)

// htmlOf renders plain text as HTML. Everything is escaped and only web
// addresses become links, so nothing in the text can act as markup.
func htmlOf(text string) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n")
	for _, paragraph := range blankLine.Split(strings.TrimSpace(text), -1) {
		b.WriteString("<p>")
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				b.WriteString("<br>\n")
			}
			writeLinked(&b, line)
		}
		b.WriteString("</p>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func writeLinked(b *strings.Builder, line string) {
	for {
		at := webLink.FindStringIndex(line)
		if at == nil {
			b.WriteString(html.EscapeString(line))
			return
		}
		b.WriteString(html.EscapeString(line[:at[0]]))
		link := line[at[0]:at[1]]
		shown := html.EscapeString(link)
		// A host is required, and user:password@ is how phishing hides one.
		if u, err := url.Parse(link); err == nil && u.Hostname() != "" && u.User == nil {
			b.WriteString(`<a href="` + shown + `" rel="noopener noreferrer">` + shown + `</a>`)
		} else {
			b.WriteString(shown)
		}
		line = line[at[1]:]
	}
}
