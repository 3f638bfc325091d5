package language

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// sentence is what one sentence says about its language.
type sentence struct {
	words   []string       // of the Latin and Cyrillic scripts, folded
	raw     []string       // the same words with their marks
	scripts map[string]int // letters of other scripts, by language
}

// notProse is what has no language: fenced and quoted code, links, addresses,
// names of files and variables.
var notProse = regexp.MustCompile("(?s)```.*?(?:```|$)" + "|`[^`\n]*`" +
	`|(?i:https?://|www\.)\S+` + `|[^\s@<>]+@[^\s@<>]+` + `|\S*(?:[{}\\=]|::|_|/\S*/)\S*`)

// prose cuts a text into sentences and drops what is no prose.
func prose(text string) []sentence {
	if r := []rune(text); len(r) > enough {
		text = string(r[:enough])
	}
	text = notProse.ReplaceAllString(norm.NFC.String(text), " ")
	var out []sentence
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".!?\n;:¿¡。！？؟।…", r) }) {
		if one := read(s); len(one.words) > 0 || len(one.scripts) > 0 {
			out = append(out, one)
		}
	}
	return out
}

// read splits one sentence into words and scripts.
func read(text string) sentence {
	s := sentence{scripts: map[string]int{}}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’'
	}) {
		w = strings.Trim(strings.ReplaceAll(w, "’", "'"), "'")
		if w == "" {
			continue
		}
		if spaced(w) {
			s.raw = append(s.raw, w)
			s.words = append(s.words, fold(w))
			continue
		}
		for _, r := range w {
			if code := scriptLanguage(r); code != "" {
				s.scripts[code]++
			}
		}
	}
	s.settle()
	return s
}

// weight is how many words a sentence has; scripts without spaces are counted
// by their letters.
func (s sentence) weight() float64 {
	n := float64(len(s.words))
	for code, letters := range s.scripts {
		n += float64(letters) / lettersPerWord(code)
	}
	return n
}

// spaced reports that a word is of a script that several of the languages here
// share, so that its letters alone do not tell the language.
func spaced(w string) bool {
	for _, r := range w {
		if unicode.Is(unicode.Latin, r) || unicode.Is(unicode.Cyrillic, r) {
			return true
		}
	}
	return false
}

// fold drops the marks above and below letters.
func fold(w string) string {
	ascii := true
	for i := range len(w) {
		ascii = ascii && w[i] < 0x80
	}
	if ascii {
		return w
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(w) {
		switch {
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ł':
			b.WriteByte('l')
		case r == 'ı':
			b.WriteByte('i')
		case r == 'đ':
			b.WriteByte('d')
		// The marks of Cyrillic make other letters (и and й), and stay.
		case !unicode.Is(unicode.Mn, r), strings.HasSuffix(b.String(), "и"):
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}
