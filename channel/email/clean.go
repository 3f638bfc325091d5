package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// cleanText returns s as valid UTF-8 with newlines as line ends and without
// control characters: Postgres refuses NUL, terminals and pages the others.
func cleanText(s string) string {
	s = toUTF8(s)
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n', r == '\t':
			return r
		case r == '\u00a0':
			return ' '
		case unicode.IsControl(r), r == '\ufeff':
			return -1
		default:
			return r
		}
	}, s)
}

// cleanLine returns s as one line of at most limit runes, for names, subjects
// and everything else that must not start a line of its own. Marks that turn
// the writing direction go too: they make one address look like another.
func cleanLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, cleanText(s))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > limit {
		s = strings.TrimSpace(string([]rune(s)[:limit]))
	}
	return s
}

// toUTF8 repairs text of unknown encoding. Western 8-bit text is by far the
// commonest mail without a charset, so text with more broken bytes than whole
// multi-byte characters is taken for that.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	broken, whole := 0, 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case n > 1:
			whole++
		}
		i += n
	}
	if broken > whole {
		if decoded, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
			return decoded
		}
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// truncationMark ends a text that was cut.
const truncationMark = "\n[truncated]"

// clip cuts s to at most limit bytes, mark included, between characters.
func clip(s string, limit int) (string, bool) {
	if len(s) <= limit {
		return s, false
	}
	return cut(s, limit-len(truncationMark)) + truncationMark, true
}

// cut returns at most limit bytes of s, ending between characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	limit = max(limit, 0)
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
