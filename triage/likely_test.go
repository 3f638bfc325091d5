package triage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
)

// TestHard keeps what the rules and the judge make together of messages close
// to the border. The judge was taught with them, so this says nothing of others.
func TestHard(t *testing.T) {
	t.Parallel()
	var due, caught, calm, wrong float64
	for _, e := range readExamples(t, "testdata/hard.txt") {
		f, person := triage.Assess([]triage.Message{{Channel: ticket.WebForm, Text: e.text}}).Person()
		if e.code != "" {
			due++
		} else {
			calm++
		}
		switch {
		case person && e.code != "":
			caught++
		case person:
			wrong++
			t.Logf("falsely %s: %s", f.Rule, e.text)
		case e.code != "":
			t.Logf("missed %s: %s", e.code, e.text)
		}
	}
	require.GreaterOrEqual(t, caught/due, 0.9)
	require.LessOrEqual(t, wrong/calm, 0.03)
}

// TestTheJudgeAddsWhatNoRuleKnows and keeps the customer's words to itself.
func TestTheJudgeAddsWhatNoRuleKnows(t *testing.T) {
	t.Parallel()
	a := triage.Assess([]triage.Message{{Channel: ticket.WebForm, Text: "I want to send everything back and have what I paid returned to my account."}})
	require.Equal(t, []triage.Fired{{Rule: "model/likely", Code: "refund_request", Urgency: "high"}}, a.Fired)
	require.Greater(t, a.Sentiment, 0.4, "a guess says nothing about the mood")
}

// TestTheJudgeNeverOverrulesDanger lets rules for danger, law, the account and
// insults stand whatever else a message says.
func TestTheJudgeNeverOverrulesDanger(t *testing.T) {
	t.Parallel()
	calm := "How do I add a sensor? Which plan do I need? Where do I find the export? How many sites can I have? "
	for _, text := range []string{
		"There is smoke coming out of the Hub.", "You will hear from my lawyer.", "My account was hacked.", "You are all idiots.",
		"I want to kill myself.",
	} {
		f, person := triage.Assess([]triage.Message{{Channel: ticket.WebForm, Text: calm + text}}).Person()
		require.True(t, person, text)
		require.Contains(t, []string{"safety", "legal_threat", "security", "abuse"}, f.Code, text)
	}
}
