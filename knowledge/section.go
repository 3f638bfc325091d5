package knowledge

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// section is the text below one heading, up to the next heading of any level.
type section struct {
	path   []string // the headings that lead to it; empty before the first
	blocks []block
}

// block is a run of lines that belong together.
type block struct {
	text string
	kind blockKind
}

type blockKind int

const (
	prose blockKind = iota
	bullets
	// solid blocks, tables and code, are never cut.
	solid
)

var (
	atxHeading    = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	fenceStart    = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})")
	listItem      = regexp.MustCompile(`^\s*(?:[-*+]|\d{1,9}[.)])\s`)
	tableRuler    = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)
	setextHeading = regexp.MustCompile(`^ {0,3}(=+|-+)[ \t]*$`)
)

// parseSections cuts markdown at its headings and returns the first heading of
// level one as the title. Sections without text are left out: their heading
// lives on in the path of those below.
func parseSections(body string) (sections []section, title string) {
	p := sectionParser{}
	lines := strings.Split(dropComments(body), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if fence := fenceStart.FindStringSubmatch(line); fence != nil {
			p.endBlock()
			end := endOfFence(lines, i, fence[1])
			p.add(strings.Join(lines[i:end], "\n"), solid)
			i = end - 1
			continue
		}
		if h := atxHeading.FindStringSubmatch(line); h != nil {
			p.heading(len(h[1]), h[2])
			continue
		}
		if s := setextHeading.FindStringSubmatch(line); s != nil && len(p.lines) == 1 && !strings.Contains(p.lines[0], "|") && !listItem.MatchString(p.lines[0]) {
			text := p.lines[0]
			p.lines = nil
			p.heading(1+strings.Index("=-", s[1][:1]), text)
			continue
		}
		if strings.TrimSpace(line) == "" {
			p.endBlock()
			continue
		}
		p.lines = append(p.lines, strings.TrimRight(line, " \t"))
	}
	p.endSection()
	return p.sections, p.title
}

type sectionParser struct {
	sections []section
	title    string
	current  section
	levels   []int    // of the headings in path
	path     []string // of the current section
	lines    []string // of the current block
}

func (p *sectionParser) heading(level int, title string) {
	p.endSection()
	for len(p.levels) > 0 && p.levels[len(p.levels)-1] >= level {
		p.levels, p.path = p.levels[:len(p.levels)-1], p.path[:len(p.path)-1]
	}
	if title = oneLine(title); title != "" {
		p.levels, p.path = append(p.levels, level), append(p.path, title)
	}
	if level == 1 {
		p.title = cmp.Or(p.title, title)
	}
	p.current.path = slices.Clone(p.path)
}

func (p *sectionParser) endSection() {
	p.endBlock()
	if len(p.current.blocks) > 0 {
		p.sections = append(p.sections, p.current)
	}
	p.current.blocks = nil
}

func (p *sectionParser) endBlock() {
	if len(p.lines) == 0 {
		return
	}
	kind := prose
	switch {
	case len(p.lines) > 1 && strings.Contains(p.lines[0], "|") && tableRuler.MatchString(p.lines[1]):
		kind = solid
	case listItem.MatchString(p.lines[0]):
		kind = bullets
	}
	p.add(strings.Join(p.lines, "\n"), kind)
	p.lines = nil
}

func (p *sectionParser) add(text string, kind blockKind) {
	p.current.blocks = append(p.current.blocks, block{text: text, kind: kind})
}

// endOfFence returns the index after the line that closes the fence begun at
// start; a fence that is never closed goes on to the end.
func endOfFence(lines []string, start int, fence string) int {
	for i := start + 1; i < len(lines); i++ {
		if closesFence(lines[i], fence) {
			return i + 1
		}
	}
	return len(lines)
}

func closesFence(line, fence string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= len(fence) && strings.Trim(line, fence[:1]) == ""
}

// dropComments removes HTML comments outside code: they are notes among
// authors, and a model would tell them to customers.
func dropComments(body string) string {
	var kept strings.Builder
	fence := ""
	for body != "" {
		line, rest, _ := strings.Cut(body, "\n")
		marks := fenceStart.FindStringSubmatch(line)
		switch {
		case fence == "" && marks != nil:
			fence = marks[1]
		case fence != "" && closesFence(line, fence):
			fence = ""
		case fence == "":
			if before, _, ok := strings.Cut(line, "<!--"); ok {
				if _, after, closed := strings.Cut(body[len(before):], "-->"); closed {
					body = before + after
					continue
				}
			}
		}
		kept.WriteString(line)
		kept.WriteByte('\n')
		body = rest
	}
	return kept.String()
}
