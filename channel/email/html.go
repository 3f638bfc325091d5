package email

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const maxLink = 300 // bytes of a link that is worth showing

// htmlText renders HTML the way a mail program shows it as plain text:
// paragraphs apart, quotes behind ">", links after their text, hidden text
// left out.
func htmlText(source string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return tokensText(source)
	}
	var t textifier
	t.node(doc)
	t.endLine()
	return strings.TrimSpace(strings.Join(t.lines, "\n"))
}

// tokensText is for HTML that is nested too deeply to be made a tree.
func tokensText(source string) string {
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			b.Write(tokens.Text())
		default:
			b.WriteByte(' ')
		}
	}
}

// textifier collects lines. A space is only written once a word follows it.
type textifier struct {
	lines []string
	line  strings.Builder
	space bool
	quote int
	pre   int
}

func (t *textifier) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		t.text(n.Data)
	case html.ElementNode:
		t.element(n)
	default:
		t.children(n)
	}
}

func (t *textifier) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		t.node(c)
	}
}

func (t *textifier) element(n *html.Node) {
	if hidden(n) {
		return
	}
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript:
	case atom.Br:
		t.lineBreak()
	case atom.Img:
		if alt := strings.TrimSpace(attr(n, "alt")); alt != "" {
			t.text("[" + alt + "]")
		}
	case atom.A:
		t.link(n)
	case atom.Li:
		t.endLine()
		t.text("- ")
		t.children(n)
		t.endLine()
	case atom.Td, atom.Th:
		t.space = true
		t.children(n)
		t.space = true
	case atom.Blockquote:
		t.paragraph()
		t.quote++
		t.children(n)
		t.endLine()
		t.quote--
		t.paragraph()
	case atom.Pre:
		t.paragraph()
		t.pre++
		t.children(n)
		t.pre--
		t.paragraph()
	case atom.P, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		t.paragraph()
		t.children(n)
		t.paragraph()
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Hr, atom.Dt, atom.Dd:
		t.endLine()
		t.children(n)
		t.endLine()
	default:
		t.children(n)
	}
}

func (t *textifier) link(n *html.Node) {
	before := t.line.String()
	t.children(n)
	href := strings.TrimSpace(attr(n, "href"))
	lower := strings.ToLower(href)
	if len(href) > maxLink || !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return
	}
	shown := strings.TrimSpace(strings.TrimPrefix(t.line.String(), before))
	if strings.TrimSuffix(shown, "/") != strings.TrimSuffix(href, "/") {
		t.text(" (" + href + ")")
	}
}

func (t *textifier) text(s string) {
	for _, r := range s {
		switch {
		case t.pre > 0 && r == '\n':
			t.lineBreak()
		case t.pre > 0:
			t.line.WriteRune(r)
		case unicode.IsSpace(r):
			t.space = true
		default:
			if t.space && t.line.Len() > 0 {
				t.line.WriteByte(' ')
			}
			t.space = false
			t.line.WriteRune(r)
		}
	}
}

// endLine ends a line that has begun; lineBreak ends it in any case.
func (t *textifier) endLine() {
	if t.line.Len() > 0 {
		t.lineBreak()
	}
}

func (t *textifier) lineBreak() {
	line := t.line.String()
	if t.quote > 0 {
		line = strings.TrimSpace(strings.Repeat(">", t.quote) + " " + line)
	}
	t.lines = append(t.lines, line)
	t.line.Reset()
	t.space = false
}

// paragraph makes sure that a blank line stands before what follows.
func (t *textifier) paragraph() {
	t.endLine()
	if len(t.lines) > 0 && strings.Trim(t.lines[len(t.lines)-1], ">") != "" {
		t.lineBreak()
	}
}

// hiding matches the styles that make text invisible, without spaces.
var hiding = regexp.MustCompile(`display:none|visibility:hidden|mso-hide:all|(?:^|;)(?:font-size|opacity|max-height|max-width):0(?:\.0+)?(?:px|pt|r?em|%)?(?:!important)?(?:;|$)`)

// hidden reports text that no reader sees, such as preview lines; it must not
// speak to us either.
func hidden(n *html.Node) bool {
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	return hiding.MatchString(style) || hasAttr(n, "hidden")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
