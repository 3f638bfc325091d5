package llm

import (
	"strings"
	"unicode"
)

// visible drops the characters that people do not see and models do read: tag
// and filler characters in which instructions can hide, and the controls that
// make text look other than it is. What scripts and emoji need stays where they
// need it: joiners in Persian, Hindi and between emoji, the selector of emoji
// behind one. So do line breaks and tabs.
func visible(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	last := rune(0) // of what stays
	for _, r := range s {
		if unseen(r, last) {
			continue
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// unseen reports whether r, behind last, is not seen.
func unseen(r, last rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case joiner(r):
		// Scripts that join begin with the Arabic one; between Latin letters
		// joiners could only spell something.
		return last < 0x0600 || joiner(last)
	case r == '\ufe0e', r == '\ufe0f':
		return !unicode.Is(unicode.So, last) && !unicode.Is(unicode.Sk, last) && !unicode.Is(unicode.Po, last) &&
			!unicode.Is(unicode.Sm, last) && !unicode.Is(unicode.Nd, last)
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return true
	}
	return filler(r)
}

func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// filler reports whether r has no shape of its own without being a control:
// fillers, blanks, and the selectors that choose between shapes.
func filler(r rune) bool {
	switch {
	case r >= 0xE0000 && r <= 0xE0FFF, r >= 0xFE00 && r <= 0xFE0F, r >= 0x180B && r <= 0x180F:
		return true
	}
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2065', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return false
}
