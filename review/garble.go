package review

import (
	"regexp"
	"strings"
	"unicode"
)

// signs finds runs of what only programs write: brackets, slashes and the like,
// three or more with nothing between them but white space.
var signs = regexp.MustCompile("(?:[\\[\\]{}<>|\\\\/*=^~#$@&_`]\\s?){3,}")

// garbled reports whether an answer has no word at all, or holds signs that
// people cannot read. What stands in a cited chunk, such as a path or a
// placeholder, they can.
func (d *draft) garbled() bool {
	if !strings.ContainsFunc(d.text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return true
	}
	for _, run := range signs.FindAllString(d.text, -1) {
		if !d.stands(strings.TrimSpace(run)) {
			return true
		}
	}
	return false
}
