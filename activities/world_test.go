package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	phone    = "+491511234567"
	address  = "ana@kunde.example"
	mailbox  = "support@firnwacht.example"
	ourPhone = "+4922155500"
	account  = "AC00000000000000000000000000000001"
	token    = "0123456789abcdef0123456789abcdef"
	// Times in the tests of sending are made by dating rows back, so the
	// ordinary ones do.
	firstCheck  = 15 * time.Second
	secondCheck = 45 * time.Second
)

// world is everything that activities work with.
type world struct {
	t         *testing.T
	url       string
	db        *schema.DB
	options   activities.Options
	published *publisher
	log       *logBuffer
	twilio    *twilio.Server
	gmail     *gmail.Server
	gmailURL  string
	openai    *openai.Server
	customer  uuid.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: schematest.URL(t), published: &publisher{}, log: &logBuffer{}, customer: uuid.New()}
	var err error
	w.db, err = schema.Open(t.Context(), schema.Options{URL: w.url, MaxConns: 8, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(w.db.Close)
	secrets, err := ticket.ParseSecrets("a secret key that is long enough to sign")
	require.NoError(t, err)
	w.options = activities.Options{
		DB: w.db, Publisher: w.published, Mailbox: mailbox, PublicBaseURL: "https://help.firnwacht.example/", Secrets: secrets,
		Policy: activities.Policy{
			Company: "Firnwacht", SLA: sla.DefaultPolicy(), FirstCheck: firstCheck, SecondCheck: secondCheck,
			PromptPrice: 1, OutputPrice: 10, Confidence: activities.Thresholds{"": 0.6},
		},
		Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	require.NoError(t, w.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: w.customer, Name: "Ana Kunde"}))
	return w
}

func (w *world) acts() *activities.Activities { return activities.New(w.options) }

// withTwilio adds a simulated Twilio without status callbacks.
func (w *world) withTwilio(change ...func(*whatsapp.Options)) *world {
	w.t.Helper()
	sim, err := twilio.New(twilio.Options{AccountSID: account, AuthToken: token, From: "whatsapp:" + ourPhone, NoStatusCallbacks: true})
	require.NoError(w.t, err)
	return w.connect(sim, change...)
}

// connect makes a simulated Twilio the one that is used.
func (w *world) connect(sim *twilio.Server, change ...func(*whatsapp.Options)) *world {
	w.t.Helper()
	w.twilio = sim
	o := whatsapp.Options{AccountSID: account, AuthToken: token, From: ourPhone, BaseURL: w.serve(sim, sim)}
	for _, f := range change {
		f(&o)
	}
	var err error
	w.options.WhatsApp, err = whatsapp.NewClient(o)
	require.NoError(w.t, err)
	return w
}

// withGmail adds a simulated Gmail.
func (w *world) withGmail() *world {
	w.t.Helper()
	sim, err := gmail.New(gmail.Options{Mailboxes: []string{mailbox}})
	require.NoError(w.t, err)
	w.gmail = sim
	w.gmailURL = w.serve(sim, sim)
	sim.SetBaseURL(w.gmailURL)
	return w.connectGmail()
}

// connectGmail uses the simulated Gmail with a budget that nobody has used.
func (w *world) connectGmail() *world {
	w.t.Helper()
	credentials, err := w.gmail.ServiceAccountJSON()
	require.NoError(w.t, err)
	file := filepath.Join(w.t.TempDir(), "credentials.json")
	require.NoError(w.t, os.WriteFile(file, credentials, 0o600))
	client, err := email.NewClient(w.t.Context(), email.Options{Mailbox: mailbox, Endpoint: w.gmailURL, CredentialsFile: file})
	require.NoError(w.t, err)
	w.t.Cleanup(client.Close)
	w.options.Gmail = client
	return w
}

// withModel adds a simulated model and a knowledge base with these articles, by
// slug.
func (w *world) withModel(articles map[string]string) *world {
	w.t.Helper()
	sim, err := openai.New(openai.Options{})
	require.NoError(w.t, err)
	w.openai = sim
	client, err := llm.New(llm.Options{BaseURL: w.serve(sim, sim) + "/v1", APIKey: "sk-test", Model: "chat-1", EmbeddingModel: "embed-1"})
	require.NoError(w.t, err)
	base := knowledge.New(w.db, client, slog.New(slog.DiscardHandler))
	if len(articles) > 0 {
		dir := w.t.TempDir()
		for slug, text := range articles {
			require.NoError(w.t, os.WriteFile(filepath.Join(dir, slug+".md"), []byte(text), 0o600))
		}
		_, err = base.Ingest(w.t.Context(), []string{dir}, knowledge.IngestOptions{})
		require.NoError(w.t, err)
	}
	w.options.Model, w.options.Embedder, w.options.Knowledge = client, client, base
	return w
}

func (w *world) serve(handler http.Handler, closer io.Closer) string {
	server := httptest.NewServer(handler)
	w.t.Cleanup(func() {
		_ = closer.Close() // releases what hangs, or the server would wait for it
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// conversation adds a conversation of the customer.
func (w *world) conversation(channel ticket.Channel, change ...func(*schema.InsertConversationParams)) schema.Conversation {
	w.t.Helper()
	id := uuid.New()
	p := schema.InsertConversationParams{
		ID: id, Channel: channel, Key: id.String(), WorkflowID: "ticket/" + id.String(), CustomerID: w.customer,
		SenderVerified: true, Subject: "Login", ReplyTo: address, Participants: []string{},
		InitialCategory: "general", InitialPriority: "medium",
	}
	if channel == ticket.WhatsApp {
		p.ReplyTo, p.Subject = phone, ""
	}
	for _, f := range change {
		f(&p)
	}
	require.NoError(w.t, w.db.InsertConversation(w.t.Context(), p))
	return w.reload(id)
}

func (w *world) reload(id uuid.UUID) schema.Conversation {
	w.t.Helper()
	c, err := w.db.Conversation(w.t.Context(), id)
	require.NoError(w.t, err)
	return c
}

// message adds a message of the customer.
func (w *world) message(c schema.Conversation, body string, change ...func(*schema.InsertMessageParams)) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	p := schema.InsertMessageParams{
		ID: id, ConversationID: c.ID, Channel: c.Channel, ExternalID: id.String(), Author: ticket.Customer,
		Body: body, ProviderAt: time.Now(), RfcReferences: []string{}, Verified: c.SenderVerified,
	}
	for _, f := range change {
		f(&p)
	}
	_, err := w.db.InsertMessage(w.t.Context(), p)
	require.NoError(w.t, err)
	return id
}

// turn lets the customer write and opens the turn for it.
func (w *world) turn(c schema.Conversation, bodies ...string) ticket.CreateTicketResult {
	w.t.Helper()
	in := ticket.CreateTicketInput{ConversationID: c.ID}
	for _, body := range bodies {
		in.MessageIDs = append(in.MessageIDs, w.message(c, body))
	}
	res, err := run(w, w.acts().CreateTicket, in)
	require.NoError(w.t, err)
	require.NotEqual(w.t, uuid.Nil, res.TurnID)
	return res
}

// draft stores an answer as if the model had proposed it.
func (w *world) draft(turnID uuid.UUID, body string, citations ...uuid.UUID) uuid.UUID {
	w.t.Helper()
	call, id := uuid.New(), uuid.New()
	require.NoError(w.t, w.db.InsertModelCall(w.t.Context(), schema.InsertModelCallParams{
		ID: call, TurnID: turnID, InputHash: call.String(), Model: "chat-1", Provider: "primary", Decision: proposal(w.t, body, citations),
	}))
	require.NoError(w.t, w.db.InsertDraft(w.t.Context(), schema.InsertDraftParams{
		ID: id, TurnID: turnID, ModelCallID: call, Body: body, Citations: append([]uuid.UUID{}, citations...),
	}))
	return id
}

// proposal is a model's call that answers, as it is stored.
func proposal(t *testing.T, body string, citations []uuid.UUID) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"tool": "send_response", "arguments": map[string]any{
		"message": body, "citations": append([]uuid.UUID{}, citations...), "triage": triage(0.5, "technical", "medium"),
	}})
	require.NoError(t, err)
	return raw
}

func (w *world) parts(turnID uuid.UUID) []schema.PartsOfTurnRow {
	w.t.Helper()
	parts, err := w.db.PartsOfTurn(w.t.Context(), turnID)
	require.NoError(w.t, err)
	return parts
}

// states returns the states of a turn's parts, in order.
func (w *world) states(turnID uuid.UUID) []string {
	w.t.Helper()
	var states []string
	for _, p := range w.parts(turnID) {
		states = append(states, p.State)
	}
	return states
}

// later lets time pass for the parts that are under way.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.exec(fmt.Sprintf("UPDATE outbox SET attempted_at = attempted_at - interval '%d milliseconds' WHERE state = 'sending'", d.Milliseconds()))
}

func (w *world) exec(statement string) {
	w.t.Helper()
	schematest.Exec(w.t, w.url, statement)
}

func (w *world) scalar(query string) string {
	w.t.Helper()
	return schematest.Scalar(w.t, w.url, query)
}

func (w *world) ticket(id uuid.UUID) schema.Ticket {
	w.t.Helper()
	open, err := w.db.TicketByID(w.t.Context(), id)
	require.NoError(w.t, err)
	return open
}

func (w *world) send(turnID, draftID uuid.UUID) (ticket.SendReplyResult, error) {
	return run(w, w.acts().SendReply, ticket.SendReplyInput{TurnID: turnID, DraftID: draftID})
}

// run calls an activity as a worker would, once.
func run[In, Out any](w *world, activity func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterActivity(activity)
	value, err := env.ExecuteActivity(activity, in)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

// quietSuite is Temporal's test suite without its log.
func quietSuite() *testsuite.WorkflowTestSuite {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return &suite
}

// refusal returns what an activity's error tells Temporal.
func refusal(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	require.Error(t, err)
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%T: %v", err, err)
	return app
}

// requireRefused asserts the class of an activity's error.
func requireRefused(t *testing.T, err error, code ticket.Code, nonRetryable bool) {
	t.Helper()
	app := refusal(t, err)
	require.Equal(t, string(code), app.Type(), app.Message())
	require.Equal(t, nonRetryable, app.NonRetryable())
}

// publisher is a broker that keeps what it gets.
type publisher struct {
	mu     sync.Mutex
	events []stream.Event
	fail   int // how many of the next calls fail
}

func (p *publisher) Publish(_ context.Context, events ...stream.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail > 0 {
		p.fail--
		return ticket.Errorf(ticket.CodeUnavailable, "no broker answers")
	}
	p.events = append(p.events, events...)
	return nil
}

func (p *publisher) failNext(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = n
}

// of returns the events of a topic, oldest first.
func (p *publisher) of(topic string) []stream.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.events), func(e stream.Event) bool { return e.Topic != topic })
}

// valueOf decodes the value of an event.
func valueOf[T any](t *testing.T, e stream.Event) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal(e.Value, &value))
	return value
}

// logBuffer keeps a log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
