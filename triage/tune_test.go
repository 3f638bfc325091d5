package triage_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
)

// labelled is a line of bench/eval/triage.tune.jsonl.
type labelled struct {
	ID        string         `json:"id"`
	Channel   ticket.Channel `json:"channel"`
	Subject   string         `json:"subject"`
	Text      string         `json:"text"`
	Escalate  bool           `json:"escalate"`
	Reason    string         `json:"reason"`
	Sentiment *float64       `json:"sentiment"`
}

func readLabelled(t *testing.T, file string) (out []labelled) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var l labelled
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		out = append(out, l)
	}
	require.NoError(t, lines.Err())
	return out
}

// asks is what the service makes of a message while its knowledge is in English
// and German.
func asks(a triage.Assessment) (triage.Fired, bool) {
	if f, ok := a.Person(); ok {
		return f, true
	}
	if l := a.Language; l.Sure && l.Code != "en" && l.Code != "de" {
		return triage.Fired{Code: ticket.EscalateLanguage, Rule: "language/" + l.Code}, true
	}
	return triage.Fired{}, false
}

// TestTuned keeps what the rules were tuned to. What they are worth is measured
// on messages they have not seen, by fte eval.
func TestTuned(t *testing.T) {
	t.Parallel()
	var due, caught, calm, false_, off float64
	var felt float64
	for _, l := range readLabelled(t, "../bench/eval/triage.tune.jsonl") {
		a := triage.Assess([]triage.Message{{Channel: l.Channel, Subject: l.Subject, Text: l.Text}})
		f, person := asks(a)
		switch {
		case l.Escalate:
			due++
			if person {
				caught++
			} else {
				t.Logf("missed %s (%s, %v): %.2f", l.ID, l.Reason, a.Language, a.Sentiment)
			}
			if person && f.Code != l.Reason {
				t.Logf("as %s instead of %s: %s by %s", f.Code, l.Reason, l.ID, f.Rule)
			}
		default:
			calm++
			if person {
				false_++
				t.Logf("falsely %s: %s (%.2f)", l.ID, f.Rule, a.Sentiment)
			}
		}
		if l.Sentiment != nil {
			felt++
			d := a.Sentiment - *l.Sentiment
			off += max(d, -d)
			if max(d, -d) > 0.25 {
				t.Logf("sentiment of %s is %.2f, not %.2f", l.ID, a.Sentiment, *l.Sentiment)
			}
		}
	}
	t.Logf("recall %.3f, false escalation %.3f, sentiment off by %.3f", caught/due, false_/calm, off/felt)
	require.GreaterOrEqual(t, caught/due, 0.9)
	require.LessOrEqual(t, false_/calm, 0.03)
}
