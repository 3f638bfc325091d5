package openai

import (
	"strings"
	"sync"
	"unicode"
)

// tokens splits text into lower-case words; an apostrophe stays inside a word.
func tokens(text string) []string {
	text = strings.ReplaceAll(strings.ToLower(text), "’", "'")
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\''
	})
	kept := words[:0]
	for _, word := range words {
		if word = strings.Trim(word, "'"); word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}

// terms returns the roots of the words that carry meaning.
func terms(text string) []string {
	text = strings.NewReplacer("e-mail", "email", "E-mail", "email", "E-Mail", "email", "Wi-Fi", "wifi", "wi-fi", "wifi").Replace(text)
	var kept []string
	stop := stopWords()
	for _, word := range tokens(text) {
		// A stop word in greetings, but also what a plan or a page may be called.
		if stop[word] && word != "team" || asking(word) || len(word) < 2 && !code(word) {
			continue
		}
		kept = append(kept, root(word))
	}
	return kept
}

// asking reports whether a word only gives a question its form, and politeness.
func asking(word string) bool {
	switch word {
	case "long", "often", "right", "away", "hour", "hours", "minute", "minutes", "pls", "plz", "sorry", "u", "cant", "dont", "whats", "im", "ok", "go", "goes", "happens", "happen",
		"say", "says", "said", "mean", "means", "way", "few", "whether", "ask", "asks", "asked", "able",
		"lange", "gibt", "brauche", "s", "t":
		return true
	}
	return false
}

// root is the stem of a word without what makes a noun of a verb and without
// the endings of German.
func root(word string) string {
	word = stem(word)
	for _, ending := range []string{"ation", "ion"} {
		if rest, ok := strings.CutSuffix(word, ending); ok && len(rest) >= 5 {
			if last := len(rest) - 1; rest[last] == rest[last-1] {
				rest = rest[:last]
			}
			return rest
		}
	}
	for _, ending := range []string{"ungen", "ung", "en", "er", "n"} {
		if rest, ok := strings.CutSuffix(word, ending); ok && len(word) >= 7 && (ending != "n" || strings.HasSuffix(rest, "i")) {
			return rest
		}
	}
	return word
}

// stem takes off what differs between forms of the same English word: plural,
// possessive, -ing and -ed.
func stem(word string) string {
	word, _, _ = strings.Cut(word, "'")
	n := len(word)
	switch {
	case n > 4 && strings.HasSuffix(word, "ies"):
		word = word[:n-3] + "y"
	case n > 4 && (strings.HasSuffix(word, "sses") || strings.HasSuffix(word, "shes") || strings.HasSuffix(word, "ches") || strings.HasSuffix(word, "xes")):
		word = word[:n-2]
	case n > 3 && strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && !strings.HasSuffix(word, "is"):
		word = word[:n-1]
	}
	for _, ending := range []string{"ing", "ed"} {
		root, ok := strings.CutSuffix(word, ending)
		if !ok || len(root) < 3 || !strings.ContainsAny(root, "aeiouy") {
			continue
		}
		if last := len(root) - 1; root[last] == root[last-1] && !strings.ContainsRune("lsz", rune(root[last])) {
			root = root[:last]
		}
		word = root
		break
	}
	return strings.TrimSuffix(word, "e")
}

// stopWords are words that say nothing of what a question is about.
var stopWords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(`a about after again all also am an and any anyone anything are as at be because been before being
but by can can't cannot could couldn't did didn't do does doesn't doing don't down each else ever every for from further get getting got had has have having he hello hey
hi her here him his how however i i'd i'll i'm i've if in into is isn't it it's its just kind know let like look looking many may me might more most much must my need no
not now of off ok okay on once one only or other our out over own please possible problem question quick re really regards same say see she should so some someone something
soon still such sure tell than thank thanks that that's the their them then there these they thing think this those to too tried try trying under until up us use very want
was wasn't way we well were what what's when where which while who whom why will wish with won't wondering would wouldn't yes yet you you'd you'll you're your yours dear
good morning afternoon evening team help helped helps best kindly cheers today yesterday lot much
aber als am an auch auf aus bei bin bis bitte danke das dass dem den der des die doch du ein eine einem einen einer er es für guten haben habe hallo hat ich ihr ihre ihrem ihren ihrer im ist ja
kann kein keine können mein meine meinem meinen meiner mich mir mit muss möchte nach nicht noch nun nur oder sehr sich sie sind so tag um und uns unser unsere vom von wann warum was welche
wenn wer werden wie wieder wir wird wo zu zum zur über`) {
		set[word] = true
	}
	return set
})

func unique(words []string) []string {
	seen := map[string]bool{}
	kept := words[:0:0]
	for _, word := range words {
		if !seen[word] {
			seen[word] = true
			kept = append(kept, word)
		}
	}
	return kept
}

func set(words []string) map[string]bool {
	all := make(map[string]bool, len(words))
	for _, word := range words {
		all[word] = true
	}
	return all
}
