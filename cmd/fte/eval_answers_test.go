package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema/schematest"
)

// Customers of an evaluation are answered as those of the settings are.
func TestEvalAnswersAsksTheFallbackWithThePromptOfTheSettings(t *testing.T) {
	t.Parallel()
	first, primary, _ := keyed(t)
	second, fallback, _ := keyed(t)
	primary.SetFault(wire.Fault{Match: "/v1/chat/completions", Times: -1, Mode: wire.Answer, Status: http.StatusUnauthorized})
	kb := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(kb, "reset-password.md"),
		[]byte("# Reset your password\n\nOpen Settings and choose \"Forgot password\". The link works for 45 minutes.\n"), 0o600))
	tickets := filepath.Join(t.TempDir(), "m.jsonl")
	require.NoError(t, os.WriteFile(tickets, []byte(`{"id":"link","channel":"whatsapp","text":"How long does the link to reset my password work?",`+
		`"escalate":false,"expect":"45 minutes","articles":["reset-password"]}`+"\n"), 0o600))
	settings := with(cliSettings(), "DATABASE_URL", schematest.URL(t), "OPENAI_BASE_URL", first, "OPENAI_FALLBACK_BASE_URL", second,
		"OPENAI_FALLBACK_API_KEY", "sk-second", "FTE_PROMPT", "support-v1", "FTE_BUDGET_DAY", "0.000001")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"eval", "answers", "--tickets", tickets, "--kb", kb, "--json"}, envconfig.MapLookuper(settings), &stdout, &stderr)
	require.Equal(t, exitOK, code, stderr.String())
	require.Contains(t, stdout.String(), `"outcome": "sent"`, "no budget of live customers counts")
	pinned, known := llm.PromptNamed("support-v1")
	require.True(t, known)
	asked := 0
	for _, c := range fallback.Calls() {
		if c.Kind == openai.Chat {
			asked++
			require.Contains(t, c.Chat.Messages[0].Content, pinned.Text[:80])
		}
	}
	require.Positive(t, asked)
}
