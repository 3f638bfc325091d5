package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/schema/schematest"
)

func TestKnowledgeIsLookedAfter(t *testing.T) {
	t.Parallel()
	model, err := openai.New(openai.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(model)
	t.Cleanup(server.Close)
	url := schematest.URL(t)
	settings := with(cliSettings(), "DATABASE_URL", url, "OPENAI_BASE_URL", server.URL+"/v1")
	good := func(args ...string) string {
		t.Helper()
		got := fte(t, settings, append([]string{"kb"}, args...)...)
		require.Equal(t, exitOK, got.code, got.stderr)
		return got.stdout
	}
	bad := func(code int, want string, args ...string) {
		t.Helper()
		got := fte(t, settings, append([]string{"kb"}, args...)...)
		require.Equal(t, code, got.code, got.stderr)
		require.Contains(t, got.stderr, want)
	}
	require.Contains(t, good("check"), "The knowledge base is empty")
	require.Contains(t, good("gaps"), "No gaps in the last 30 days")
	require.JSONEq(t, "[]", good("gaps", "--json"))
	require.Contains(t, good("propose"), "Nothing new")
	require.Contains(t, good("proposals"), "No proposed article waits")
	bad(exitFailed, "the knowledge base is empty", "reembed", "--local")
	bad(exitFailed, "there is no proposal abc", "proposals", "show", "abc")
	bad(exitFailed, "there is no learned article x", "withdraw", "x", "--by", "ana")
	bad(exitUsage, "needs --reason", "proposals", "reject", "abc")
	bad(exitUsage, "needs --file", "proposals", "edit", "abc")
	bad(exitUsage, "there is no kb proposals burn", "proposals", "burn", "abc")
	bad(exitUsage, "kb list has no --local", "list", "--local")

	folder := writeArticles(t, map[string]string{"refunds.md": article})
	require.NoError(t, os.WriteFile(filepath.Join(folder, "old.html"),
		[]byte(`<title>Old</title><meta name="updated" content="2020-01-31"><p>Words.</p><p hidden>more words</p>`), 0o600))
	require.Contains(t, good("check", folder), "old has words that people do not see")
	require.Contains(t, good("ingest", folder), "old has words that people do not see")
	require.Contains(t, good("check"), "stale: old was last touched on 2020-01-31")
	require.Regexp(t, `(?m)^old .* stale$`, good("list"))
	require.Contains(t, good("reembed", "--local"), "unchanged")
	settings = with(settings, "OPENAI_EMBEDDING_MODEL", "text-embedding-3-large")
	bad(exitFailed, "fte kb reembed", "search", "refund")
	require.Contains(t, good("reembed", "--local"), "version 2 is live: 2 articles in 2 chunks, 2 embedded")
	require.Contains(t, good("search", "refund"), "refunds")
}
