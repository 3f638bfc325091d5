package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Sanitize returns s as valid UTF-8 without NUL and other control characters;
// tabs stay, and every kind of line end becomes "\n". Postgres refuses NUL and
// invalid UTF-8, and a customer's message must not be lost for that: broken
// bytes are replaced by U+FFFD.
func Sanitize(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r):
			return -1
		default:
			return r
		}
	}, s)
}

// Line returns s sanitised and on one line: every run of white space becomes
// one space and the ends are trimmed. Names and subjects go through it, for
// they end up in mail headers.
func Line(s string) string {
	return strings.Join(strings.Fields(Sanitize(s)), " ")
}

// Truncate returns s cut to at most limit characters (runes), never inside
// what a reader sees as one character. A cut text ends in "…", which counts.
func Truncate(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	if limit < 1 {
		return ""
	}
	end, runes, state := 0, 0, -1
	for rest := s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		runes += utf8.RuneCountInString(cluster)
		if runes > limit-1 {
			break
		}
		end += len(cluster)
	}
	return s[:end] + "…"
}
