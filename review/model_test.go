package review_test

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/review"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// TestHonestAnswersPass has the simulated model answer the customers of the
// made-up company, with the real search and the real prompt: what it writes is
// made of the chunks' own sentences, so nearly all of it must pass.
func TestHonestAnswersPass(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks some hundred questions of a database")
	}
	sim, err := openai.New(openai.Options{Brief: true})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, sim.Close())
	})
	client, err := llm.New(llm.Options{BaseURL: server.URL + "/v1", APIKey: "test", Model: "gpt-4o-mini", EmbeddingModel: "text-embedding-3-small"})
	require.NoError(t, err)
	base := knowledge.New(schematest.New(t), client, slog.New(slog.DiscardHandler))
	_, err = base.Ingest(t.Context(), []string{companyKB}, knowledge.IngestOptions{})
	require.NoError(t, err)

	answered, passed := 0, 0
	for _, file := range []string{"../dev/company/questions.jsonl", "../dev/sim/openai/testdata/other_words.jsonl"} {
		f, err := os.Open(file)
		require.NoError(t, err)
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var q struct {
				ID, Subject, Text string
				Channel           ticket.Channel
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &q))
			words := q.Text
			if q.Subject != "" {
				words = q.Subject + "\n\n" + q.Text
			}
			found, err := base.Search(t.Context(), words, 6)
			require.NoError(t, err)
			prompt := llm.PromptInput{Channel: q.Channel, Company: "Firnwacht", Nonce: "0f5c1d9e-77aa", CustomerMessages: []string{words}}
			var retrieved []review.Chunk
			seen := map[uuid.UUID]bool{}
			for _, c := range found.Chunks {
				if !seen[c.ID] {
					retrieved = append(retrieved, review.Chunk{ID: c.ID, Title: c.Title, Content: c.Content, Slug: c.Slug})
				}
				seen[c.ID] = true
				prompt.Chunks = append(prompt.Chunks, llm.Chunk{ID: c.ID, Title: c.Title, Content: c.Content})
			}
			done, err := client.Chat(t.Context(), llm.Request{PromptVersion: llm.PromptVersion(), Messages: llm.Build(prompt)})
			require.NoError(t, err)
			if done.Respond == nil {
				continue
			}
			answered++
			r := review.Check(review.Input{
				Channel: q.Channel, Draft: done.Respond.Message, Citations: done.Respond.Citations, Retrieved: retrieved,
				Customer: []string{words}, SystemPrompt: llm.SystemPrompt(), Canaries: []string{prompt.Nonce}, Company: "Firnwacht",
				Limits: review.Limits{Words: 400, Characters: 3200},
			})
			if r.Passed {
				passed++
				continue
			}
			t.Logf("%s: %q\n   %+v", q.ID, done.Respond.Message, failed(r))
		}
		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}
	t.Logf("%d of %d honest answers pass", passed, answered)
	require.Greater(t, answered, 100)
	require.GreaterOrEqual(t, float64(passed), 0.95*float64(answered))
}
