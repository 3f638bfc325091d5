package knowledge

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ledongthuc/pdf"
)

// maxPages is more than any article has.
const maxPages = 2000

// readPDF reads the text of a PDF that people see on its pages. Lines in larger
// type become headings.
func readPDF(data []byte) (doc document, err error) {
	// The library panics on what it does not understand.
	defer func() {
		if fault := recover(); fault != nil {
			doc, err = document{}, brokenPDF(fmt.Sprint(fault))
		}
	}()
	if !bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return document{}, errors.New("not a PDF, whatever its name says: export it again")
	}
	file, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	switch {
	case errors.Is(err, pdf.ErrInvalidPassword):
		return document{}, errors.New("a PDF with a password: save it without one")
	case err != nil:
		return document{}, brokenPDF(err.Error())
	}
	pages := pagesOf(file.Trailer().Key("Root").Key("Pages"), 0)
	switch {
	case len(pages) == 0:
		return document{}, errors.New("a PDF without pages: export it again or remove it")
	case len(pages) > maxPages:
		return document{}, fmt.Errorf("has more than %d pages: divide it", maxPages)
	}
	var lines [][]pdfLine
	words, odd := 0, false
	for _, page := range pages {
		reader := pageReader{page: page, size: pageSize(page)}
		reader.read()
		lines = append(lines, reader.lines())
		doc.hidden, odd = doc.hidden || reader.hid, odd || reader.odd
		for _, l := range lines[len(lines)-1] {
			words += len(strings.Fields(l.text))
		}
	}
	switch {
	case odd:
		return document{}, errors.New("a PDF that does not say which letters it shows: export it again with its fonts embedded, or write the text down as markdown")
	case words == 0:
		return document{}, fmt.Errorf("a PDF of %s without text, perhaps a scan: run text recognition (OCR) over it, or write the text down as markdown", count(len(pages), "page"))
	}
	doc.body = layOut(dropRunning(lines))
	trailer := file.Trailer()
	doc.head.Language = trailer.Key("Root").Key("Lang").Text()
	doc.fallback = oneLine(trailer.Key("Info").Key("Title").Text())
	return doc, nil
}

func brokenPDF(why string) error {
	return fmt.Errorf("a PDF that cannot be read (%s): open it in another program and export it again", oneLine(why))
}

// box is the visible part of a page.
type box struct{ left, bottom, right, top float64 }

func (b box) has(x, y float64) bool {
	const slack = 5
	return x >= b.left-slack && x <= b.right+slack && y >= b.bottom-slack && y <= b.top+slack
}

// maxTree bounds how deep pages lie in their tree: in a broken file the tree
// may go round in a circle.
const maxTree = 40

// pagesOf returns the pages of a tree, or a few too many.
func pagesOf(node pdf.Value, depth int) (pages []pdf.Value) {
	kids := node.Key("Kids")
	if kids.Kind() != pdf.Array {
		if node.Key("Type").Name() == "Page" || !node.Key("Contents").IsNull() {
			return []pdf.Value{node}
		}
		return nil
	}
	if depth > maxTree {
		panic("its pages go round in a circle")
	}
	for i := range kids.Len() {
		if pages = append(pages, pagesOf(kids.Index(i), depth+1)...); len(pages) > maxPages {
			break
		}
	}
	return pages
}

// inherited returns what a page says, or the tree above it.
func inherited(page pdf.Value, key string) pdf.Value {
	for v, depth := page, 0; !v.IsNull() && depth <= maxTree; v, depth = v.Key("Parent"), depth+1 {
		if found := v.Key(key); !found.IsNull() {
			return found
		}
	}
	return pdf.Value{}
}

// pageSize returns what of a page is shown; a letter page when it does not say.
func pageSize(page pdf.Value) box {
	for _, key := range []string{"CropBox", "MediaBox"} {
		if r := inherited(page, key); r.Len() == 4 {
			n := func(i int) float64 { return r.Index(i).Float64() }
			return box{min(n(0), n(2)), min(n(1), n(3)), max(n(0), n(2)), max(n(1), n(3))}
		}
	}
	return box{0, 0, 612, 792}
}

// pdfLine is one line of a page.
type pdfLine struct {
	text string
	size float64 // of its largest letters
	x, y float64
}

// lines joins the runs of a page that stand on one line, in the order in which
// they are drawn.
func (r *pageReader) lines() (lines []pdfLine) {
	end := 0.0 // where the current line ends
	for _, run := range r.runs {
		last := len(lines) - 1
		if last >= 0 && near(lines[last].y, run.y, max(lines[last].size, run.size)*0.45) && run.x >= end-run.size {
			l := &lines[last]
			if run.x-end > run.size*0.2 && !strings.HasSuffix(l.text, " ") && !strings.HasPrefix(run.text, " ") {
				l.text += " "
			}
			l.text += run.text
			l.size = max(l.size, run.size)
			end = run.end
			continue
		}
		lines = append(lines, pdfLine{text: run.text, size: run.size, x: run.x, y: run.y})
		end = run.end
	}
	kept := lines[:0]
	for _, l := range lines {
		if l.text = oneLine(visible(l.text)); l.text != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

var digits = regexp.MustCompile(`[0-9]+`)

func near(a, b, tolerance float64) bool { return a-b <= tolerance && b-a <= tolerance }

// dropRunning leaves out the lines at the top and the foot of a page that stand
// on most pages: names of the document, page numbers.
func dropRunning(pages [][]pdfLine) [][]pdfLine {
	if len(pages) < 3 {
		return pages
	}
	shape := func(l pdfLine) string { return digits.ReplaceAllString(l.text, "#") }
	seen := map[string]int{}
	edges := func(page []pdfLine) []int {
		if len(page) < 3 {
			return nil
		}
		return []int{0, len(page) - 1}
	}
	for _, page := range pages {
		for _, i := range edges(page) {
			seen[shape(page[i])]++
		}
	}
	for n, page := range pages {
		drop := map[int]bool{}
		for _, i := range edges(page) {
			drop[i] = seen[shape(page[i])] > len(pages)/2
		}
		var kept []pdfLine
		for i, l := range page {
			if !drop[i] {
				kept = append(kept, l)
			}
		}
		pages[n] = kept
	}
	return pages
}

// layOut makes markdown of lines: what is set clearly larger than most of the
// text is a heading, a gap or an indented bullet begins a paragraph.
func layOut(pages [][]pdfLine) string {
	body := bodySize(pages)
	levels := headingSizes(pages, body)
	var out strings.Builder
	var last pdfLine
	for _, page := range pages {
		for i, l := range page {
			level := levels[rounded(l.size)]
			switch item, isItem := bullet(l.text); {
			case level > 0 && len(l.text) <= 160:
				if i > 0 && levels[rounded(last.size)] == level && gap(last, l) < 1.5 && strings.HasPrefix(lastLine(&out), "#") {
					out.WriteString(" " + l.text) // a heading of two lines
				} else {
					out.WriteString("\n\n" + strings.Repeat("#", level) + " " + l.text)
				}
			case isItem:
				if !strings.HasPrefix(lastLine(&out), "- ") {
					out.WriteString("\n")
				}
				out.WriteString("\n- " + item)
			case levels[rounded(last.size)] > 0 || i > 0 && gap(last, l) > 1.7:
				out.WriteString("\n\n" + l.text)
			default:
				join(&out, l.text)
			}
			last = l
		}
	}
	return strings.TrimSpace(out.String())
}

// join goes on with a sentence on the next line, and with a word that was
// divided at the end of the line before.
func join(out *strings.Builder, text string) {
	written := out.String()
	before, hyphen := strings.CutSuffix(written, "-")
	if hyphen && before != "" && isLetter(before[len(before)-1]) && text[0] >= 'a' && text[0] <= 'z' {
		out.Reset()
		out.WriteString(before + text)
		return
	}
	if written != "" {
		out.WriteString("\n")
	}
	out.WriteString(text)
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80 }

func lastLine(out *strings.Builder) string {
	s := out.String()
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// gap is how far two lines are apart, in the height of the smaller one.
func gap(above, below pdfLine) float64 {
	return (above.y - below.y) / max(min(above.size, below.size), 1)
}

func bullet(text string) (item string, ok bool) {
	for _, mark := range []string{"•", "●", "▪", "◦", "–", "‣", "·"} {
		if rest, found := strings.CutPrefix(text, mark); found && strings.TrimSpace(rest) != "" {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

func rounded(size float64) int { return int(size*2 + 0.5) }

// bodySize returns the size in which most of the text is set.
func bodySize(pages [][]pdfLine) int {
	letters := map[int]int{}
	for _, page := range pages {
		for _, l := range page {
			letters[rounded(l.size)] += len(l.text)
		}
	}
	best := 0
	for size, n := range letters {
		if best == 0 || cmp.Or(cmp.Compare(n, letters[best]), cmp.Compare(best, size)) > 0 {
			best = size
		}
	}
	return best
}

// headingSizes gives the sizes that are clearly larger than body a level, the
// largest the first. More than three are one.
func headingSizes(pages [][]pdfLine, body int) map[int]int {
	var sizes []int
	levels := map[int]int{}
	for _, page := range pages {
		for _, l := range page {
			if size := rounded(l.size); float64(size) >= 1.15*float64(body) && levels[size] == 0 {
				levels[size] = 1
				sizes = append(sizes, size)
			}
		}
	}
	for _, size := range sizes {
		larger := 0
		for _, other := range sizes {
			if other > size {
				larger++
			}
		}
		levels[size] = min(larger+1, 3)
	}
	return levels
}
