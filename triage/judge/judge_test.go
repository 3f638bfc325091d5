package judge_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/triage/judge"
)

func examples() []judge.Example {
	var out []judge.Example
	for range 3 {
		out = append(out,
			judge.Example{Words: strings.Fields("send my money back"), Code: "refund_request"},
			judge.Example{Words: strings.Fields("my money is gone"), Code: "refund_request"},
			judge.Example{Words: strings.Fields("where is the smoke from"), Code: "safety"},
			judge.Example{Words: strings.Fields("how do i add a sensor ?"), Code: judge.Nobody},
			judge.Example{Words: strings.Fields("where is the button ?"), Code: judge.Nobody},
		)
	}
	return out
}

func TestTrain(t *testing.T) {
	t.Parallel()
	m := judge.Train(examples())
	v := m.Judge(strings.Fields("i want my money"))
	require.Positive(t, v.Odds)
	require.Equal(t, "refund_request", v.Code)
	require.Equal(t, "safety", m.Judge(strings.Fields("there is smoke")).Code)
	require.Negative(t, m.Judge(strings.Fields("how do i find the button ?")).Odds)
	require.Less(t, m.Judge(nil).Odds, v.Odds)
}

func TestWriteAndParse(t *testing.T) {
	t.Parallel()
	var one, two bytes.Buffer
	require.NoError(t, judge.Train(examples()).Write(&one, "from a test"))
	require.NoError(t, judge.Train(examples()).Write(&two, "from a test"))
	require.Equal(t, one.String(), two.String(), "the same examples give the same weights")
	require.True(t, strings.HasPrefix(one.String(), "# from a test\n= none "))

	m, err := judge.Parse(one.String())
	require.NoError(t, err)
	v := m.Judge(strings.Fields("my money back"))
	require.Equal(t, "refund_request", v.Code)
	require.Positive(t, v.Odds)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "begins with the bias of none",
		"= refund_request 1 none 0":        "begins with the bias of none",
		"money refund_request 1":           "line 1 is not",
		"= none 1 safety 0\nmoney safety":  "line 2 is not",
		"= none 1 safety 0\nmoney abuse 1": "line 2: abuse 1 is no class and weight",
		"= none 1 safety 0\nmoney none x":  "line 2: none x is no class and weight",
	} {
		_, err := judge.Parse(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"0", "0_sensor", "charg", "charg_0", "charg~sensor", "sensor"},
		judge.Features(strings.Fields("charged 12 sensors")))
	require.Len(t, judge.Features(strings.Fields(strings.Repeat("a ", 5000))), 3, "equal words count once")
}
