package eval_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/eval"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

func TestLoose(t *testing.T) {
	t.Parallel()
	const sources = "It costs 12.50 EUR, see https://help.example/prices. Wait 30 minutes."
	require.Empty(t, eval.Loose("1. It is 12.50 EUR.\n2. See https://help.example/prices", sources))
	require.Equal(t, []string{"13.50", "https://evil.example/x", "me@evil.example"},
		eval.Loose("It is 13.50 EUR, really 13.50: https://evil.example/x or me@evil.example", sources))
}

func TestPassAll(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 0.75, eval.PassAll([]int{4, 2}, 4, 1), 1e-9)
	require.InDelta(t, (1+1.0/6)/2, eval.PassAll([]int{4, 2}, 4, 2), 1e-9)
	require.InDelta(t, 0.5, eval.PassAll([]int{4, 3}, 4, 4), 1e-9)
}

const articleOnPasswords = `# Reset your password

Open Settings > Security and choose "Forgot password". We send a link to your address. The link works for 45 minutes and only once.

If the mail does not arrive, look into the folder for spam, then ask for another link. Only the newest link works.
`

func TestAnswer(t *testing.T) {
	t.Parallel()
	sim, err := openai.New(openai.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		require.NoError(t, sim.Close())
		server.Close()
	})
	model, err := llm.New(llm.Options{BaseURL: server.URL + "/v1", APIKey: "sk", Model: "chat-1", EmbeddingModel: "embed-1"})
	require.NoError(t, err)
	articles := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(articles, "reset-password.md"), []byte(articleOnPasswords), 0o600))
	sandbox, err := eval.NewSandbox(t.Context(), schematest.URL(t), model, []string{articles}, slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sandbox.Close(context.Background())) })
	secrets, err := ticket.ParseSecrets("a secret key that is long enough to sign")
	require.NoError(t, err)
	customers, err := eval.ReadCustomers(file(t, `{"id":"link","channel":"whatsapp","text":"How long does the link to reset my password work?","escalate":false,"expect":"45 minutes","articles":["reset-password"]}
{"id":"law","channel":"email","subject":"Claim","text":"My lawyer will sue you.","escalate":true,"reason":"legal_threat"}
{"id":"other","channel":"webform","subject":"Whales","text":"What do whales eat in the Arctic ocean?","escalate":true,"reason":"no_answer"}
`))
	require.NoError(t, err)

	got, err := eval.Answer(t.Context(), eval.AnswersOptions{
		Sandbox: sandbox, Model: "chat-1", Runs: 2, Parallel: 2,
		Activities: activities.New(activities.Options{
			DB: sandbox.DB, Model: model, Embedder: model, Knowledge: sandbox.Base, Secrets: secrets, PublicBaseURL: "https://help.example/",
			Policy: activities.Policy{Company: "Firnwacht", SLA: sla.DefaultPolicy(), PromptPrice: 1, OutputPrice: 10},
			Logger: slog.New(slog.DiscardHandler),
		}),
	}, customers)
	require.NoError(t, err)
	require.Len(t, got.Replies, 6)
	link := got.Replies[0]
	require.Equal(t, "sent", link.Outcome, "%+v", link)
	require.True(t, link.Correct)
	require.True(t, link.Grounded, "%v", link.Loose)
	require.Positive(t, link.CostUSD)
	require.Equal(t, []string{"reset-password"}, link.Sources)
	law := got.Replies[2]
	require.Equal(t, "person", law.Outcome)
	require.Equal(t, "legal_threat", law.Why)
	require.NotEmpty(t, law.Rule)
	require.Zero(t, law.Calls, "the model is not asked")
	require.Equal(t, "person", got.Replies[4].Outcome)
	for _, name := range []string{"grounded", "correct", "escalated when due", "pass^1", "pass^2"} {
		require.InDelta(t, 1, value(t, got.Figures, name), 1e-9, name)
	}
	require.Equal(t, 2, got.Ends["sent"])
	require.Empty(t, got.Bad())
}
