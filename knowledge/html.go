package knowledge

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// readHTML reads a page: what of it people see becomes markdown, and its head
// says what front matter would.
func readHTML(data []byte) (document, error) {
	reader, err := charset.NewReader(bytes.NewReader(data), "text/html")
	if err != nil {
		return document{}, errors.New("its characters cannot be read: save it as UTF-8")
	}
	root, err := html.ParseWithOptions(reader, html.ParseOptionEnableScripting(false))
	if err != nil {
		return document{}, fmt.Errorf("not HTML that can be read (%s): open it in a browser and save it again", oneLine(err.Error()))
	}
	p := page{styles: map[*html.Node]style{}}
	p.readHead(root)
	p.applySheets(root)
	content := mainPart(root)
	p.clean(content, p.backgroundOf(content))
	convert := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin()))
	markdown, err := convert.ConvertNode(content)
	if err != nil {
		return document{}, fmt.Errorf("HTML that cannot be converted (%s): save it as markdown", oneLine(err.Error()))
	}
	p.body = strings.ReplaceAll(string(markdown), "\u00a0", " ")
	return p.document, nil
}

// page is a page while it is read.
type page struct {
	document
	sheets []string
	styles map[*html.Node]style
}

// readHead finds what the page says of itself.
func (p *page) readHead(root *html.Node) {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "html":
			p.head.Language = cmp.Or(p.head.Language, attribute(n, "lang"))
		case "title":
			if n.Parent != nil && n.Parent.DataAtom == atom.Head {
				p.fallback = cmp.Or(p.fallback, textOf(n))
			}
		case "style":
			p.sheets = append(p.sheets, textOf(n))
		case "meta":
			value := attribute(n, "content")
			switch strings.ToLower(attribute(n, "name")) {
			case "category":
				p.head.Category = value
			case "language":
				p.head.Language = cmp.Or(p.head.Language, value)
			case "updated", "dcterms.modified", "last-modified":
				p.head.Updated, _, _ = strings.Cut(value, "T")
			case "translation_of", "translation-of":
				p.head.TranslationOf = value
			case "questions":
				p.head.Questions = append(p.head.Questions, value)
			case "trusted":
				p.head.Trusted = value == "true"
			}
		}
	}
}

// applySheets finds what the style sheets of the page say of its elements.
func (p *page) applySheets(root *html.Node) {
	for _, sheet := range p.sheets {
		for _, r := range parseSheet(sheet) {
			selector, err := cascadia.ParseGroup(r.selector)
			if err != nil {
				continue // such as :hover, which nobody does here
			}
			for _, n := range cascadia.QueryAll(root, selector) {
				if p.styles[n] == nil {
					p.styles[n] = style{}
				}
				maps.Copy(p.styles[n], r.style)
			}
		}
	}
}

// styleOf returns the whole style of an element.
func (p *page) styleOf(n *html.Node) style {
	whole := style{}
	maps.Copy(whole, p.styles[n])
	if c := attribute(n, "bgcolor"); c != "" {
		whole["background-color"] = strings.ToLower(c)
	}
	if n.DataAtom == atom.Font {
		whole["color"] = strings.ToLower(attribute(n, "color"))
	}
	maps.Copy(whole, parseStyle(attribute(n, "style")))
	return whole
}

// backgroundOf returns what is painted behind an element by those around it.
func (p *page) backgroundOf(n *html.Node) string {
	for parent := range n.Ancestors() {
		if parent.Type == html.ElementNode {
			if c := p.styleOf(parent).background(); c != "" {
				return c
			}
		}
	}
	return white
}

// clean removes what people do not see below an element, and what does not
// survive in a text: images, attributes, links to places on the same site.
func (p *page) clean(n *html.Node, background string) {
	if own := p.styleOf(n).background(); own != "" {
		background = own
	}
	for _, child := range slices.Collect(n.ChildNodes()) {
		switch child.Type {
		case html.CommentNode:
			n.RemoveChild(child)
		case html.ElementNode:
			switch {
			case p.hides(child, background):
				p.hidden = p.hidden || textOf(child) != ""
				n.RemoveChild(child)
			case chrome(child.Data):
				n.RemoveChild(child)
			default:
				tidy(child)
				p.clean(child, background)
			}
		default:
		}
	}
}

// hides reports whether a person sees nothing of an element.
func (p *page) hides(n *html.Node, background string) bool {
	return unseen(n.Data) || hiddenBy(withoutStyle(n.Attr)) || p.styleOf(n).hidden(background)
}

func withoutStyle(attributes []html.Attribute) []html.Attribute {
	return slices.DeleteFunc(slices.Clone(attributes), func(a html.Attribute) bool { return a.Key == "style" })
}

// chrome reports whether an element belongs to the site and not to the text.
func chrome(element string) bool {
	switch element {
	case "nav", "img", "picture", "input", "button", "select", "textarea", "dialog":
		return true
	}
	return false
}

// tidy makes of a link without an address of its own the words that it is.
func tidy(n *html.Node) {
	if n.DataAtom == atom.A {
		address := attribute(n, "href")
		n.Attr = []html.Attribute{{Key: "href", Val: address}}
		lower := strings.ToLower(address)
		if !slices.ContainsFunc([]string{"https://", "http://", "mailto:", "tel:"}, func(scheme string) bool { return strings.HasPrefix(lower, scheme) }) {
			n.DataAtom, n.Data, n.Attr = atom.Span, "span", nil
		}
	}
}

// mainPart returns the element that holds the text: the only one marked as
// such, else the body.
func mainPart(root *html.Node) *html.Node {
	for _, kind := range []atom.Atom{atom.Main, atom.Article, atom.Body} {
		var found []*html.Node
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.DataAtom == kind {
				found = append(found, n)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	return root
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(text.String())
}
