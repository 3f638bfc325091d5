package triage

import (
	"slices"
	"strings"

	"github.com/digital-fte/fte/language"
)

// Assess reads a batch of messages by the rules that come with the program.
func Assess(batch []Message) Assessment { return defaults().Assess(batch) }

// Assess reads a batch of messages. The same batch always gives the same
// assessment, in a time that grows with its length.
func (r *Rules) Assess(batch []Message) Assessment {
	var all strings.Builder
	var text []token
	hidden := 0.0
	for _, m := range batch {
		all.WriteString(m.Subject + "\n" + m.Text + "\n")
		text = append(text, m.tokens()...)
		hidden = max(hidden, structure(m.Subject), structure(m.Text))
	}
	a := Assessment{Language: language.Detect(all.String())}
	reading := reading{text: text, sentence: sentences(text), mood: newMood(all.String())}
	for _, b := range r.booksFor(a.Language) {
		reading.read(b)
	}
	if unreadable(all.String(), a.Language) {
		reading.fired = append(reading.fired, firedAt{Fired: Fired{Rule: "trigger/unreadable/any.no-words", Code: "unreadable", Urgency: "low"}})
	}
	a.Injection = 1 - (1-reading.injection)*(1-hidden)
	a.Repeats = reading.repeats
	a.Question = reading.question()
	verdict, enough, judged := a.judge(text)
	if judged {
		reading.drop(verdict)
	}
	a.Fired = reading.weighed()
	a.Sentiment = reading.mood.score(a.Fired)
	if judged {
		a.supply(verdict, enough)
	}
	return a
}

// booksFor returns the books a text is read by: its own and the English one,
// since every customer of a machine knows some English; all of them when its
// language is not certain.
func (r *Rules) booksFor(l language.Guess) []*book {
	fits := func(b *book) bool {
		if b.language == anyLanguage || b.language == l.Code {
			return true
		}
		return !l.Sure || l.Mixed || b.language == "en"
	}
	var out []*book
	for _, code := range append([]string{anyLanguage}, Languages()...) {
		if b := r.books[code]; b != nil && fits(b) {
			out = append(out, b)
		}
	}
	for _, b := range r.extra {
		if fits(b) {
			out = append(out, b)
		}
	}
	return out
}

// reading collects what the books say about a text.
type reading struct {
	text      []token
	sentence  []int32 // by word
	fired     []firedAt
	mood      mood
	injection float64
	injected  []match // where
	repeats   bool
}

// firedAt is a rule that fired, and the number of the sentence it fired in.
type firedAt struct {
	Fired
	sentence int32
}

// weighed returns what fired, once each, the weightiest first.
func (r *reading) weighed() []Fired {
	var all []Fired
	for _, f := range r.fired {
		all = append(all, f.Fired)
	}
	slices.SortFunc(all, byWeight)
	return slices.Compact(all)
}

// sentenceAt returns the words of a sentence.
func (r *reading) sentenceAt(n int32) []token {
	from, _ := slices.BinarySearch(r.sentence, n)
	to, _ := slices.BinarySearch(r.sentence, n+1)
	return r.text[from:to]
}

// read adds what a book says.
func (r *reading) read(b *book) {
	found := b.program.run(r.text)
	undone := map[int][]match{} // by section
	aside := map[int32][]rule{} // by sentence
	for _, m := range found {
		switch one := b.rules[m.rule]; one.kind {
		case kindUnless:
			undone[one.section] = append(undone[one.section], m)
		case kindAside:
			aside[r.sentence[m.start]] = append(aside[r.sentence[m.start]], one)
		default:
		}
	}
	injected := map[string]bool{}
	for _, m := range found {
		one := b.rules[m.rule]
		if one.kind == kindUnless || overlapsAny(undone[one.section], m) {
			continue
		}
		denied := r.deniedBefore(b, m)
		switch one.kind {
		case kindTrigger:
			if !denied && !undoneBy(aside[r.sentence[m.start]], one.code) {
				r.fired = append(r.fired, firedAt{Fired{Rule: b.fullName(one), Code: one.code, Urgency: one.urgency}, r.sentence[m.start]})
			}
		case kindMood:
			r.mood.add(m, one.weight, denied)
		case kindStronger:
			r.mood.stronger(m)
		case kindRepeats:
			r.repeats = r.repeats || !denied
		case kindInjection:
			r.injected = append(r.injected, m)
			if !injected[one.name] {
				injected[one.name] = true
				r.injection = 1 - (1-r.injection)*(1-one.weight)
			}
		default:
		}
	}
}

// sentences returns, by word, the number of its sentence.
func sentences(text []token) []int32 {
	out, n := make([]int32, len(text)), int32(0)
	for i, t := range text {
		out[i] = n
		if t.endsSentence() {
			n++
		}
	}
	return out
}

// undoneBy reports that asides undo the triggers of a code.
func undoneBy(asides []rule, code string) bool {
	return slices.ContainsFunc(asides, func(a rule) bool { return len(a.undoes) == 0 || slices.Contains(a.undoes, code) })
}

// question reports a question of at least three words that is no part of an
// attempt to steer the assistant.
func (r *reading) question() bool {
	words, from := 0, 0
	for i, t := range r.text {
		switch {
		case !t.endsSentence():
			if !t.isBreak() {
				words++
			}
			continue
		case t.word == questionEnd && words >= 3 && !overlapsAny(r.injected, match{start: int32(from), end: int32(i)}):
			return true
		}
		words, from = 0, i+1
	}
	return false
}

// deniedBefore reports a word before a match that denies it.
func (r *reading) deniedBefore(b *book, m match) bool {
	return m.start > 0 && b.program.denying[r.text[m.start-1].word]
}

func overlapsAny(spans []match, m match) bool {
	return slices.ContainsFunc(spans, func(s match) bool { return s.start <= m.end && m.start <= s.end })
}
