package openai

import (
	"strings"
	"unicode"
)

// language guesses the ISO 639-1 code of a text: by script, then by the small
// words each language cannot do without. English when nothing speaks for
// another.
func language(text string) string {
	if code := script(text); code != "" {
		return code
	}
	words := tokens(text)
	best, most := "en", 0
	for _, candidate := range []struct{ code, words string }{
		{"en", "the is are and to of you i my how what can do it in for with not have this"},
		{"de", "der die das und ist ich nicht wie kann mein meine ein eine zu mit für auf sie wir bitte habe"},
		{"fr", "le la les et est je ne pas vous mon ma un une des pour avec comment bonjour puis que"},
		{"es", "el la los y es yo no mi un una para con cómo como puedo hola que por mis está"},
		{"it", "il lo gli e è io non mio mia un una per con come posso ciao che sono della"},
		{"pt", "o os e é eu não meu minha um uma para com como posso olá que por você está"},
		{"pl", "nie się jest na jak dzień dobry mam mój moje od wczoraj proszę czy dla zrobić"},
		{"sv", "och att det är jag inte hur som på med hej mitt vi har"},
		{"da", "og det er jeg ikke hvordan som på med hej mit vi har til"},
		{"cs", "je se na že jak prosím dobrý den nemohu můj moje jsem není"},
		{"tr", "ve bir bu için nasıl merhaba benim değil yok mı mi"},
		{"nl", "de het een en is ik niet mijn hoe kan met voor van naar hallo wij jullie wat"},
	} {
		known, count := set(strings.Fields(candidate.words)), 0
		for _, word := range words {
			if known[word] {
				count++
			}
		}
		if count > most {
			best, most = candidate.code, count
		}
	}
	return best
}

// script names the language most written in a script that is not Latin.
func script(text string) string {
	letters := 0
	counts := map[string]int{}
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		switch {
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			counts["ja"] += 2
		case unicode.Is(unicode.Han, r):
			counts["zh"]++
		case unicode.Is(unicode.Hangul, r):
			counts["ko"]++
		case unicode.Is(unicode.Cyrillic, r):
			counts["ru"]++
		case strings.ContainsRune("ٹڈڑںےہپچگ", r):
			counts["ur"] += 3
		case unicode.Is(unicode.Arabic, r):
			counts["ar"]++
		case unicode.Is(unicode.Devanagari, r):
			counts["hi"]++
		case unicode.Is(unicode.Greek, r):
			counts["el"]++
		case unicode.Is(unicode.Hebrew, r):
			counts["he"]++
		case unicode.Is(unicode.Thai, r):
			counts["th"]++
		}
	}
	best, most := "", letters/2
	for _, code := range sortedKeys(counts) {
		if counts[code] > most {
			best, most = code, counts[code]
		}
	}
	return best
}
