package mcp

import (
	"strings"
	"unicode"

	"github.com/digital-fte/fte/mask"
)

// maxBody is how much of one message is shown, in characters.
const maxBody = 4000

// wording makes what people have written fit to be read by a model: without
// characters that nobody sees, and without secrets.
type wording struct {
	mask *mask.Mask
}

// wordingOf returns the wording of an answer that holds these texts. A secret
// named in one of them is masked in all.
func wordingOf(texts ...string) wording {
	for i, s := range texts {
		texts[i] = visible(s)
	}
	return wording{mask.New(texts...)}
}

// say returns s as it may be shown.
func (w wording) say(s string) string {
	s = w.mask.Text(visible(s))
	if runes := []rune(s); len(runes) > maxBody {
		return string(runes[:maxBody]) + " … (cut)"
	}
	return s
}

// visible drops what is not shown to people: control characters, marks that turn
// the direction of writing, and tags. What joins emoji and letters stays.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u200c' || r == '\u200d':
			return r
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, ""))
}
