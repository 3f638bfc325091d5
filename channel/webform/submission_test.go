package webform_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/ticket"
)

func body(t *testing.T, overrides map[string]any) []byte {
	t.Helper()
	all := map[string]any{
		"name": "Ana", "email": "ana@example.com", "subject": "It blinks", "category": "technical",
		"priority": "low", "message": "The light blinks red.",
	}
	maps.Copy(all, overrides)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == absent })
	b, err := json.Marshal(all)
	require.NoError(t, err)
	return b
}

// absent as an override takes the field out.
const absent = "\x00absent"

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	full := webform.Submission{
		Name: "Ana", Email: "ana@example.com", Subject: "It blinks", Category: "technical", Priority: "low", Message: "The light blinks red.",
	}
	for _, c := range []struct {
		name   string
		in     map[string]any
		change func(*webform.Submission)
	}{
		{"plain", nil, func(*webform.Submission) {}},
		{"shortest", map[string]any{"name": "Bo", "subject": "Hello", "message": "äöüäöüäöü✓"}, func(s *webform.Submission) {
			s.Name, s.Subject, s.Message = "Bo", "Hello", "äöüäöüäöü✓"
		}},
		{"longest", map[string]any{"name": strings.Repeat("ü", 100), "subject": strings.Repeat("ü", 200), "message": strings.Repeat("👋", 5000)}, func(s *webform.Submission) {
			s.Name, s.Subject, s.Message = strings.Repeat("ü", 100), strings.Repeat("ü", 200), strings.Repeat("👋", 5000)
		}},
		{"trimmed and sanitised", map[string]any{"name": " Ana\r\nBcc: x ", "message": "\n a\x00b\r\n\x1bc defghij \n", "category": " technical"}, func(s *webform.Submission) {
			s.Name, s.Message = "Ana Bcc: x", "ab\nc defghij"
		}},
		{"address in lower case", map[string]any{"email": " Ana.B+x@Example.COM "}, func(s *webform.Submission) { s.Email = "ana.b+x@example.com" }},
		{"address with umlauts", map[string]any{"email": "jürgen@müller.example"}, func(s *webform.Submission) { s.Email = "jürgen@müller.example" }},
		{"no priority", map[string]any{"priority": absent}, func(s *webform.Submission) { s.Priority = "medium" }},
		{"null priority", map[string]any{"priority": nil}, func(s *webform.Submission) { s.Priority = "medium" }},
		{"phone", map[string]any{"phone": "+49 (151) 123-456/78"}, func(s *webform.Submission) { s.Phone = "+4915112345678" }},
		{"phone with 00", map[string]any{"phone": "0049 151 12345678"}, func(s *webform.Submission) { s.Phone = "+4915112345678" }},
		{"empty phone", map[string]any{"phone": " "}, func(*webform.Submission) {}},
		{"unknown fields", map[string]any{"attachments": []string{"x"}, "Email": "other@example.com"}, func(*webform.Submission) {}},
		{"honeypot", map[string]any{"website": "https://spam.example"}, func(s *webform.Submission) { s.Spam = true }},
		{"honeypot of another type", map[string]any{"website": 1}, func(s *webform.Submission) { s.Spam = true }},
		{"empty honeypot", map[string]any{"website": ""}, func(*webform.Submission) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := full
			c.change(&want)
			got, faults, err := webform.Validate(body(t, c.in))
			require.NoError(t, err)
			require.Empty(t, faults)
			require.Equal(t, &want, got)
		})
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		in    map[string]any
		field string
		says  string
	}{
		{"no name", map[string]any{"name": absent}, "name", "your name"},
		{"blank name", map[string]any{"name": " \t\x00"}, "name", "your name"},
		{"short name", map[string]any{"name": " A "}, "name", "at least 2"},
		{"long name", map[string]any{"name": strings.Repeat("a", 101)}, "name", "at most 100"},
		{"name is a number", map[string]any{"name": 12}, "name", "text"},
		{"short subject", map[string]any{"subject": "Help"}, "subject", "at least 5"},
		{"long subject", map[string]any{"subject": strings.Repeat("a", 201)}, "subject", "at most 200"},
		{"no message", map[string]any{"message": nil}, "message", "write a message"},
		{"short message", map[string]any{"message": "  too short   "}, "message", "at least 10"},
		{"long message", map[string]any{"message": strings.Repeat("ü", 5001)}, "message", "it has 5001"},
		{"message is a list", map[string]any{"message": []string{"The light blinks red."}}, "message", "text"},
		{"no category", map[string]any{"category": absent}, "category", "general, technical, billing, feedback, bug_report"},
		{"category", map[string]any{"category": "Technical"}, "category", "choose"},
		{"priority", map[string]any{"priority": "urgent"}, "priority", "low, medium, high"},
		{"phone without country", map[string]any{"phone": "0151 12345678"}, "phone", "country code"},
		{"phone in words", map[string]any{"phone": "+49 call me"}, "phone", "country code"},
		{"no email", map[string]any{"email": ""}, "email", "email address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, faults, err := webform.Validate(body(t, c.in))
			require.NoError(t, err)
			require.Nil(t, got)
			require.Len(t, faults, 1)
			require.Equal(t, c.field, faults[0].Field)
			require.Contains(t, faults[0].Message, c.says)
		})
	}
}

func TestValidateRefusesAddresses(t *testing.T) {
	t.Parallel()
	for _, email := range []string{
		"ana", "ana@", "@example.com", "ana@localhost", "ana@example..com", "ana@example.com.", ".ana@example.com", "a b@example.com", "ana@exa mple.com",
		"Ana <ana@example.com>", "<ana@example.com>", "ana@example.com (Ana)", `"ana"@example.com`, "ana@[127.0.0.1]",
		"ana@example.com,bob@example.com", "ana@example.com;bob@example.com", "ana@example.com\r\nBcc: bob@example.com", "ana@b@example.com",
		strings.Repeat("a", 65) + "@example.com", "ana@" + strings.Repeat("abcdefghi.", 26) + "com",
	} {
		got, faults, err := webform.Validate(body(t, map[string]any{"email": email}))
		require.NoError(t, err)
		require.Nil(t, got, email)
		require.Equal(t, []webform.FieldError{{Field: "email", Message: "Please give a complete email address, such as ana@example.com."}}, faults, email)
	}
}

func TestValidateNamesEveryFaultInTheOrderOfTheForm(t *testing.T) {
	t.Parallel()
	_, faults, err := webform.Validate([]byte(`{"name":"A","email":"invalid","subject":"Hi","category":"invalid","priority":"x","message":"Short","phone":"1"}`))
	require.NoError(t, err)
	var names []string
	for _, f := range faults {
		names = append(names, f.Field)
	}
	require.Equal(t, []string{"name", "email", "subject", "category", "priority", "message", "phone"}, names)
}

func TestValidateRefusesWhatIsNoSubmission(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "null", "[]", `"x"`, `{"name":`, `{} {}`, "name=Ana", "\x00"} {
		got, faults, err := webform.Validate([]byte(in))
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), in)
		require.Nil(t, got)
		require.Nil(t, faults)
	}
	_, _, err := webform.Validate([]byte(`{"name":"` + strings.Repeat("a", webform.MaxBody) + `"}`))
	require.Equal(t, ticket.CodeTooLarge, ticket.CodeOf(err))
}

func TestValidateKeepsTextWithBrokenBytes(t *testing.T) {
	t.Parallel()
	in := slices.Replace(body(t, nil), 0, 1, []byte(`{"message":"ignored",`)...)
	got, _, err := webform.Validate([]byte(strings.Replace(string(in), "blinks red", "blinks \xff\\ud800 red", 1)))
	require.NoError(t, err)
	require.Equal(t, "The light blinks \uFFFD\uFFFD red.", got.Message)
}

func TestValidateMessage(t *testing.T) {
	t.Parallel()
	text, faults, err := webform.ValidateMessage([]byte(`{"message":" ok\r\n\u0000 "}`))
	require.NoError(t, err)
	require.Empty(t, faults)
	require.Equal(t, "ok", text)

	for _, in := range []string{`{}`, `{"message":" \u0000"}`, `{"message":1}`, `{"message":"` + strings.Repeat("x", 5001) + `"}`} {
		_, faults, err = webform.ValidateMessage([]byte(in))
		require.NoError(t, err)
		require.Len(t, faults, 1)
		require.Equal(t, "message", faults[0].Field)
	}
	_, _, err = webform.ValidateMessage([]byte("x"))
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
}

func TestEventCarriesTheSubmission(t *testing.T) {
	t.Parallel()
	s, _, err := webform.Validate(body(t, map[string]any{"phone": "+4915112345678"}))
	require.NoError(t, err)
	id, at := uuid.New(), time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	require.Equal(t, ticket.WebFormSubmission{
		TicketID: id, Name: "Ana", Email: "ana@example.com", Phone: "+4915112345678", Subject: "It blinks",
		Category: "technical", Priority: "low", Message: "The light blinks red.", At: at,
	}, s.Event(id, at))
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`{"name":"Ana","email":"ana@example.com","subject":"It blinks","category":"general","message":"The light blinks."}`))
	f.Add([]byte(`{"name":"\ud800\u0000","email":"a@b.c","subject":"Hello","category":"general","priority":"low","message":"0123456789","phone":"0049 151 12345","website":{}}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, faults, err := webform.Validate(in)
		switch {
		case err != nil:
			require.Contains(t, []ticket.Code{ticket.CodeInvalid, ticket.CodeTooLarge}, ticket.CodeOf(err))
			require.Nil(t, s)
			return
		case len(faults) > 0:
			require.Nil(t, s)
			return
		}
		for _, line := range []string{s.Name, s.Email, s.Subject, s.Phone} {
			require.True(t, utf8.ValidString(line))
			require.NotContains(t, line, "\n")
			require.NotContains(t, line, "\x00")
		}
		require.Equal(t, strings.ToLower(s.Email), s.Email)
		require.Equal(t, 1, strings.Count(s.Email, "@"))
		require.Contains(t, webform.Categories(), s.Category)
		require.Contains(t, webform.Priorities(), s.Priority)
		n := utf8.RuneCountInString(s.Message)
		require.True(t, n >= webform.MinMessage && n <= webform.MaxMessage)
		require.NotContains(t, s.Message, "\x00")

		// What was accepted is accepted again, unchanged: redrives rely on it.
		again, err := json.Marshal(map[string]string{
			"name": s.Name, "email": s.Email, "subject": s.Subject, "category": s.Category, "priority": s.Priority, "message": s.Message, "phone": s.Phone,
		})
		require.NoError(t, err)
		second, faults, err := webform.Validate(again)
		require.NoError(t, err)
		require.Empty(t, faults)
		second.Spam = s.Spam
		require.Equal(t, s, second)
	})
}
