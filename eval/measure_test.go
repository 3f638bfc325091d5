package eval_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/eval"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/triage"
)

// value returns a figure by its name.
func value(t *testing.T, figures []eval.Figure, name string) float64 {
	t.Helper()
	for _, f := range figures {
		if f.Name == name {
			return f.Value
		}
	}
	require.Fail(t, "no figure is called "+name)
	return 0
}

func TestJudgeMessages(t *testing.T) {
	t.Parallel()
	messages, err := eval.ReadMessages(file(t, `{"id":"law","channel":"email","text":"My lawyer will sue you.","escalate":true,"reason":"legal_threat"}
{"id":"missed","channel":"whatsapp","text":"How do I add a sensor?","escalate":true,"reason":"action_needed"}
{"id":"fine","channel":"webform","text":"How do I reset my password?","escalate":false,"sentiment":0.5}
{"id":"polish","channel":"email","text":"Dzień dobry, jak mogę zmienić swoje hasło? Nie pamiętam go i nie mogę się zalogować.","escalate":true,"reason":"unsupported_language"}
`))
	require.NoError(t, err)
	got := eval.JudgeMessages(triage.Default(), messages, []string{"en", "de"})
	require.InDelta(t, 2.0/3, value(t, got.Figures, "recall"), 1e-9)
	require.InDelta(t, 1, value(t, got.Figures, "precision"), 1e-9)
	require.Zero(t, value(t, got.Figures, "false escalation"))
	require.InDelta(t, 1, value(t, got.Figures, "right reason"), 1e-9)
	require.Contains(t, got.Confusion(), "missed  missed  action_needed")
	require.Contains(t, got.Reasons, eval.ReasonCount{Reason: "legal_threat", Count: 1, Asked: 1, Named: 1})

	require.InDelta(t, 1.0/3, value(t, eval.JudgeMessages(triage.Default(), messages, nil).Figures, "recall"), 1e-9, "without languages none is foreign")
}

// shelf finds what it is told.
type shelf map[string][]knowledge.Chunk

func (s shelf) Search(_ context.Context, query string, _ int) (knowledge.Found, error) {
	return knowledge.Found{Version: 1, Chunks: s[query]}, nil
}

func TestRetrieve(t *testing.T) {
	t.Parallel()
	base := shelf{
		"first":  {{Slug: "right", ByVector: 2, ByText: 1}, {Slug: "wrong", ByVector: 1}},
		"second": {{Slug: "wrong", ByText: 1, ByVector: 1}, {Slug: "right", ByVector: 2}},
		"never":  {{Slug: "wrong", ByVector: 1}},
	}
	queries := []eval.Query{
		{ID: "1", Query: "first", Articles: []string{"right"}},
		{ID: "2", Query: "second", Articles: []string{"other", "right"}},
		{ID: "3", Query: "never", Articles: []string{"right"}},
	}
	got, err := eval.Retrieve(t.Context(), base, "model", queries, nil)
	require.NoError(t, err)
	for name, want := range map[string]float64{
		"hybrid recall@1": 1.0 / 3, "hybrid recall@5": 2.0 / 3, "hybrid MRR": 0.5,
		"vector recall@1": 0, "vector MRR": 1.0 / 3, "text recall@1": 1.0 / 3, "text recall@5": 1.0 / 3,
	} {
		require.InDelta(t, want, value(t, got.Figures, name), 1e-9, name)
	}
	require.Contains(t, got.Misses(), "missed  3  wants right, found wrong")

	got, err = eval.Retrieve(t.Context(), base, "", queries, nil)
	require.NoError(t, err)
	require.Len(t, got.Figures, 3, "without a model only words are measured")
	require.Contains(t, got.String(), "no embedding model")
}
