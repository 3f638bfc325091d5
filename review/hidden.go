package review

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/digital-fte/fte/ticket"
)

const zeroWidthJoiner = '\u200d'

var blob = regexp.MustCompile(`[A-Za-z0-9+/_-]{41,}={0,2}`)

// hidden refuses what a reader does not see or takes for something else.
func (d *draft) hidden() ticket.Verdict {
	var reasons []string
	if invisible(d.Draft) {
		reasons = append(reasons, "The answer has characters that cannot be seen: write plain text.")
	}
	if mixesAlphabets(d.text) {
		reasons = append(reasons, "A word of the answer mixes letters of several alphabets: write it in one.")
	}
	if strings.ContainsFunc(d.Draft, func(r rune) bool { return disguised(r) && !strings.ContainsRune(d.allowed.text, r) }) {
		reasons = append(reasons, "The answer has a number in other signs than 0 to 9: write it in those.")
	}
	for _, b := range blob.FindAllString(d.allowed.strip(d.text), -1) {
		if looksEncoded(b) && !d.stands(b) {
			reasons = append(reasons, "The answer has a long encoded text: leave it out.")
			break
		}
	}
	return refuse(RuleHidden, reasons...)
}

// disguised reports whether a sign is a digit or number that no rule about
// numbers reads: wide, raised, Arabic, Roman, circled, a fraction.
func disguised(r rune) bool {
	return r > unicode.MaxASCII && unicode.IsNumber(r) || r == '🔟'
}

// invisible reports whether text has characters without a shape: control,
// direction, tags, zero width. The joiner between emoji and the choice of how an
// emoji looks are part of ordinary writing.
func invisible(text string) bool {
	runes := []rune(text)
	for i, r := range runes {
		if r == zeroWidthJoiner && i > 0 && i+1 < len(runes) && pictures(runes[i-1]) && pictures(runes[i+1]) {
			continue
		}
		if unseen(r) {
			return true
		}
	}
	return false
}

func pictures(r rune) bool {
	return unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) || r == '\ufe0f'
}

func unseen(r rune) bool {
	switch r {
	case '\n', '\t', '\r', '\ufe0f', '\ufe0e':
		return false
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u3164', '\uffa0', '\u2800', unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) ||
		unicode.Is(unicode.Variation_Selector, r)
}

// visible takes out what cannot be seen, so that nothing hides behind it.
func visible(text string) string {
	if isPrintableASCII(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= 0x7f || c < 0x20 && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// mixesAlphabets reports whether a word has Latin letters and lookalikes of
// other alphabets. Greek letters that are signs of units do not count.
func mixesAlphabets(text string) bool {
	if isASCII(text) {
		return false
	}
	latin, other := false, false
	for _, r := range text + " " {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
			latin, other = false, false
			continue
		}
		switch {
		case strings.ContainsRune("µμΩΩΔ", r):
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee):
			other = true
		}
		if r >= '\uff21' && r <= '\uff5a' || r >= 0x1d400 && r <= 0x1d7ff {
			other, latin = true, true
		}
		if latin && other {
			return true
		}
	}
	return false
}

// looksEncoded tells a blob from a long word or a row of dashes.
func looksEncoded(s string) bool {
	return strings.ContainsFunc(s, unicode.IsUpper) && strings.ContainsFunc(s, unicode.IsLower) && strings.ContainsFunc(s, unicode.IsDigit) ||
		strings.ContainsFunc(s, unicode.IsDigit) && strings.ContainsFunc(s, unicode.IsLetter) && !strings.ContainsAny(s, "-_/")
}
