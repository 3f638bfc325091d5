package triage_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
)

type example struct{ code, text string }

// readExamples reads "code | text", before which there may be a language.
func readExamples(t *testing.T, file string) (out []example) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		head, text, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(head)
		out = append(out, example{code: strings.Trim(words[len(words)-1], "-"), text: text})
	}
	require.NotEmpty(t, out)
	return out
}

// TestExamples holds the rules to what they are meant to tell apart.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/en.txt", "testdata/more.txt", "testdata/other.txt"} {
		for _, e := range readExamples(t, file) {
			t.Run(e.text, func(t *testing.T) {
				t.Parallel()
				a := triage.Assess([]triage.Message{{Channel: ticket.WhatsApp, Text: e.text}})
				f, _ := a.Person()
				require.Equal(t, e.code, f.Code, "by %s, sentiment %.2f, %+v", f.Rule, a.Sentiment, a.Language)
			})
		}
	}
}
