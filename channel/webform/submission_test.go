package webform_test

import (
	"encoding/json"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/text"
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

func TestValidateMessageRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	_, _, err := webform.ValidateMessage([]byte("x"))
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
}

func TestBait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bait any
		spam bool
	}{
		"filled": {"https://spam.example", true}, "of another type": {1, true}, "empty": {"", false}, "null": {nil, false}, "absent": {absent, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, faults, err := webform.Validate(body(t, map[string]any{"website": c.bait}))
			require.NoError(t, err)
			require.Empty(t, faults)
			require.Equal(t, c.spam, s.Spam)
		})
	}
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
	for _, c := range cases(f).Cases {
		f.Add(c.body(f))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if message, faults, err := webform.ValidateMessage(in); err == nil && len(faults) == 0 {
			n := utf8.RuneCountInString(message)
			require.True(t, n >= 1 && n <= 5000)
			require.Equal(t, strings.TrimSpace(text.Sanitize(message)), message)
		}
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
		parsed, err := mail.ParseAddress(s.Email)
		require.NoError(t, err, "what is written into a mail header has to be an address there, too")
		require.Equal(t, s.Email, parsed.Address)
		require.Equal(t, 1, strings.Count(s.Email, "@"))
		require.Contains(t, webform.Categories(), s.Category)
		require.Contains(t, webform.Priorities(), s.Priority)
		n := utf8.RuneCountInString(s.Message)
		require.True(t, n >= 10 && n <= 5000)
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
