package openai_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

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

// TestQualityOfAnswers takes questions to the made-up company the way a turn
// does: ingested articles, a search, the real prompt, the real client. The
// second file asks for other things in other words than the first.
func TestQualityOfAnswers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks some hundred questions of a database")
	}
	desk := openDesk(t)
	for file, floor := range map[string]tally{
		"../../company/questions.jsonl": {responded: 0.95, matching: 0.84, citing: 0.9, escalated: 0.91},
		"testdata/other_words.jsonl":    {responded: 0.95, matching: 0.88, citing: 0.9, escalated: 0.9},
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			got, failures := desk.measure(t, readQuestions(t, file))
			t.Logf("shares: %+v\n%s", got, strings.Join(failures, "\n"))
			require.GreaterOrEqual(t, got.responded, floor.responded, "answerable questions that were answered")
			require.GreaterOrEqual(t, got.matching, floor.matching, "answers that say what was asked for")
			require.GreaterOrEqual(t, got.citing, floor.citing, "answers that cite an article with the answer")
			require.GreaterOrEqual(t, got.escalated, floor.escalated, "questions for people that reached one")
		})
	}
}

// tally holds shares from 0 to 1: of the answerable questions, and in escalated
// of those for people.
type tally struct{ responded, matching, citing, escalated float64 }

// measure asks all questions and describes what went wrong, one a line.
func (d *desk) measure(t *testing.T, questions []customerQuestion) (tally, []string) {
	t.Helper()
	var got tally
	var failures []string
	var answerable, forPeople float64
	for _, q := range questions {
		fail := func(what, detail string) {
			failures = append(failures, fmt.Sprintf("%-24s %-10s %s", q.ID, what, detail))
		}
		decision, slugs := d.ask(t, q)
		switch {
		case q.Escalate && decision.Escalate != nil:
			forPeople++
			got.escalated++
		case q.Escalate:
			forPeople++
			fail("answered", fmt.Sprintf("(%s) %q", q.Reason, decision.Respond.Message))
		case decision.Respond == nil:
			answerable++
			fail("escalated", string(decision.Escalate.Reason))
		default:
			answerable++
			got.responded++
			if regexp.MustCompile("(?i)" + q.Expect).MatchString(decision.Respond.Message) {
				got.matching++
			} else {
				fail("off", fmt.Sprintf("want /%s/ got %q", q.Expect, decision.Respond.Message))
			}
			if slices.ContainsFunc(slugs, func(slug string) bool { return slices.Contains(q.Articles, slug) }) {
				got.citing++
			} else {
				fail("cites", strings.Join(slugs, ", "))
			}
		}
	}
	require.Positive(t, answerable)
	require.Positive(t, forPeople)
	return tally{got.responded / answerable, got.matching / answerable, got.citing / answerable, got.escalated / forPeople}, failures
}

// desk is what a turn needs to find its next step.
type desk struct {
	base   *knowledge.Base
	client *llm.Client
	slugs  sync.Map // uuid.UUID to string
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
	_, err = base.Ingest(t.Context(), []string{"../../company/kb"}, knowledge.IngestOptions{})
	require.NoError(t, err)
	return &desk{base: base, client: client}
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
				if slug, ok := d.slugs.Load(id); ok {
					cited = append(cited, slug.(string))
				}
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
		d.slugs.Store(c.ID, c.Slug)
		chunks = append(chunks, llm.Chunk{ID: c.ID, Title: c.Title, Content: c.Content})
	}
	return chunks
}

func readQuestions(t *testing.T, file string) []customerQuestion {
	t.Helper()
	f, err := os.Open(file)
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
