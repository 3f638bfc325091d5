package knowledge_test

import (
	"bufio"
	"encoding/json"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema/schematest"
)

const companyArticles = "../dev/company/kb"

// simulated returns a client of the simulated embedding model.
func simulated(t *testing.T) *llm.Client {
	t.Helper()
	sim, err := openai.New(openai.Options{Brief: true})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, sim.Close())
	})
	client, err := llm.New(llm.Options{BaseURL: server.URL + "/v1", APIKey: "test", EmbeddingModel: "text-embedding-3-small"})
	require.NoError(t, err)
	return client
}

type question struct {
	ID       string   `json:"id"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`
	Articles []string `json:"articles"`
}

// words puts a question as the activity does.
func (q question) words() string {
	if q.Subject == "" {
		return q.Text
	}
	return q.Subject + "\n" + q.Text
}

func answerable(t *testing.T) []question {
	t.Helper()
	f, err := os.Open("../dev/company/questions.jsonl")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	var questions []question
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var q question
		require.NoError(t, json.Unmarshal(lines.Bytes(), &q))
		if len(q.Articles) > 0 {
			questions = append(questions, q)
		}
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, questions)
	return questions
}

func TestSearchFindsTheArticleThatAnswers(t *testing.T) {
	t.Parallel()
	base := knowledge.New(schematest.New(t), simulated(t), discard())
	_, err := base.Ingest(t.Context(), []string{companyArticles}, knowledge.IngestOptions{})
	require.NoError(t, err)
	questions := answerable(t)
	first, six, reciprocal := 0, 0, 0.0
	for _, q := range questions {
		found, err := base.Search(t.Context(), q.words(), 6)
		require.NoError(t, err)
		at := slices.IndexFunc(found.Chunks, func(c knowledge.Chunk) bool { return slices.Contains(q.Articles, c.Slug) })
		if at < 0 {
			t.Logf("%s: not found", q.ID)
			continue
		}
		six++
		reciprocal += 1 / float64(at+1)
		if at == 0 {
			first++
		}
	}
	share := func(n int) float64 { return float64(n) / float64(len(questions)) }
	t.Logf("%d questions: recall@1 %.3f, recall@6 %.3f, mean reciprocal rank %.3f",
		len(questions), share(first), share(six), reciprocal/float64(len(questions)))
	require.GreaterOrEqual(t, share(six), 0.9)
}
