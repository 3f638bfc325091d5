package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// folded is a text as the rules read it: digits of every script and wide
// letters as the ordinary ones, spaces and dashes of one kind, and nothing that
// cannot be seen. at says for each of its bytes, and for its end, where that
// stood in the text.
type folded struct {
	text string
	at   []int
}

func fold(s string) folded {
	var b strings.Builder
	b.Grow(len(s))
	at := make([]int, 0, len(s)+1)
	for i, r := range s {
		r = plain(r)
		if r < 0 {
			continue
		}
		b.WriteRune(r)
		for range utf8.RuneLen(r) {
			at = append(at, i)
		}
	}
	return folded{b.String(), append(at, len(s))}
}

// plain returns the ordinary form of a sign, -1 for what cannot be seen.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || (r >= ' ' && r <= '~'):
		return r
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case unicode.IsSpace(r) && r != '\r' && r != '\u2028' && r != '\u2029':
		return ' '
	case r == '\u2028' || r == '\u2029':
		return '\n'
	case unicode.Is(unicode.Pd, r), r == '\u2212':
		return '-'
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Variation_Selector):
		return -1
	case unicode.IsDigit(r):
		return digit(r)
	default:
		return r
	}
}

// digit returns the ordinary form of a decimal digit of another script: digits
// stand in tens, from zero to nine.
func digit(r rune) rune {
	for _, rows := range unicode.Nd.R16 {
		if r >= rune(rows.Lo) && r <= rune(rows.Hi) {
			return '0' + (r-rune(rows.Lo))%10
		}
	}
	for _, rows := range unicode.Nd.R32 {
		if r >= rune(rows.Lo) && r <= rune(rows.Hi) {
			return '0' + (r-rune(rows.Lo))%10
		}
	}
	return r
}

// compact returns the letters and digits of s, capital.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return -1
	}, s)
}
