package whatsapp

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// What it costs to part a text there, in the unit of the squared lengths that
// balance parts: a paragraph break is preferred to the middle of a paragraph
// as long as the parts are not uneven by more than some seventy characters.
const (
	paragraphCost = 0
	lineCost      = 5_000
	sentenceCost  = 10_000
)

// span is a stretch of text without white space at its ends.
type span struct {
	start, end         int // bytes
	runeStart, runeEnd int
	cost               float64 // of ending a message here
}

func (s span) length() int { return s.runeEnd - s.runeStart }

// join returns the span from the first of the segments to the last.
func join(segments []span) span {
	first, last := segments[0], segments[len(segments)-1]
	return span{first.start, last.end, first.runeStart, last.runeEnd, last.cost}
}

// segment parts text at every place where a message may end. No segment is
// longer than MaxLength.
func segment(text string) []span {
	var segments []span
	for _, s := range walk(text, span{end: len(text)}, sentenceEnds) {
		segments = append(segments, chop(text, s)...)
	}
	return segments
}

// chop parts a segment that no message can hold: between words, if it can.
func chop(text string, s span) []span {
	if s.length() <= MaxLength {
		return []span{s}
	}
	var words []span
	for _, word := range walk(text, s, wordEnds) {
		words = append(words, cut(text, word)...)
	}
	pieces := balance(words, MaxLength)
	pieces[len(pieces)-1].cost = s.cost
	return pieces
}

// cut parts a word that no message can hold, between characters as a reader
// sees them. Only a single one of more than MaxLength runes is itself cut.
func cut(text string, word span) []span {
	if word.length() <= MaxLength {
		return []span{word}
	}
	var pieces []span
	piece := span{word.start, word.start, word.runeStart, word.runeStart, sentenceCost}
	add := func(bytes, runes int) {
		if piece.length()+runes > MaxLength {
			pieces = append(pieces, piece)
			piece = span{piece.end, piece.end, piece.runeEnd, piece.runeEnd, sentenceCost}
		}
		piece.end += bytes
		piece.runeEnd += runes
	}
	for rest, state := text[word.start:word.end], -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		runes := utf8.RuneCountInString(cluster)
		if runes <= MaxLength {
			add(len(cluster), runes)
			continue
		}
		for cluster != "" {
			_, size := utf8.DecodeRuneInString(cluster)
			add(size, 1)
			cluster = cluster[size:]
		}
	}
	return append(pieces, piece)
}

// walk parts what lies within a span of text wherever ends says so, and at
// every line end. It moves by grapheme clusters, so that no boundary lies
// inside what a reader sees as one character.
func walk(text string, within span, ends func(segment string, boundaries int, spaced bool) bool) []span {
	var (
		segments []span
		current  span
		open     bool // current has begun
		ended    bool // the next character begins another segment
		newlines int  // since the last character
		pos      = within.start
		runes    = within.runeStart
		state    = -1
	)
	finish := func() {
		switch {
		case newlines > 1:
			current.cost = paragraphCost
		case newlines == 1:
			current.cost = lineCost
		default:
			current.cost = sentenceCost
		}
		segments = append(segments, current)
	}
	for rest := text[within.start:within.end]; rest != ""; {
		var cluster string
		var boundaries int
		cluster, rest, boundaries, state = uniseg.StepString(rest, state)
		blank := strings.TrimSpace(cluster) == ""
		if !blank && open && (ended || newlines > 0) {
			finish()
			open = false
		}
		if !blank && !open {
			current = span{start: pos, runeStart: runes}
			open = true
		}
		pos += len(cluster)
		runes += utf8.RuneCountInString(cluster)
		if blank {
			newlines += strings.Count(cluster, "\n")
		} else {
			current.end, current.runeEnd = pos, runes
			newlines, ended = 0, false
		}
		ended = ended || open && ends(text[current.start:current.end], boundaries, blank)
	}
	if open {
		finish()
	}
	return segments
}

func wordEnds(_ string, boundaries int, _ bool) bool {
	return boundaries&uniseg.MaskLine != uniseg.LineDontBreak
}

// sentenceEnds narrows the Unicode rule, which also sees a sentence end in the
// question mark of a link, after "1." and after "Mr.".
func sentenceEnds(segment string, boundaries int, spaced bool) bool {
	if boundaries&uniseg.MaskSentence == 0 {
		return false
	}
	if !spaced {
		// Chinese and Japanese put no space after a full stop of their own.
		last, _ := utf8.DecodeLastRuneInString(segment)
		return last > unicode.MaxASCII
	}
	return !abbreviated(segment)
}

// abbreviated reports whether the full stop at the end of a segment belongs to
// a number, an initial or an abbreviation rather than to a sentence.
func abbreviated(segment string) bool {
	word, ok := strings.CutSuffix(segment, ".")
	if !ok {
		return false
	}
	if i := strings.LastIndexFunc(word, unicode.IsSpace); i >= 0 {
		word = word[i+1:]
	}
	word = strings.TrimLeft(word, `("'*_`)
	if utf8.RuneCountInString(word) == 1 {
		return true
	}
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "prof", "st", "vs", "nr", "bzw", "ca", "approx", "e.g", "i.e", "z.b", "d.h", "u.a":
		return true
	}
	return !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsDigit(r) })
}
