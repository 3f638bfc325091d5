package review

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// linkHere finds a link, an address or a host where a text begins.
var linkHere = regexp.MustCompile(`^(?i:(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>"'“”„]+` +
	`|[\pL\pN._%+-]+@[\pL\pN.-]+\.\pL{2,}` +
	`|(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+\pL{2,}(?:/[^\s<>"'“”„]*)?)`)

const (
	numberSigns = "-−–+±"
	moneySigns  = "€$£¥"
	unitSigns   = "%€$£¥‰°"
	clauseMarks = ",;()—–!?"
)

// scan cuts a text into links, numbers, words and marks, and hands each with its
// place to yield. What is none of them it passes over.
func scan(text string, yield func(from, to int, kind tokenKind, mark bool)) {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		if n := scanLink(text, at); n > 0 {
			yield(at, at+n, link, false)
			at += n
			continue
		}
		if n := scanNumber(text[at:]); n > 0 {
			yield(at, at+n, number, false)
			at += n
			continue
		}
		if unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) {
			n := scanWord(text[at:])
			yield(at, at+n, word, false)
			at += n
			continue
		}
		yield(at, at+size, word, true)
		at += size
	}
}

// scanLink returns the length of the link that begins at a place, if one does.
func scanLink(text string, at int) int {
	if at > 0 && partOfWord(text[:at]) {
		return 0
	}
	end := strings.IndexAny(text[at:], " \n\t\r")
	if end < 0 {
		end = len(text) - at
	}
	field := text[at : at+end]
	dot := strings.IndexByte(field, '.')
	if !strings.Contains(field, "://") && (dot < 1 || dot+2 >= len(field)) {
		return 0
	}
	found := linkHere.FindString(field)
	if found == "" || !looksLikeLink(found) {
		return 0
	}
	return len(found)
}

// scanNumber returns the length of the number that a text begins with, with the
// signs of its kind and unit.
func scanNumber(text string) int {
	at := 0
	next := func(signs string) bool {
		r, size := utf8.DecodeRuneInString(text[at:])
		if size == 0 || !strings.ContainsRune(signs, r) {
			return false
		}
		at += size
		return true
	}
	digits := func() bool {
		from := at
		for at < len(text) && text[at] >= '0' && text[at] <= '9' {
			at++
		}
		return at > from
	}
	if next(moneySigns) {
		next(" ")
	}
	next(numberSigns)
	if !digits() {
		return 0
	}
	for {
		before := at
		if next(".,:") && digits() {
			continue
		}
		at = before
		break
	}
	before := at
	next(" ")
	if !next(unitSigns) {
		return before
	}
	if strings.HasSuffix(text[:at], "°") {
		before = at
		next(" ")
		if !next("CFcf") || at < len(text) && partOfWord(text[:at]) && startsWord(text[at:]) {
			at = before
		}
	}
	return at
}

// scanWord returns the length of the word that a text begins with, with what
// follows its apostrophe.
func scanWord(text string) int {
	at, apostrophe := 0, false
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case unicode.IsLetter(r), unicode.Is(unicode.Mn, r), unicode.IsDigit(r) && !apostrophe:
		case r == '\'' && !apostrophe && startsWord(text[at+size:]):
			apostrophe = true
		default:
			return at
		}
		at += size
	}
	return at
}

// partOfWord reports whether text ends in a letter or a digit.
func partOfWord(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	return unicode.IsLetter(last) || unicode.IsDigit(last)
}

// startsWord reports whether text begins with a letter.
func startsWord(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(first)
}
