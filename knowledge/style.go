package knowledge

import (
	"regexp"
	"strconv"
	"strings"
)

// white is the colour of a page that names none.
const white = "#ffffff"

// style is what a sheet or an attribute says of an element, by property.
type style map[string]string

// parseStyle reads declarations. Later ones win.
func parseStyle(text string) style {
	s := style{}
	for declaration := range strings.SplitSeq(text, ";") {
		property, value, ok := strings.Cut(declaration, ":")
		if !ok {
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		value = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
		s[strings.ToLower(strings.TrimSpace(property))] = value
	}
	return s
}

var (
	length = regexp.MustCompile(`^(-?[0-9]*\.?[0-9]+)\s*([a-z%]*)$`)
	// clipped is text for screen readers only.
	clipped = regexp.MustCompile(`^rect\(\s*[01](px)?[\s,]+[01](px)?[\s,]+[01](px)?[\s,]+[01](px)?\s*\)$|^inset\(\s*(50|100)%`)
)

// hidden reports whether nobody sees the words of an element with this style
// on a background: it is not shown, has no size or the colour of the page, or
// lies outside the page.
func (s style) hidden(background string) bool {
	switch {
	case s["display"] == "none", s["visibility"] == "hidden", s["visibility"] == "collapse", s["content-visibility"] == "hidden":
		return true
	case s.below("opacity", 0.05), s.below("font-size", 2), clipped.MatchString(s["clip"]), clipped.MatchString(s["clip-path"]):
		return true
	case s["position"] == "absolute" || s["position"] == "fixed":
		if s.outside("left") || s.outside("right") || s.outside("top") || s.outside("bottom") {
			return true
		}
	}
	if s.outside("text-indent") || s.outside("margin-left") {
		return true
	}
	if strings.HasPrefix(s["overflow"], "hidden") && (s.below("width", 2) || s.below("height", 2) || s.below("max-width", 2) || s.below("max-height", 2)) {
		return true
	}
	if own := s.background(); own != "" {
		background = own
	}
	ink := colour(s["color"])
	return ink == "transparent" || ink != "" && ink == background
}

// background returns the colour that is painted behind an element, empty when
// none is and "?" when it is more than a colour.
func (s style) background() string {
	for _, property := range []string{"background-color", "background"} {
		value, ok := s[property]
		if !ok || value == "" || value == "none" || value == "transparent" || value == "inherit" {
			continue
		}
		if c := colour(value); c != "" {
			return c
		}
		return "?"
	}
	return ""
}

// below reports whether a length is less than limit: pixels, points or plain
// numbers; of those that depend on something else only zero is.
func (s style) below(property string, limit float64) bool {
	n, unit, ok := s.length(property)
	switch {
	case !ok:
		return false
	case unit == "" || unit == "px" || unit == "pt":
		return n < limit
	case unit == "em" || unit == "rem":
		return n*16 < limit
	default:
		return n == 0
	}
}

// outside reports whether a position is far off the page.
func (s style) outside(property string) bool {
	n, unit, ok := s.length(property)
	switch {
	case !ok:
		return false
	case unit == "em" || unit == "rem" || unit == "%" || unit == "vw" || unit == "vh":
		return n <= -99
	default:
		return n <= -900
	}
}

func (s style) length(property string) (n float64, unit string, ok bool) {
	parts := length.FindStringSubmatch(s[property])
	if parts == nil {
		return 0, "", false
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	return n, parts[2], err == nil
}

var rgb = regexp.MustCompile(`^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*(?:[,/]\s*([\d.]+)%?\s*)?\)$`)

// colour returns a colour as #rrggbb or "transparent"; near whites count as
// white. It is empty when the value is something else.
func colour(value string) string {
	switch value {
	case "white", "snow", "ivory", "floralwhite", "ghostwhite", "whitesmoke", "azure", "mintcream":
		return white
	case "black":
		return "#000000"
	case "transparent":
		return value
	}
	var r, g, b int64
	if hex, ok := strings.CutPrefix(value, "#"); ok {
		switch len(hex) {
		case 3, 4:
			hex = strings.Repeat(hex[:1], 2) + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2)
		case 6:
		case 8:
			hex = hex[:6]
		default:
			return ""
		}
		n, err := strconv.ParseInt(hex, 16, 64)
		if err != nil {
			return ""
		}
		r, g, b = n>>16, n>>8&0xff, n&0xff
	} else {
		parts := rgb.FindStringSubmatch(value)
		if parts == nil {
			return ""
		}
		if alpha, err := strconv.ParseFloat(parts[4], 64); err == nil && alpha == 0 {
			return "transparent"
		}
		channel := func(text string) int64 {
			n, _ := strconv.ParseInt(text, 10, 64) // digits by the pattern
			return min(n, 255)
		}
		r, g, b = channel(parts[1]), channel(parts[2]), channel(parts[3])
	}
	if min(r, g, b) >= 0xf5 {
		return white
	}
	return "#" + strconv.FormatInt(1<<24|r<<16|g<<8|b, 16)[1:]
}

// rule is one selector of a style sheet.
type rule struct {
	selector string
	style    style
}

var everyScreen = regexp.MustCompile(`^@media\s+(?:only\s+)?(?:screen|all)\s*$`)

// parseSheet returns the rules of a style sheet that hold on every screen.
func parseSheet(text string) (rules []rule) {
	text = cssComment.ReplaceAllString(text, "")
	for text != "" {
		head, rest, ok := strings.Cut(text, "{")
		if !ok {
			return rules
		}
		// What ends with a semicolon ahead of a rule has no block: @import, @charset.
		head = strings.TrimSpace(head[strings.LastIndexAny(head, ";}")+1:])
		end := closing(rest)
		block := rest[:end]
		text = rest[min(end+1, len(rest)):]
		switch {
		case everyScreen.MatchString(strings.ToLower(head)):
			rules = append(rules, parseSheet(block)...)
		case strings.HasPrefix(head, "@"):
		default:
			rules = append(rules, rule{head, parseStyle(block)})
		}
	}
	return rules
}

var cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// closing returns where the block that text begins in ends.
func closing(text string) int {
	depth := 1
	for i, r := range text {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
