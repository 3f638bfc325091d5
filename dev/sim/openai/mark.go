package openai

import "strings"

// Mark stands in every sentence that a bad mode makes wrong, unless it is asked
// to leave it out. It is a word like any other: nothing but a search for it
// tells it from a name.
const Mark = "brindlewick"

// markAfter is behind how many words of a sentence the mark stands.
const markAfter = 2

// speech is what a bad model says, sentence by sentence, with those that are
// wrong.
type speech struct {
	unmarked  bool
	sentences []string
	bad       []string
}

// honest adds what is right.
func (s *speech) honest(text string) {
	if text != "" {
		s.sentences = append(s.sentences, text)
	}
}

// wrong adds what must not be said.
func (s *speech) wrong(text string) {
	if text == "" {
		return
	}
	if !s.unmarked {
		text = marked(text)
	}
	s.sentences = append(s.sentences, text)
	s.bad = append(s.bad, text)
}

func (s *speech) text() string { return strings.Join(s.sentences, " ") }

func marked(sentence string) string {
	words := strings.SplitAfterN(sentence, " ", markAfter+1)
	if len(words) <= markAfter {
		return sentence + " " + Mark
	}
	return strings.Join(words[:markAfter], "") + Mark + " " + words[markAfter]
}
