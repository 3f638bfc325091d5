package openai_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// The same limits as in a turn.
const (
	chunksPerSearch = 6
	searchesPerTurn = 3
)

type customerQuestion struct {
	ID       string         `json:"id"`
	Channel  ticket.Channel `json:"channel"`
	Subject  string         `json:"subject"`
	Text     string         `json:"text"`
	Articles []string       `json:"articles"`
	Expect   string         `json:"expect"`
	Escalate bool           `json:"escalate"`
	Reason   string         `json:"reason"`
}

// words joins subject and text as the activities do.
func (q customerQuestion) words(separator string) string {
	if q.Subject == "" {
		return q.Text
	}
	return q.Subject + separator + q.Text
}

// TestQualityOfAnswers takes every question of the made-up company the way a
// turn does: ingested articles, a search, the real prompt, the real client.
func TestQualityOfAnswers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks a hundred questions of a database")
	}
	desk := openDesk(t)
	var answerable, responded, matching, citing, mustEscalate, escalated int
	var failures []string
	fail := func(q customerQuestion, what, detail string) {
		failures = append(failures, fmt.Sprintf("%-24s %-10s %s", q.ID, what, detail))
	}
	for _, q := range companyQuestions(t) {
		decision, slugs := desk.ask(t, q)
		if q.Escalate {
			mustEscalate++
			if decision.Escalate == nil {
				fail(q, "answered", fmt.Sprintf("(%s) %q", q.Reason, decision.Respond.Message))
				continue
			}
			escalated++
			continue
		}
		answerable++
		if decision.Respond == nil {
			fail(q, "escalated", string(decision.Escalate.Reason))
			continue
		}
		responded++
		message := decision.Respond.Message
		if regexp.MustCompile("(?i)" + q.Expect).MatchString(message) {
			matching++
		} else {
			fail(q, "off", fmt.Sprintf("want /%s/ got %q", q.Expect, message))
		}
		if slices.ContainsFunc(slugs, func(slug string) bool { return slices.Contains(q.Articles, slug) }) {
			citing++
		} else {
			fail(q, "cites", strings.Join(slugs, ", "))
		}
	}
	share := func(n, of int) float64 { return float64(n) / float64(of) }
	t.Logf("%d answerable: %.3f responded, %.3f match, %.3f cite; %d for people: %.3f escalated\n%s",
		answerable, share(responded, answerable), share(matching, answerable), share(citing, answerable),
		mustEscalate, share(escalated, mustEscalate), strings.Join(failures, "\n"))
	require.GreaterOrEqual(t, share(responded, answerable), 0.9, "answerable questions that were answered")
	require.GreaterOrEqual(t, share(matching, answerable), 0.8, "answers that say what was asked for")
	require.GreaterOrEqual(t, share(citing, answerable), 0.85, "answers that cite an article with the answer")
	require.GreaterOrEqual(t, share(escalated, mustEscalate), 0.9, "questions for people that reached one")
}

// desk is what a turn needs to find its next step.
type desk struct {
	base   *knowledge.Base
	client *llm.Client
	slugs  map[uuid.UUID]string
}

func openDesk(t *testing.T) *desk {
	t.Helper()
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
	_, err = base.Ingest(t.Context(), []string{"../../company/kb"}, nil)
	require.NoError(t, err)
	return &desk{base: base, client: client, slugs: map[uuid.UUID]string{}}
}

// ask returns the model's last decision and the articles that it cites.
func (d *desk) ask(t *testing.T, q customerQuestion) (llm.Decision, []string) {
	t.Helper()
	prompt := llm.PromptInput{
		Channel: q.Channel, Company: "Firnwacht", Nonce: "0f5c1d9e-77aa",
		CustomerMessages: []string{q.words("\n\n")}, Chunks: d.search(t, q.words("\n")),
	}
	for {
		done, err := d.client.Chat(t.Context(), llm.Request{PromptVersion: llm.PromptVersion(), Messages: llm.Build(prompt)})
		require.NoError(t, err, q.ID)
		decision := done.Decision
		if decision.Search != nil {
			if len(prompt.PriorSearches)+1 == searchesPerTurn {
				return llm.Decision{Escalate: &llm.Escalation{Reason: llm.ReasonNoAnswer}}, nil
			}
			prompt.PriorSearches = append(prompt.PriorSearches, llm.SearchRound{
				Query: decision.Search.Query, Chunks: d.search(t, decision.Search.Query),
			})
			continue
		}
		var cited []string
		if decision.Respond != nil {
			for _, id := range decision.Respond.Citations {
				cited = append(cited, d.slugs[id])
			}
		}
		return decision, cited
	}
}

func (d *desk) search(t *testing.T, query string) []llm.Chunk {
	t.Helper()
	found, err := d.base.Search(t.Context(), query, chunksPerSearch)
	require.NoError(t, err)
	chunks := make([]llm.Chunk, 0, len(found.Chunks))
	for _, c := range found.Chunks {
		d.slugs[c.ID] = c.Slug
		chunks = append(chunks, llm.Chunk{ID: c.ID, Title: c.Title, Content: c.Content})
	}
	return chunks
}

func companyQuestions(t *testing.T) []customerQuestion {
	t.Helper()
	f, err := os.Open("../../company/questions.jsonl")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	var questions []customerQuestion
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var q customerQuestion
		require.NoError(t, json.Unmarshal(lines.Bytes(), &q))
		questions = append(questions, q)
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, questions)
	return questions
}
