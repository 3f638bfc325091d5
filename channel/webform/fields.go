package webform

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/ticket"
)

// fields reads the fields of a body one by one and collects what is wrong, so
// that a customer hears of every fault at once.
type fields struct {
	raw    map[string]json.RawMessage
	errors []FieldError
}

func parse(body []byte) (*fields, error) {
	if len(body) > MaxBody {
		return nil, ticket.Errorf(ticket.CodeTooLarge, "the request has more than %d KiB", MaxBody>>10)
	}
	f := &fields{}
	// The decoder's own message quotes the input, so it is not passed on.
	if err := json.Unmarshal(body, &f.raw); err != nil || f.raw == nil {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the request is not a JSON object")
	}
	return f, nil
}

func (f *fields) refuse(field, format string, args ...any) string {
	f.errors = append(f.errors, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
	return ""
}

// value returns a field as it was sent; empty if it is missing or null. False
// if it is something other than text, which is then on record as a fault.
func (f *fields) value(field string) (string, bool) {
	var s *string
	raw, ok := f.raw[field]
	if !ok {
		return "", true
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		f.refuse(field, "This must be text.")
		return "", false
	}
	if s == nil {
		return "", true
	}
	return *s, true
}

// line reads a field of one line that must be given.
func (f *fields) line(field string, least, most int, what string) string {
	s, ok := f.value(field)
	if !ok {
		return ""
	}
	s = text.Line(s)
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return f.refuse(field, "Please give %s.", what)
	case n < least:
		return f.refuse(field, "Please use at least %d characters.", least)
	case n > most:
		return f.refuse(field, "Please use at most %d characters.", most)
	}
	return s
}

// words reads a field of any number of lines that must be given.
func (f *fields) words(field string, least, most int) string {
	s, ok := f.value(field)
	if !ok {
		return ""
	}
	s = strings.TrimSpace(text.Sanitize(s))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return f.refuse(field, "Please write a message.")
	case n < least:
		return f.refuse(field, "Please tell us a little more: at least %d characters.", least)
	case n > most:
		return f.refuse(field, "Please shorten your message to at most %d characters; it has %d.", most, n)
	}
	return s
}

// choice reads one of a closed set; absent stands for a field that is left out,
// which is a fault if absent is empty.
func (f *fields) choice(field, absent string, all []string) string {
	s, ok := f.value(field)
	if !ok {
		return ""
	}
	s = text.Line(s)
	if s == "" && absent != "" {
		return absent
	}
	if !slices.Contains(all, s) {
		return f.refuse(field, "Please choose one of: %s.", strings.Join(all, ", "))
	}
	return s
}

// email reads a bare mail address that must be given, in lower case.
func (f *fields) email(field string) string {
	s, ok := f.value(field)
	if !ok {
		return ""
	}
	s = strings.ToLower(text.Line(s))
	if s == "" {
		return f.refuse(field, "Please give your email address.")
	}
	if !isEmail(s) {
		return f.refuse(field, "Please give a complete email address, such as ana@example.com.")
	}
	return s
}

// isEmail reports whether s is an address and nothing else: no name, comment,
// quoting or address literal, and a domain that can exist on the internet.
func isEmail(s string) bool {
	if len(s) > maxEmail || strings.ContainsAny(s, `"[]<>()\`) {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return false
	}
	mailbox, domain, _ := strings.Cut(s, "@")
	return len(mailbox) <= maxMailbox && strings.Contains(domain, ".")
}

// phone reads an optional number in international form and returns it without
// what people put between the digits.
func (f *fields) phone(field string) string {
	s, ok := f.value(field)
	if !ok {
		return ""
	}
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -–().\u00a0/", r) {
			return -1
		}
		return r
	}, text.Line(s))
	if s == "" {
		return ""
	}
	if national, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + national
	}
	if !isE164(s) {
		return f.refuse(field, "Please give the number with its country code, such as +49 151 12345678, or leave it out.")
	}
	return s
}

func isE164(s string) bool {
	const least, most = 7, 15
	digits, ok := strings.CutPrefix(s, "+")
	return ok && len(digits) >= least && len(digits) <= most && digits[0] != '0' &&
		!strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// filled reports whether a field that people do not see holds anything.
func (f *fields) filled(field string) bool {
	switch strings.TrimSpace(string(f.raw[field])) {
	case "", "null", `""`:
		return false
	default:
		return true
	}
}
