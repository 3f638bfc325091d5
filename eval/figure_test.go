package eval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/eval"
)

func TestWorse(t *testing.T) {
	t.Parallel()
	before := eval.Baseline{Figures: []eval.Figure{
		{Name: "recall", Value: 0.9, Better: eval.Higher},
		{Name: "false escalation", Value: 0.02, Better: eval.Lower},
		{Name: "seconds", Value: 1},
		{Name: "gone", Value: 0.5, Better: eval.Higher},
	}}
	worse := before.Worse([]eval.Figure{
		{Name: "recall", Value: 0.87}, {Name: "false escalation", Value: 0.1}, {Name: "seconds", Value: 99},
	}, 0.02)
	require.Equal(t, []string{
		"recall was 0.900 and is 0.870", "false escalation was 0.020 and is 0.100", "gone was 0.500 and was not measured",
	}, worse)
	require.Empty(t, eval.Baseline{Figures: before.Figures[:2]}.Worse([]eval.Figure{
		{Name: "recall", Value: 0.88}, {Name: "false escalation", Value: 0.01},
	}, 0.02), "a difference as large as the tolerance is borne")
}

func TestBaselineOfAnotherKind(t *testing.T) {
	t.Parallel()
	_, err := eval.ReadBaseline(file(t, `{"kind":"triage","figures":[]}`), "answers")
	require.ErrorContains(t, err, "not of `fte eval answers`")
	_, err = eval.ReadBaseline(file(t, `recall 0.9`), "answers")
	require.ErrorContains(t, err, "--json")
}
