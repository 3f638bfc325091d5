package knowledge

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// visible drops the characters that people do not see and models do read: tag
// and filler characters in which instructions can hide, and the controls that
// make text look other than it is. Joiners stay, since Persian, Hindi and emoji
// need them.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\u200c', r == '\u200d':
			return r
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co):
			return -1
		case r >= 0xE0100 && r <= 0xE01EF, r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0':
			return -1
		default:
			return r
		}
	}, s)
}

var (
	codeSpan = regexp.MustCompile("`+[^`\n]+`+")
	// linkComment is how notes are hidden in markdown: a link that nothing uses.
	linkComment = regexp.MustCompile(`(?m)^ {0,3}\[[^\]\n]+\]:\s*(?:#|<>)[^\n]*\n?`)
)

// visibleMarkdown drops what a reader of the rendered page would not see:
// comments, scripts, styles and elements that are hidden. Code stays as it is.
// It says whether any words were dropped.
func visibleMarkdown(body string) (kept string, hidden bool) {
	var out strings.Builder
	var text strings.Builder
	flush := func() {
		shown := shownText(text.String())
		hidden = hidden || len(shown) < text.Len()
		out.WriteString(shown)
		text.Reset()
	}
	fence := ""
	for line := range strings.Lines(dropComments(body)) {
		marks := fenceStart.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case fence == "" && marks != nil:
			flush()
			fence = marks[1]
			out.WriteString(line)
		case fence != "":
			if closesFence(line, fence) {
				fence = ""
			}
			out.WriteString(line)
		default:
			text.WriteString(line)
		}
	}
	flush()
	return strings.TrimSpace(out.String()), hidden
}

// shownText is visibleMarkdown of a stretch without fences.
func shownText(text string) string {
	text = linkComment.ReplaceAllString(text, "")
	if !strings.Contains(text, "<") {
		return text
	}
	// Code in a line is put aside, so that what it shows of HTML is not taken for some.
	var spans []string
	text = codeSpan.ReplaceAllStringFunc(text, func(span string) string {
		spans = append(spans, span)
		return "\ue000"
	})
	var out strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(text))
	dropping, depth := "", 0 // the element that is being left out, and how often it is open
	read := 0
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		raw := string(tokens.Raw())
		read += len(raw)
		token := tokens.Token()
		switch {
		case kind == html.CommentToken && strings.HasPrefix(raw, "<!--"):
		case dropping != "":
			switch {
			case token.Data != dropping:
			case kind == html.StartTagToken:
				depth++
			case kind == html.EndTagToken:
				if depth--; depth == 0 {
					dropping = ""
				}
			}
			// What is put aside is left out with the rest.
			for range strings.Count(raw, "\ue000") {
				out.WriteString("\ue001")
			}
		case kind == html.StartTagToken && !void(token.Data) && (hiddenBy(token.Attr) || unseen(token.Data) && closed(token.Data, text[read:])):
			dropping, depth = token.Data, 1
		default:
			out.WriteString(raw)
		}
	}
	at := 0
	return replaceEach(out.String(), func(mark rune) string {
		span := spans[at]
		at++
		if mark == '\ue001' {
			return ""
		}
		return span
	})
}

// closed reports whether an element ends in what follows: one that does not is
// rather a word in angle brackets.
func closed(element, rest string) bool {
	return strings.Contains(strings.ToLower(rest), "</"+element)
}

// replaceEach puts text in the place of each private mark.
func replaceEach(s string, text func(mark rune) string) string {
	var out strings.Builder
	for _, r := range s {
		if r == '\ue000' || r == '\ue001' {
			out.WriteString(text(r))
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// unseen reports whether a browser shows nothing of what is inside an element.
func unseen(element string) bool {
	switch element {
	case "script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg", "math", "canvas", "audio", "video", "datalist":
		return true
	}
	return false
}

// void reports whether an element has nothing inside.
func void(element string) bool {
	switch element {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}

// hiddenBy reports whether attributes hide their element.
func hiddenBy(attributes []html.Attribute) bool {
	for _, a := range attributes {
		switch {
		case a.Key == "hidden":
			return true
		case a.Key == "aria-hidden" && strings.EqualFold(strings.TrimSpace(a.Val), "true"):
			return true
		case a.Key == "style" && parseStyle(a.Val).hidden(white):
			return true
		}
	}
	return false
}
