package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/mcp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ana = mcp.Holder{Name: "ana", Role: mcp.Viewer}

// world is a database with customers, and a server that may only read it.
type world struct {
	t       *testing.T
	url     string
	db      *schema.DB // that may write, for the test alone
	reader  *schema.DB
	words   words
	log     logged
	started time.Time
	server  *mcp.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: schematest.URL(t), started: time.Now().Add(-time.Hour).Truncate(time.Second)}
	w.db, w.reader = w.open(false), w.open(true)
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.server = mcp.New(mcp.Options{DB: w.reader, Knowledge: knowledge.New(w.reader, &w.words, log), Logger: log, Version: "v1"})
	return w
}

func (w *world) open(readOnly bool) *schema.DB {
	w.t.Helper()
	db, err := schema.Open(w.t.Context(), schema.Options{URL: w.url, MaxConns: 3, Name: "test", ReadOnly: readOnly})
	require.NoError(w.t, err)
	w.t.Cleanup(db.Close)
	return db
}

func (w *world) exec(format string, args ...any) {
	w.t.Helper()
	schematest.Exec(w.t, w.url, fmt.Sprintf(format, args...))
}

// client connects to the server as ana, as a program does that has started it.
func (w *world) client() *sdk.ClientSession {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(ctx, toServer, fromServer, ana) }()
	session := connect(w.t, &sdk.IOTransport{Reader: toClient, Writer: fromClient})
	w.t.Cleanup(func() {
		require.NoError(w.t, session.Close())
		select {
		case err := <-done:
			require.NoError(w.t, err)
		case <-time.After(10 * time.Second):
			require.Fail(w.t, "the server goes on though its client has left")
		}
		cancel()
	})
	return session
}

func connect(t *testing.T, transport sdk.Transport) *sdk.ClientSession {
	t.Helper()
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "v1"}, nil).Connect(t.Context(), transport, nil)
	require.NoError(t, err)
	return session
}

// call calls a tool and reads what it says into out.
func call(t *testing.T, session *sdk.ClientSession, tool string, arguments map[string]any, out any) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.False(t, result.IsError, said(result))
	data, err := json.Marshal(result.StructuredContent)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, out))
	require.JSONEq(t, string(data), said(result), "clients that know no structure read the same")
}

// refused calls a tool that cannot answer, and returns the sentence that says why.
func refused(t *testing.T, session *sdk.ClientSession, tool string, arguments map[string]any) string {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.True(t, result.IsError, said(result))
	return said(result)
}

func said(result *sdk.CallToolResult) string {
	var b strings.Builder
	for _, c := range result.Content {
		b.WriteString(c.(*sdk.TextContent).Text)
	}
	return b.String()
}

// customer stores a customer whom a channel has proved.
func (w *world) customer(name, kind, value string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	require.NoError(w.t, w.db.InsertCustomer(w.t.Context(), schema.InsertCustomerParams{ID: id, Name: name}))
	require.NoError(w.t, w.db.InsertIdentity(w.t.Context(), schema.InsertIdentityParams{Kind: kind, Value: value, CustomerID: id, SeenAt: time.Now()}))
	return id
}

type thread struct {
	conversation, ticket uuid.UUID
	number               string
	channel              ticket.Channel
}

// thread stores a conversation with a ticket.
func (w *world) thread(customer uuid.UUID, channel ticket.Channel, subject string) thread {
	w.t.Helper()
	conversation, id := uuid.New(), uuid.New()
	require.NoError(w.t, w.db.InsertConversation(w.t.Context(), schema.InsertConversationParams{
		ID: conversation, Channel: channel, Key: conversation.String(), WorkflowID: "ticket/" + string(channel) + "/" + conversation.String(),
		CustomerID: customer, SenderVerified: true, Participants: []string{}, ReplyTo: "r", InitialCategory: "general", InitialPriority: "medium",
	}))
	_, err := w.db.InsertTicket(w.t.Context(), schema.InsertTicketParams{
		ID: id, Number: ticket.Number(id), ConversationID: conversation, Subject: subject, Category: "billing", Priority: "medium",
	})
	require.NoError(w.t, err)
	return thread{conversation, id, ticket.Number(id), channel}
}

// says stores a message so many minutes after the start, with a part in the
// outbox in this state unless that is empty.
func (w *world) says(in thread, minute int, author ticket.Author, body, external, state string) {
	w.t.Helper()
	id, at := uuid.New(), w.started.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339)
	if external == "" {
		external = id.String()
	}
	quoted := strings.ReplaceAll(body, "'", "''")
	w.exec("INSERT INTO messages (id, conversation_id, channel, external_id, author, body, provider_at, received_at, verified) "+
		"VALUES ('%s', '%s', '%s', '%s', '%s', '%s', '%s', '%s', true)", id, in.conversation, in.channel, external, author, quoted, at, at)
	if state == "" {
		return
	}
	turn := uuid.New()
	w.exec("INSERT INTO turns (id, conversation_id, ticket_id, first_message_id, message_ids) VALUES ('%s', '%s', '%s', '%s', '{}')",
		turn, in.conversation, in.ticket, id)
	w.exec("UPDATE messages SET turn_id = '%s' WHERE id = '%s'", turn, id)
	w.exec("INSERT INTO outbox (id, send_key, turn_id, conversation_id, message_id, kind, part, via, recipient, state, epoch, delivery) "+
		"VALUES ('%s', '%s', '%s', '%s', '%s', 'answer', 0, 'page', 'r', '%s', 0, 'delivered')", uuid.New(), uuid.New(), turn, in.conversation, id, state)
}

// ingest makes one article the knowledge base.
func (w *world) ingest(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name+".md")
	require.NoError(w.t, os.WriteFile(path, []byte(text), 0o600))
	_, err := knowledge.New(w.db, &w.words, slog.New(slog.DiscardHandler)).Ingest(w.t.Context(), []string{path}, knowledge.IngestOptions{})
	require.NoError(w.t, err)
}

// words embeds a text by its words, so that texts with the same words are near.
type words struct{ away bool }

func (w *words) EmbeddingModel() string { return "words" }

func (w *words) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if w.away {
		return nil, ticket.Wrap(ticket.CodeUnavailable, errors.New("dial tcp 10.1.2.3:443: refused"), "the model did not answer")
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = make([]float32, llm.MaxDimensions)
		for word := range strings.FieldsSeq(strings.ToLower(text)) {
			h := fnv.New32a()
			h.Write([]byte(word))
			vectors[i][h.Sum32()%llm.MaxDimensions]++
		}
	}
	return vectors, nil
}

// logged keeps a log for a test to read.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
