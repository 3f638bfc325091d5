package staff

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"

	"github.com/digital-fte/fte/ticket"
)

// answer is what a query gives.
type answer struct{ value any }

func (a answer) HasValue() bool { return true }

func (a answer) Get(into any) error {
	body, err := json.Marshal(a.value)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// queries is a client that answers queries only.
type queries struct {
	fakeTemporal

	values map[string]any
	err    error
}

func (q *queries) QueryWorkflow(_ context.Context, _, _, name string, _ ...any) (converter.EncodedValue, error) {
	return answer{q.values[name]}, q.err
}

func TestLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	_, draft := w.turn(seen)
	article, chunk := uuid.New(), uuid.New()
	w.exec("INSERT INTO knowledge_versions (embedding_model, content_hash) VALUES ('m', 'h')")
	w.exec("INSERT INTO knowledge_articles (id, version, slug, title, body) SELECT '%s', id, 'links', 'Links', 'b' FROM knowledge_versions", article)
	w.exec("INSERT INTO knowledge_base (id, version, article_id, ordinal, title, content, content_hash, language, embedding) SELECT '%s', id, '%s', 1, 't', 'c', 'h', 'en', array_fill(0.1, ARRAY[1536])::vector FROM knowledge_versions", chunk, article)
	w.exec("UPDATE drafts SET citations = ARRAY['%s']::uuid[] WHERE id = '%s'", chunk, draft)
	w.exec("UPDATE tickets SET pending_draft_id = '%s', status = 'needs_human', escalation_code = 'approval_needed' WHERE id = '%s'", draft, seen.ID)
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	desk := *w.Desk
	temporal := &queries{values: map[string]any{
		ticket.QueryTicket:   ticket.TicketView{SLA: "first response by 10:00", LastError: "the model is away"},
		ticket.QueryTimeline: []ticket.Event{{At: at, What: "drafted an answer"}},
		ticket.QueryExplain:  ticket.Explanation{Rule: "answer", Model: "m"},
	}}
	desk.Temporal = temporal
	got, err := desk.Look(t.Context(), seen.Number)
	require.NoError(t, err)
	require.Equal(t, "approval_needed", got.Escalation)
	require.Equal(t, "Press the button.", got.Draft.Text)
	require.Equal(t, []string{"links"}, got.Draft.Sources)
	require.Equal(t, "first response by 10:00, the model is away", got.SLA+", "+got.Problem)
	require.Equal(t, []ticket.Event{{At: at, What: "drafted an answer"}}, got.Timeline)
	require.Equal(t, "answer", got.Last.Rule)
	require.Empty(t, got.Unasked)

	for want, broken := range map[string]error{
		"no worker answered":                  context.DeadlineExceeded,
		"no workflow is known for it":         serviceerror.NewNotFound("x"),
		"Temporal cannot be used: check TEMP": serviceerror.NewUnavailable("x"),
	} {
		temporal.err = broken
		got, err := desk.Look(t.Context(), seen.Number)
		require.NoError(t, err)
		require.Contains(t, got.Unasked, want)
		require.Equal(t, "Press the button.", got.Draft.Text, "the database is enough for the rest")
	}
	temporal.err, temporal.health = context.DeadlineExceeded, serviceerror.NewUnavailable("x")
	got, err = desk.Look(t.Context(), seen.Number)
	require.NoError(t, err)
	require.Contains(t, got.Unasked, "check TEMPORAL_ADDRESS")

	w.close(seen)
	later := w.further(seen.ConversationID)
	got, err = desk.Look(t.Context(), seen.ID.String())
	require.NoError(t, err)
	require.Equal(t, "the conversation has gone on as "+later.Number, got.Unasked)
}
