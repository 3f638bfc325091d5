package eval_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/eval"
	"github.com/digital-fte/fte/ticket"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "examples.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const answerable = `{"id":"a","channel":"email","subject":"Hi","text":"How?","escalate":false,"reason":"","expect":"so"}`

func TestFaultsAreNamedByFileAndLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":        {answerable + "\n\n{", ":3: not an example in JSON"},
		"channel":        {`{"id":"a","channel":"fax","text":"x","escalate":false}`, ":1: `channel` is \"fax\""},
		"no label":       {`{"id":"a","channel":"email","text":"x"}`, "`escalate` is missing"},
		"no reason":      {`{"id":"a","channel":"email","text":"x","escalate":true}`, "`reason` is missing"},
		"needless":       {`{"id":"a","channel":"email","text":"x","escalate":false,"reason":"abuse"}`, "although nobody has to answer"},
		"sentiment":      {`{"id":"a","channel":"email","text":"x","escalate":false,"sentiment":2}`, "`sentiment` is 2"},
		"same id":        {answerable + "\n" + answerable, `:2: the id "a" stands at `},
		"no id":          {`{"channel":"email","text":"x","escalate":false}`, "`id` is missing"},
		"nothing inside": {"\n", "has no examples"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := eval.ReadMessages(file(t, c.text))
			require.ErrorContains(t, err, c.want)
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
		})
	}
}

func TestCustomersNeedAnExpectation(t *testing.T) {
	t.Parallel()
	read, err := eval.ReadCustomers(file(t, answerable))
	require.NoError(t, err)
	require.Len(t, read, 1)
	_, err = eval.ReadCustomers(file(t, `{"id":"a","channel":"email","text":"x","escalate":false}`))
	require.ErrorContains(t, err, "`expect` is missing")
	_, err = eval.ReadCustomers(file(t, `{"id":"a","channel":"email","text":"x","escalate":false,"expect":"("}`))
	require.ErrorContains(t, err, "`expect` is not a regular expression")
}

func TestQueriesNeedArticles(t *testing.T) {
	t.Parallel()
	_, err := eval.ReadQueries(file(t, `{"id":"a"}`))
	require.ErrorContains(t, err, "`query` is missing")
	require.ErrorContains(t, err, "`articles` is missing")
}
