package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema/schematest"
)

func TestEval(t *testing.T) {
	t.Parallel()
	fte := func(settings map[string]string, args ...string) (code int, out, errs string) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), append([]string{"eval"}, args...), envconfig.MapLookuper(settings), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	messages := write("m.jsonl", `{"id":"law","channel":"email","text":"My lawyer will sue you.","escalate":true,"reason":"legal_threat"}
{"id":"fine","channel":"webform","text":"How do I reset my password?","escalate":false}
`)

	t.Run("called wrongly", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{
			{},
			{"everything"},
			{"triage"},
			{"retrieval"},
			{"retrieval", "--queries", "x"},
			{"answers", "--tickets", "x"},
			{"triage", "--tickets", messages, "--tolerance", "2"},
			{"answers", "--tickets", messages, "--kb", ".", "--runs", "0"},
		} {
			code, _, _ := fte(nil, args...)
			require.Equal(t, exitUsage, code, args)
		}
	})
	t.Run("triage needs no settings", func(t *testing.T) {
		t.Parallel()
		code, out, errs := fte(nil, "triage", "--tickets", messages)
		require.Equal(t, exitOK, code, errs)
		require.Contains(t, out, "recall               1.000  of 1")
	})
	t.Run("triage by rules of one's own", func(t *testing.T) {
		t.Parallel()
		own := write("own.txt", "[trigger action_needed high]\nrecall: blue heron\n")
		heron := write("heron.jsonl", `{"id":"a","channel":"email","text":"It is about Blue Heron.","escalate":true,"reason":"action_needed"}`)
		code, out, errs := fte(nil, "triage", heron)
		require.Equal(t, exitOK, code, errs)
		require.Contains(t, out, "recall               0.000  of 1")
		code, out, errs = fte(map[string]string{"FTE_TRIAGE_RULES": own}, "triage", heron)
		require.Equal(t, exitOK, code, errs)
		require.Contains(t, out, "recall               1.000  of 1")

		broken := write("broken.txt", "[trigger colour urgent]\n")
		code, _, errs = fte(map[string]string{"FTE_TRIAGE_RULES": broken}, "triage", heron)
		require.NotEqual(t, exitOK, code)
		require.Contains(t, errs, "broken.txt:1: ")
	})
	t.Run("what got worse fails", func(t *testing.T) {
		t.Parallel()
		code, out, errs := fte(nil, "triage", "--json", messages)
		require.Equal(t, exitOK, code, errs)
		before := write("before.json", out)
		code, _, errs = fte(nil, "triage", messages, "--baseline", before)
		require.Equal(t, exitOK, code, errs)

		harder := write("harder.jsonl", `{"id":"a","channel":"email","text":"How do I add a sensor?","escalate":true,"reason":"action_needed"}`)
		code, _, errs = fte(nil, "triage", messages, harder, "--baseline", before)
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, "recall was 1.000 and is 0.500")
	})
	t.Run("retrieval without a model", func(t *testing.T) {
		t.Parallel()
		articles := filepath.Dir(write("reset-password.md", "# Reset your password\n\nOpen Settings and choose Forgot password.\n"))
		queries := write("q.jsonl", `{"id":"a","query":"forgot my password","articles":["reset-password"]}`)
		url := schematest.URL(t)
		code, out, errs := fte(map[string]string{"DATABASE_URL": url}, "retrieval", "--queries", queries, "--kb", articles)
		require.Equal(t, exitOK, code, errs)
		require.Contains(t, out, "only the search by words is measured")
		require.Contains(t, out, "text recall@1     1.000  of 1")
		require.Equal(t, "0", schematest.Scalar(t, url, "SELECT count(*)::text FROM knowledge_versions"), "the live database is left alone")
	})
}
