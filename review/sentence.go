package review

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence is one statement of a text with what stands above it.
type sentence struct {
	text    string
	tokens  []token
	heading string // the headings it stands below
	intro   string // the sentence with a colon that its list belongs to
	item    bool   // it stands in a list
	cell    bool   // it was made of a table
	// label is the first cell of a table's row, up to a comma.
	label string
}

var (
	heading   = regexp.MustCompile(`^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$`)
	listMark  = regexp.MustCompile(`^\s*(?:[-*+•–]|\(?\d{1,3}[.)]|\(?[a-z]\))\s+`)
	mdLink    = regexp.MustCompile(`!?\[([^\]\n]*)\]\(([^)\s]*)(?:\s+"[^"]*")?\)`)
	mdStrong  = regexp.MustCompile("\\*\\*|__|~~|`|\\*(\\pL)|(\\pL)\\*")
	anyTag    = regexp.MustCompile(`<!--.*?-->|</?[a-zA-Z][^<>]*>`)
	ending    = regexp.MustCompile(`[.!?…]+["'”’)\]]*(?:\s+|$)`)
	shortened = regexp.MustCompile(`(?i)(?:^|[\s(])(?:e\.g|i\.e|z\.\s?b|d\.\s?h|u\.\s?a|bzw|ca|etc|usw|vs|str|dr|mr|mrs|ms|prof|st|inkl|incl|approx|max|min|tel|art|abs|ggf|evtl|sog|p\.\s?ej|ex|bijv|d\.w\.z|\pL)\.$`)
	numbered  = regexp.MustCompile(`(?i)(?:^|[\s(])(?:no|nr|art|fig|nos)\.$`)
)

// split cuts a text with its markdown into sentences; headings stand above
// others and are none. A table gives one sentence a cell.
func split(text string, wrapped bool) []sentence {
	var out []sentence
	var path []string
	var levels []int
	var heads []string
	paragraph, intro, item, code := "", "", false, false
	emit := func(text string, item, cell bool) {
		s := sentence{text: text, heading: strings.Join(path, " > "), item: item, cell: cell}
		if item {
			s.intro = intro
		}
		out = append(out, s)
	}
	flush := func() {
		for _, s := range cut(paragraph) {
			emit(s, item, false)
		}
		if !item {
			intro = ""
			if n := len(out); n > 0 && strings.HasSuffix(out[n-1].text, ":") {
				intro = out[n-1].text
			}
		}
		paragraph, item = "", false
	}
	if strings.Contains(text, "](") {
		text = mdLink.ReplaceAllString(text, "$1 $2")
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~"):
			flush()
			code = !code
		case code:
			if trimmed != "" {
				emit(trimmed, false, true)
			}
		case strings.HasPrefix(trimmed, "|"):
			flush()
			cells := rowCells(trimmed)
			switch {
			case isRuler(trimmed):
			case heads == nil:
				heads = cells
			default:
				for _, s := range rowSentences(heads, cells) {
					emit(s, false, true)
					out[len(out)-1].label, _, _ = strings.Cut(cells[0], ",")
				}
			}
			continue
		case trimmed == "" || isRuler(trimmed):
			flush()
		case strings.HasPrefix(trimmed, "#") && heading.MatchString(line):
			flush()
			intro = ""
			level := strings.Count(strings.SplitN(trimmed, " ", 2)[0], "#")
			for len(levels) > 0 && levels[len(levels)-1] >= level {
				levels, path = levels[:len(levels)-1], path[:len(path)-1]
			}
			levels, path = append(levels, level), append(slices.Clone(path), heading.FindStringSubmatch(line)[1])
		case listMark.MatchString(line):
			flush()
			paragraph, item = strip(listMark.ReplaceAllString(line, "")), true
		default:
			if paragraph != "" && !continues(paragraph, trimmed, wrapped) {
				flush()
			}
			paragraph = strings.TrimSpace(paragraph + " " + strip(trimmed))
		}
		heads = nil
	}
	flush()
	return out
}

// isRuler reports whether a line only draws something.
func isRuler(line string) bool { return strings.Trim(line, "|:=_*- \t") == "" }

// wrapFrom is how long a line is at least that was broken for its length.
const wrapFrom = 60

// continues reports whether a line goes on with the sentence above it. Chunks
// are wrapped where their author liked; in a draft a line is a thought.
func continues(above, line string, wrapped bool) bool {
	if wrapped {
		return true
	}
	first, _ := utf8.DecodeRuneInString(line)
	return unicode.IsLower(first) && len(above) >= wrapFrom && !strings.ContainsAny(above[len(above)-1:], ".!?:;")
}

// strip takes the markdown off a line.
func strip(line string) string {
	line = strings.TrimPrefix(line, "> ")
	if strings.Contains(line, "<") {
		line = anyTag.ReplaceAllString(line, " ")
	}
	if strings.ContainsAny(line, "*_~`") {
		line = mdStrong.ReplaceAllString(line, "$1$2")
	}
	return strings.TrimSpace(line)
}

// cut splits a paragraph behind marks that end a sentence, but not behind an
// abbreviation, and not before something that cannot begin one.
func cut(paragraph string) []string {
	var parts []string
	start := 0
	for _, span := range ending.FindAllStringIndex(paragraph, -1) {
		upTo := strings.TrimSpace(paragraph[start:span[1]])
		next, _ := utf8.DecodeRuneInString(paragraph[span[1]:])
		strong := strings.ContainsAny(paragraph[span[0]:span[1]], "!?…")
		if span[1] < len(paragraph) && !strong && (unicode.IsLower(next) || unicode.IsDigit(next) && numbered.MatchString(upTo) || abbreviated(upTo)) {
			continue
		}
		parts = append(parts, upTo)
		start = span[1]
	}
	parts = append(parts, strings.TrimSpace(paragraph[start:]))
	return slices.DeleteFunc(parts, func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	})
}

// longestAbbreviation is how long what shortened finds is at most.
const longestAbbreviation = 10

// abbreviated reports whether a text ends in an abbreviation.
func abbreviated(text string) bool {
	text = strings.TrimRight(text, `"'”’)]`)
	if at := len(text) - longestAbbreviation; at > 0 {
		for !utf8.RuneStart(text[at]) {
			at++
		}
		text = text[at:]
	}
	return shortened.MatchString(text)
}

func rowCells(line string) []string {
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|"), "|")
	for i, c := range cells {
		cells[i] = strip(strings.TrimSpace(c))
	}
	return cells
}

// rowSentences says each cell of a row behind the row's first cell and the head
// of its column. A row as a whole would let a claim mix its columns.
func rowSentences(heads, cells []string) []string {
	var all []string
	for i, cell := range cells {
		head := ""
		if i < len(heads) {
			head = heads[i]
		}
		for _, part := range cut(cell) {
			if i > 0 {
				part = cells[0] + " " + head + " " + part
			} else {
				part = head + " " + part
			}
			all = append(all, strings.TrimSpace(part))
		}
	}
	return all
}
