package llm

import (
	"strings"
	"unicode"
)

// visible drops the characters that people do not see and models do read: tag
// and filler characters in which instructions can hide, and the controls that
// make text look other than it is. Joiners stay, since Persian, Hindi and
// emoji need them, and so do line breaks and tabs.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\u200c', r == '\u200d':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case r >= 0xE0100 && r <= 0xE01EF, r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0':
			return -1
		default:
			return r
		}
	}, s)
}
