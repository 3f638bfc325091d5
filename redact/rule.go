package redact

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// replacement is a shape and what stands in its place.
type replacement struct {
	shape *regexp.Regexp
	with  string
}

// The shapes that win over what is kept: an id within an address is somebody's.
var shapes = []replacement{
	// What Postgres tells of a row.
	{regexp.MustCompile(`(?i)\b(row contains) *\(.*`), "$1 [values]"},
	{regexp.MustCompile(`(?i)\bKey *\([^)]*\) *= *\(.*\)?`), "Key [values]"},
	{regexp.MustCompile(`[?&][^\s=&?]*=\S*`), "?[masked]"},
	// What is said to be a secret, or looks like those of well-known providers.
	{regexp.MustCompile(`(?i)\b(authorization|api[-_ ]?key|access[-_ ]?key|[a-z_-]*token|[a-z_-]*secret|password|passwd|passphrase|pwd|pin|otp|cvc|cvv|signature|cookie)( is| provided)? *[:=] *(?:(?:bearer|basic) )?\S+`), "$1$2 [secret]"},
	{regexp.MustCompile(`(?i)\b(bearer|basic) +[a-z0-9+/=._~*-]{6,}`), "$1 [secret]"},
	{regexp.MustCompile(`\b(?:(?:sk|pk|rk|whsec|gh[a-z])[-_]|xox[a-z]-|glpat-|ya29\.|AIza|eyJ)[A-Za-z0-9_.*-]{6,}`), "[secret]"},
	{regexp.MustCompile(`-----BEGIN.*`), "[secret]"},
	// Addresses, also when they are encoded or spaced.
	{regexp.MustCompile(`(?i)\S*(?: ?@ ?|%(?:25)*40|&#0*64;|&#x0*40;|&commat;|\\u0040|\\x40|\(at\)|\[at\]|﹫)\S*`), "[address]"},
}

// url is anything with a scheme and an authority.
var url = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://\S*`)

// hostOnly leaves of a URL what says which service it is, unless a name or a
// password stands before the host: paths hold addresses and secrets too.
func hostOnly(s string) string {
	at := strings.Index(s, "://") + len("://")
	scheme, rest := s[:at], s[at:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)) && !strings.ContainsRune(".:-", r)
	})
	switch {
	case strings.Contains(rest, "@"), end == 0:
		return scheme + "[masked]"
	case end < 0, strings.Trim(rest[end:], "/.,;:!)]") == "":
		return s
	default:
		return scheme + rest[:end] + "/[masked]"
	}
}

// wholes masks what has a shape of its own.
func wholes(s string) string {
	s = url.ReplaceAllStringFunc(s, hostOnly)
	for _, r := range shapes {
		s = r.shape.ReplaceAllString(s, r.with)
	}
	return s
}

// kept are the shapes of what a lead or operator has to read.
var kept = regexp.MustCompile(`(?:` + strings.Join([]string{
	`(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`, // ids
	`T-[0-9A-HJKMNP-TV-Z]{10}`,                        // ticket numbers
	`(?:\d{1,6}(?:\.\d{1,3})?(?:ns|µs|us|ms|s|m|h))+`, // durations
	`[a-z]{1,12}\d{0,2}(?:-(?:[a-z]{1,12}|\d{1,2}(?:\.\d{1,2})?[a-z]{0,2})){0,5}-20\d\d-\d\d-\d\d`, // models
	`20\d\d-[01]\d-[0-3]\d(?:T\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?)?`,             // days and times
}, "|") + `)`)

// numbers masks numbers and random strings outside of what is kept.
func numbers(s string) string {
	var b strings.Builder
	from := 0
	for _, span := range kept.FindAllStringIndex(s, -1) {
		if !alone(s, span[0], span[1]) || !lettered(s[span[0]:span[1]]) {
			continue
		}
		b.WriteString(loose(s[from:span[0]]))
		b.WriteString(s[span[0]:span[1]])
		from = span[1]
	}
	b.WriteString(loose(s[from:]))
	return b.String()
}

// alone reports that nothing adheres to s[from:to].
func alone(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	adheres := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-+", r) }
	return !adheres(before) && !adheres(after)
}

// lettered reports that s is no number with an id's punctuation.
func lettered(s string) bool {
	return strings.HasPrefix(s, "20") && len(s) == len("2006-01-02") || strings.ContainsFunc(strings.TrimPrefix(s, "T-"), unicode.IsLetter)
}

var (
	// iban is a country, two digits and groups of four.
	iban = regexp.MustCompile(`(?i)\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?\b`)
	// digits are a number as people write it.
	digits = regexp.MustCompile(`\+?\(?\p{Nd}(?:(?:[\s./)_+\-\x{2010}-\x{2015}·]|%20|%2[Bb])*(?:\p{Nd}|\(\p{Nd}{1,4}\)))*`)
	// token is what may be random.
	token = regexp.MustCompile(`[A-Za-z0-9_+/=.~-]{16,}`)
)

// loose masks account and telephone numbers and random strings.
func loose(s string) string {
	s = iban.ReplaceAllStringFunc(s, func(m string) string {
		if countDigits(m) < 8 {
			return m // words of four letters
		}
		return "[number]"
	})
	s = token.ReplaceAllStringFunc(s, func(m string) string {
		if isName(m) {
			return m
		}
		return "[secret]"
	})
	return digits.ReplaceAllStringFunc(s, func(m string) string {
		if isCode(m) {
			return m
		}
		return "[number]"
	})
}

// isName reports that s is made of words, as names of models, settings and
// error codes are, and not of random characters.
func isName(s string) bool {
	mingled := 0
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("_-+/=.~", r) }) {
		n := countDigits(part)
		switch {
		case n == 0 && len(part) <= 24 && !mixed(part):
		case n == len(part): // judged as a number
		case n <= 4 && len(part) <= 8 && mingled < 2:
			mingled++
		default:
			return false
		}
	}
	return true
}

// mixed reports capitals in the middle that no name would have so many of.
func mixed(s string) bool {
	changes := 0
	for i := 1; i < len(s); i++ {
		if unicode.IsUpper(rune(s[i])) != unicode.IsUpper(rune(s[i-1])) {
			changes++
		}
	}
	return changes > 8
}

// isCode reports that a number is too short to be anybody's. Codes that follow
// each other with a space between are no number either, unless it begins as
// telephone numbers do.
func isCode(s string) bool {
	n := countDigits(s)
	if n < 7 {
		return true
	}
	dialled := strings.HasPrefix(s, "+") || strings.HasPrefix(s, "0") || strings.HasPrefix(s, "(")
	return n < 9 && !dialled && strings.Count(s, " ") == 1 && strings.IndexFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsDigit(r) }) < 0
}

func countDigits(s string) (n int) {
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
