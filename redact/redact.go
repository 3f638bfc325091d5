// Package redact makes a text about a failure fit for places where it is kept,
// copied and shown to many: Temporal histories, dead letters, the desk.
//
// It masks what may belong to a customer or open a door: addresses, numbers,
// quoted text, secrets, and of URLs all but the host. What people need to find
// the cause stays: ids and ticket numbers of ours, HTTP statuses, the error
// codes of providers, durations, and our own words. It must never be the only
// protection of a text that somebody else wrote: plain words look alike
// whoever wrote them, so such a text stays out in the first place.
package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxRunes is the length of the longest text that Text returns.
	MaxRunes = 300
	// maxBytes bounds the work for a text of which little will be left anyway.
	maxBytes = 4 << 10
	// rounds is more than masking ever needs to come to rest: what a mask
	// uncovers, such as a number split by what was masked, is found by the next.
	rounds = 16
)

// Text returns s on one line, without what may be private and at most MaxRunes
// long. It is valid UTF-8, and Text of it is the same again.
func Text(s string) string {
	s = printable(bounded(s))
	for range rounds {
		next := shorten(strings.Join(strings.Fields(mask(s)), " "))
		if next == s {
			return s
		}
		s = next
	}
	return "[masked]" // rather say nothing than what could not be settled
}

// mask is one round. Quotes and addresses come first: they hold what would
// otherwise be taken for an id.
func mask(s string) string {
	s = quotes(s)
	s = wholes(s)
	return numbers(s)
}

// bounded cuts a text that is far too long, at a word, since half of an
// address is not recognised any more.
func bounded(s string) string {
	if len(s) <= maxBytes {
		return s
	}
	s = s[:maxBytes]
	return s[:max(strings.LastIndexAny(s, " \t\n"), 0)]
}

// printable replaces what cannot be shown by spaces and drops characters
// without width, which could hide an address from the rules.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me, unicode.Variation_Selector):
			return -1
		default:
			return plain(r)
		}
	}, s)
}

// plain returns the ordinary form of the wide signs that addresses and numbers
// are also written with.
func plain(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// shorten cuts s to MaxRunes, at a space if one is near.
func shorten(s string) string {
	const mark = " …"
	if utf8.RuneCountInString(s) <= MaxRunes {
		return s
	}
	head := string([]rune(s)[:MaxRunes-utf8.RuneCountInString(mark)])
	if at := strings.LastIndexByte(head, ' '); at > len(head)/2 {
		head = head[:at]
	}
	return strings.TrimRight(head, " …") + mark
}
