package redact

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoted stands for what stood between quotation marks.
const quoted = "[quoted]"

// command is what our own messages quote: what to run.
var command = regexp.MustCompile("^fte( [a-z]+| --?[a-z]+| [A-Z]+)*$")

// quotes masks what stands between quotation marks. A quotation that does not
// end goes on to the end of the text: it was cut off.
func quotes(s string) string {
	var b strings.Builder
	before := ' '
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		closers := closersOf(r, before)
		if closers == "" {
			b.WriteRune(r)
			before, s = r, s[size:]
			continue
		}
		inside, rest := upTo(s[size:], closers)
		if r == '`' && len(rest) < len(s)-size-len(inside) && command.MatchString(inside) {
			b.WriteString("`" + inside + "`")
		} else {
			b.WriteString(quoted)
		}
		before, s = ']', rest
	}
	return b.String()
}

// closersOf returns the marks that may end a quotation which r begins, none
// when it begins none. An apostrophe stands after a letter.
func closersOf(r, before rune) string {
	switch r {
	case '"', '`':
		return string(r)
	case '\'', '‘', '‚', '’':
		if unicode.IsLetter(before) || unicode.IsDigit(before) || before == ']' {
			return ""
		}
		return "'‘’"
	case '“', '”', '„', '‟':
		return "“”‟\""
	case '«', '»':
		return "«»"
	case '‹', '›':
		return "‹›"
	case '「', '『':
		return "」』"
	default:
		return ""
	}
}

// upTo splits s at the first of the closing marks that is not escaped and, if
// it is an apostrophe, does not stand within a word.
func upTo(s, closers string) (inside, rest string) {
	escaped := false
	for at, r := range s {
		end := at + utf8.RuneLen(r)
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case strings.ContainsRune(closers, r):
			next, _ := utf8.DecodeRuneInString(s[end:])
			if strings.ContainsRune("'’", r) && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
				continue
			}
			return s[:at], s[end:]
		}
	}
	return s, ""
}
