package staff

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// world is a database with a desk whose Temporal is made up.
type world struct {
	*Desk
	t        *testing.T
	url      string
	temporal *fakeTemporal
}

func newWorld(t *testing.T) *world {
	t.Helper()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url, MaxConns: 5, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	temporal := &fakeTemporal{}
	return &world{&Desk{DB: db, Temporal: temporal, Patience: 5 * time.Second}, t, url, temporal}
}

func (w *world) exec(format string, args ...any) {
	w.t.Helper()
	schematest.Exec(w.t, w.url, fmt.Sprintf(format, args...))
}

func (w *world) count(format string, args ...any) string {
	w.t.Helper()
	return schematest.Scalar(w.t, w.url, "SELECT count(*)::text FROM "+fmt.Sprintf(format, args...))
}

// customer stores a customer with one verified identity.
func (w *world) customer(kind, value string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	require.NoError(w.t, w.DB.InsertCustomer(w.t.Context(), schema.InsertCustomerParams{ID: id, Name: "Ana Silva"}))
	require.NoError(w.t, w.DB.InsertIdentity(w.t.Context(), schema.InsertIdentityParams{Kind: kind, Value: value, CustomerID: id, SeenAt: time.Now()}))
	return id
}

// ticket stores a ticket of a conversation of its own.
func (w *world) ticket(customer uuid.UUID, channel ticket.Channel) Ticket {
	w.t.Helper()
	conversation := uuid.New()
	require.NoError(w.t, w.DB.InsertConversation(w.t.Context(), schema.InsertConversationParams{
		ID: conversation, Channel: channel, Key: conversation.String(), WorkflowID: "ticket/" + string(channel) + "/" + conversation.String(),
		CustomerID: customer, SenderVerified: true, Participants: []string{}, ReplyTo: "r", InitialCategory: "general", InitialPriority: "medium",
	}))
	return w.further(conversation)
}

// further stores a further ticket of a conversation.
func (w *world) further(conversation uuid.UUID) Ticket {
	w.t.Helper()
	id := uuid.New()
	_, err := w.DB.InsertTicket(w.t.Context(), schema.InsertTicketParams{
		ID: id, Number: ticket.Number(id), ConversationID: conversation, Subject: "Link", Category: "billing", Priority: "medium",
	})
	require.NoError(w.t, err)
	return w.find(id.String())
}

func (w *world) find(ref string) Ticket {
	w.t.Helper()
	found, err := w.Find(w.t.Context(), ref)
	require.NoError(w.t, err)
	return found
}

// turn stores a turn of a ticket with a draft, and returns both ids.
func (w *world) turn(t Ticket) (turn, draft uuid.UUID) {
	w.t.Helper()
	turn, draft, call := uuid.New(), uuid.New(), uuid.New()
	w.exec("INSERT INTO turns (id, conversation_id, ticket_id, first_message_id, message_ids) VALUES ('%s', '%s', '%s', gen_random_uuid(), '{}')", turn, t.ConversationID, t.ID)
	w.exec("INSERT INTO model_calls (id, turn_id, input_hash, prompt_version, model, decision, prompt_tokens, completion_tokens, latency_ms) VALUES ('%s', '%s', 'h', 'v', 'm', '{}', 1, 1, 1)", call, turn)
	w.exec("INSERT INTO drafts (id, turn_id, model_call_id, body, citations) VALUES ('%s', '%s', '%s', 'Press the button.', '{}')", draft, turn, call)
	return turn, draft
}

func (w *world) close(t Ticket) {
	w.t.Helper()
	w.exec("UPDATE tickets SET status = 'closed', closed_at = now(), created_at = now() - interval '1 day' WHERE id = '%s'", t.ID)
}

// requireSentence checks that an error is coded and its message is one that a
// person can read: no types, no causes, no line breaks.
func requireSentence(t *testing.T, err error, code ticket.Code, contains string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, ticket.CodeOf(err), err)
	require.Contains(t, err.Error(), contains)
	for _, noise := range []string{"\n", "type:", "retryable", "rpc", "SQLSTATE"} {
		require.NotContains(t, err.Error(), noise)
	}
	require.False(t, strings.HasPrefix(err.Error(), " "))
}
