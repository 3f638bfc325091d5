package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// What a batch calls for before any model is asked, through the real tables.
func TestRulesReadABatchFirst(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("the sensor in the cold room reports 4 degrees again\n", 1000)
	for name, tc := range map[string]struct {
		says   string
		person string // why a person is asked; empty when the model may be
		rule   string
	}{
		"a question":          {"How long is the link to reset my password valid?", "", ""},
		"a lawyer":            {"If this is not solved by Friday my lawyer will sue you.", "legal_threat", "trigger/legal_threat/"},
		"money back":          {"I want my money back.", "refund_request", "trigger/refund_request/"},
		"a person, in German": {"Ich möchte bitte mit einem Menschen sprechen.", "human_requested", "trigger/human_requested/"},
		"another language":    {"Merhaba, sensörün pilini nasıl değiştirebilirim? Kılavuzda hiçbir şey bulamadım.", ticket.EscalateLanguage, "language/tr"},
		"as long as it gets":  {long[:50_000], "", ""},
		"too long":            {long, ticket.EscalateUnreadable, "length/over-50000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withModel(articles())
			res := w.says(w.conversation(ticket.Email), tc.says)
			require.Equal(t, tc.person, res.Person)
			require.Contains(t, res.Rule, tc.rule)
			require.Equal(t, tc.rule == "", res.Rule == "")
		})
	}
}

// The first word that an answer did not help is for the assistant, the second
// for a person.
func TestSayingAgainThatItDoesNotHelpIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.says(conv, "The app shows no data from my sensor.")
	w.replies(opened, "Restart the hub.")
	again := w.says(conv, "It is still not working.")
	require.Empty(t, again.Person)
	w.replies(again, "Change the battery of the sensor.")
	third := w.says(conv, "That did not help either, still not working.")
	require.Equal(t, ticket.EscalateRepeated, third.Person)
	require.Equal(t, "loop/says-again", third.Rule)
	require.Equal(t, "high", third.Urgency)
}
