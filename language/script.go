package language

import "unicode"

// scriptLanguage returns the language a letter belongs to when its script is
// written by one of the languages here alone, or is put right by settle.
func scriptLanguage(r rune) string {
	for _, s := range []struct {
		table *unicode.RangeTable
		code  string
	}{
		{unicode.Arabic, "ar"},
		{unicode.Hebrew, "he"},
		{unicode.Devanagari, "hi"},
		{unicode.Han, "zh"},
		{unicode.Hiragana, "ja"},
		{unicode.Katakana, "ja"},
		{unicode.Hangul, "ko"},
		{unicode.Greek, "el"},
		{unicode.Thai, "th"},
		{unicode.Armenian, "hy"},
		{unicode.Georgian, "ka"},
		{unicode.Bengali, "bn"},
		{unicode.Tamil, "ta"},
		{unicode.Telugu, "te"},
		{unicode.Gujarati, "gu"},
		{unicode.Gurmukhi, "pa"},
		{unicode.Ethiopic, "am"},
		{unicode.Khmer, "km"},
		{unicode.Lao, "lo"},
		{unicode.Myanmar, "my"},
	} {
		if unicode.Is(s.table, r) {
			switch {
			case s.code == "ar" && persian[r] != "":
				return persian[r]
			case s.table == unicode.Han || s.code != "":
				return s.code
			}
		}
	}
	return ""
}

// persian are letters that Arabic does not have.
var persian = map[rune]string{
	'پ': "fa", 'چ': "fa", 'ژ': "fa", 'گ': "fa", 'ک': "fa", 'ی': "fa",
	'ٹ': "ur", 'ڈ': "ur", 'ڑ': "ur", 'ے': "ur", 'ں': "ur", 'ہ': "ur", 'ھ': "ur",
}

// settle gives the letters that languages share to the one that has shown
// letters of its own: Han to Japanese beside kana, Arabic to Urdu or Persian.
func (s sentence) settle() {
	if ja := s.scripts["ja"]; ja > 0 && 10*ja >= s.scripts["zh"] {
		s.move("zh", "ja")
	}
	if ur := s.scripts["ur"]; ur > 0 {
		s.move("fa", "ur")
		s.move("ar", "ur")
	} else if fa := s.scripts["fa"]; fa > 0 {
		s.move("ar", "fa")
	}
}

func (s sentence) move(from, to string) {
	if n := s.scripts[from]; n > 0 {
		s.scripts[to] += n
		delete(s.scripts, from)
	}
}

// lettersPerWord is how many letters of a script are about as much as a word.
func lettersPerWord(code string) float64 {
	switch code {
	case "zh", "ja":
		return 2
	case "ko":
		return 3
	default:
		return 5
	}
}
