package webform

import (
	"encoding/json"
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
	read   map[string]string
	errors []FieldError
}

// parse reads what is described from a body.
func parse(body []byte, described []field) (*fields, error) {
	if len(body) > MaxBody {
		return nil, ticket.Errorf(ticket.CodeTooLarge, "the request has more than %d KiB", MaxBody>>10)
	}
	f := &fields{read: map[string]string{}}
	// The decoder's own message quotes the input, so it is not passed on.
	if err := json.Unmarshal(body, &f.raw); err != nil || f.raw == nil {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the request is not a JSON object")
	}
	for i := range described {
		d := &described[i]
		if d.Kind == kindBait {
			continue
		}
		value, fault := f.value(d)
		if fault != "" {
			f.errors = append(f.errors, FieldError{Field: d.Name, Message: fault})
		}
		f.read[d.Name] = value
	}
	return f, nil
}

// value reads one field, or returns what is wrong with it.
func (f *fields) value(d *field) (value, fault string) {
	var sent *string
	if raw, ok := f.raw[d.Name]; ok {
		if err := json.Unmarshal(raw, &sent); err != nil {
			return "", theForm().NotText
		}
	}
	if sent != nil {
		value = d.Kind.normal(*sent)
	}
	if value == "" {
		if d.Optional {
			return d.Initial, ""
		}
		return "", d.sentence(d.Says.Missing, 0)
	}
	count := utf8.RuneCountInString(value)
	if d.Kind == kindEmail {
		count = len(value) // as mail servers count
	}
	switch {
	case d.Min > 0 && count < d.Min:
		return "", d.sentence(d.Says.Short, count)
	case d.Max > 0 && count > d.Max:
		return "", d.sentence(d.Says.Long, count)
	case d.Kind == kindChoice && !slices.Contains(d.values(), value),
		d.shape != nil && !d.shape.MatchString(value),
		d.Kind == kindEmail && strings.IndexByte(value, '@') > d.Mailbox:
		return "", d.sentence(d.Says.Malformed, count)
	}
	return value, ""
}

// normal returns what was meant by what was typed.
func (k kind) normal(s string) string {
	switch k {
	case kindWords:
		return strings.TrimSpace(text.Sanitize(s))
	case kindEmail:
		return strings.ToLower(text.Line(s))
	case kindPhone:
		return international(text.Line(s))
	default:
		return text.Line(s)
	}
}

// international returns a number without what people put between the digits:
// +44 (0)20 7946-0000 is +442079460000.
func international(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -–./", r) {
			return -1
		}
		return r
	}, s)
	if national, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + national
	}
	if strings.HasPrefix(s, "+") {
		s = strings.Replace(s, "(0)", "", 1)
	}
	return strings.NewReplacer("(", "", ")", "").Replace(s)
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
