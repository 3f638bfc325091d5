package workers

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	mailbox = "support@firnwacht.example"
	secret  = "0123456789abcdef0123456789abcdef"
)

// start is when the events of a test begin to happen.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// testBundle is an intake on a database of its own.
type testBundle struct {
	*Intake
	t         *testing.T
	url       string
	published *publisher
	woken     *mailboxes
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url, MaxConns: 8, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	secrets, err := ticket.ParseSecrets(secret)
	require.NoError(t, err)
	b := &testBundle{t: t, url: url, published: &publisher{}, woken: &mailboxes{}}
	b.Intake = &Intake{
		DB: db, Publisher: b.published, Mailboxes: b.woken, Mailbox: mailbox, Secrets: secrets, Logger: slog.New(slog.DiscardHandler),
	}
	return b
}

// publisher remembers what was published, or refuses.
type publisher struct {
	mu     sync.Mutex
	events []stream.Event
	err    error
}

func (p *publisher) Publish(_ context.Context, events ...stream.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.events = append(p.events, events...)
	}
	return p.err
}

func (p *publisher) received(t *testing.T) []ticket.MessageReceived {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]ticket.MessageReceived, len(p.events))
	for i, e := range p.events {
		require.NoError(t, json.Unmarshal(e.Value, &all[i]))
	}
	return all
}

type mailboxes struct {
	woken []string
	err   error
}

func (m *mailboxes) Wake(_ context.Context, mailbox string) error {
	m.woken = append(m.woken, mailbox)
	return m.err
}

func record(t *testing.T, kind string, value any) stream.Record {
	t.Helper()
	body, err := json.Marshal(value)
	require.NoError(t, err)
	return stream.Record{Event: stream.Event{
		Type: kind, ID: "event-" + uuid.NewString(), CorrelationID: "corr-1", TraceParent: "00-abc", Time: start, Value: body,
	}, Timestamp: start}
}

// take handles a record that must be taken, and returns what it published.
func (b *testBundle) take(r stream.Record) []ticket.MessageReceived {
	b.t.Helper()
	before := len(b.published.received(b.t))
	require.NoError(b.t, b.Handle(b.t.Context(), r))
	return b.published.received(b.t)[before:]
}

// takeOne handles a record that must lead to one published message.
func (b *testBundle) takeOne(r stream.Record) ticket.MessageReceived {
	b.t.Helper()
	all := b.take(r)
	require.Len(b.t, all, 1)
	return all[0]
}

func (b *testBundle) scalar(query string) string {
	b.t.Helper()
	return schematest.Scalar(b.t, b.url, query)
}

func (b *testBundle) count(table string) string {
	b.t.Helper()
	return b.scalar("SELECT count(*)::text FROM " + table)
}

func (b *testBundle) conversation(id uuid.UUID) schema.Conversation {
	b.t.Helper()
	c, err := b.DB.Conversation(b.t.Context(), id)
	require.NoError(b.t, err)
	return c
}

func requirePoison(t *testing.T, err error, reason string) {
	t.Helper()
	require.ErrorContains(t, err, "poison ("+reason+")")
}

func requireBlocks(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotContains(t, err.Error(), "poison")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestPoison(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := uuid.New()
	for name, c := range map[string]struct {
		kind, value, reason string
	}{
		"unknown type":              {"fte.unheard.of", `{}`, "unknown_type"},
		"no type":                   {"", `{}`, "unknown_type"},
		"message is no JSON":        {ticket.TypeWhatsAppMessage, `{"params":`, "malformed"},
		"status is no JSON":         {ticket.TypeWhatsAppStatus, `nonsense`, "malformed"},
		"submission is no JSON":     {ticket.TypeWebFormSubmission, ``, "malformed"},
		"page message is no JSON":   {ticket.TypeWebFormMessage, `[]`, "malformed"},
		"push is no JSON":           {ticket.TypeGmailPush, `"x"`, "malformed"},
		"mail is no JSON":           {ticket.TypeEmailRaw, `{"raw_ref":"not a uuid"}`, "malformed"},
		"message is null":           {ticket.TypeWhatsAppMessage, `null`, "invalid"},
		"message without SID":       {ticket.TypeWhatsAppMessage, `{"params":{"From":"whatsapp:+4915112345678","To":"whatsapp:+14155238886"}}`, "invalid"},
		"SID with NUL":              {ticket.TypeWhatsAppMessage, `{"params":{"MessageSid":"SM\u00001","From":"whatsapp:+4915112345678","To":"whatsapp:+14155238886"}}`, "invalid"},
		"message without sender":    {ticket.TypeWhatsAppMessage, `{"params":{"MessageSid":"SM1","To":"whatsapp:+14155238886"}}`, "invalid"},
		"status without status":     {ticket.TypeWhatsAppStatus, `{"params":{"MessageSid":"SM1"}}`, "invalid"},
		"submission without ticket": {ticket.TypeWebFormSubmission, `{"email":"a@b.example","message":"Hello there"}`, "invalid"},
		"submission without email":  {ticket.TypeWebFormSubmission, `{"ticket_id":"` + id.String() + `","message":"Hello there"}`, "invalid"},
		"email is no address":       {ticket.TypeWebFormSubmission, `{"ticket_id":"` + id.String() + `","email":"\u0000","message":"Hello there"}`, "invalid"},
		"endless email":             {ticket.TypeWebFormSubmission, `{"ticket_id":"` + id.String() + `","email":"a@` + strings.Repeat("b", 5000) + `","message":"Hello"}`, "invalid"},
		"submission without words":  {ticket.TypeWebFormSubmission, `{"ticket_id":"` + id.String() + `","email":"a@b.example","message":"\u0000 \u0001"}`, "invalid"},
		"page message without id":   {ticket.TypeWebFormMessage, `{"n":"1","message":"Hello"}`, "invalid"},
		"page message without n":    {ticket.TypeWebFormMessage, `{"ticket_id":"` + id.String() + `","message":"Hello"}`, "invalid"},
		"n with NUL":                {ticket.TypeWebFormMessage, `{"ticket_id":"` + id.String() + `","n":"1\u0000","message":"Hello"}`, "invalid"},
		"endless n":                 {ticket.TypeWebFormMessage, `{"ticket_id":"` + id.String() + `","n":"` + strings.Repeat("1", 5000) + `","message":"Hello"}`, "invalid"},
		"mail without gmail id":     {ticket.TypeEmailRaw, `{"mailbox":"` + mailbox + `","raw_ref":"` + id.String() + `"}`, "invalid"},
		"mail without mailbox":      {ticket.TypeEmailRaw, `{"gmail_id":"1","raw_ref":"` + id.String() + `"}`, "invalid"},
		"gmail id with NUL":         {ticket.TypeEmailRaw, `{"mailbox":"` + mailbox + `","gmail_id":"1\u0000","raw_ref":"` + id.String() + `"}`, "invalid"},
		"mail is not stored":        {ticket.TypeEmailRaw, `{"mailbox":"` + mailbox + `","gmail_id":"1","raw_ref":"` + id.String() + `"}`, "raw_missing"},
		"push of another mailbox":   {ticket.TypeGmailPush, `{"mailbox":"sales@firnwacht.example"}`, "unknown_mailbox"},
	} {
		err := b.Handle(t.Context(), stream.Record{Event: stream.Event{Type: c.kind, ID: "x", Value: []byte(c.value), Time: start}})
		require.ErrorContains(t, err, "poison ("+c.reason+")", name)
	}
	require.Empty(t, b.published.events)
	require.Equal(t, "0", b.count("messages"))
	require.Equal(t, "0", b.count("customers"))
}

func TestDependencyThatRefusesIsNoPoison(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := whatsAppEvent("SM1", "+491511", "hello")
	b.published.err = ticket.Errorf(ticket.CodeUnavailable, "no broker")
	requireBlocks(t, b.Handle(t.Context(), record(t, ticket.TypeWhatsAppMessage, first)))
	require.Equal(t, "1", b.count("messages"), "what was stored stays")
	b.published.err = nil
	b.takeOne(record(t, ticket.TypeWhatsAppMessage, first))
	require.Equal(t, "1", b.count("messages"))

	away, err := schema.Open(t.Context(), schema.Options{URL: "postgres://nobody@127.0.0.1:1/none", Name: "test"})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	b.DB = away
	ticketID := b.Secrets.TicketID("x")
	for kind, value := range map[string]any{
		ticket.TypeWhatsAppMessage:   first,
		ticket.TypeWhatsAppStatus:    ticket.WhatsAppEvent{Params: map[string]string{"MessageSid": "SM1", "MessageStatus": "sent"}},
		ticket.TypeWebFormSubmission: ticket.WebFormSubmission{TicketID: ticketID, Email: "a@b.example", Message: "Hello"},
		ticket.TypeWebFormMessage:    ticket.WebFormMessage{TicketID: ticketID, N: "1", Message: "Hello"},
		ticket.TypeEmailRaw:          ticket.EmailRaw{Mailbox: mailbox, GmailID: "1", RawRef: uuid.New()},
	} {
		requireBlocks(t, b.Handle(t.Context(), record(t, kind, value)))
	}
}

func TestDataThatPostgresRefusesBlocks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// Our parsers never hand such a text over. If one did, a parser that is
	// mended must find the record where it was, not among the dead letters.
	err := b.store(t.Context(), stream.Record{}, inbound{
		channel: ticket.WhatsApp, externalID: "x", author: ticket.Customer, sender: identity{identityWhatsApp, "+4915", true},
		keys: []string{"k"}, priority: "medium", body: "a\x00b", at: start,
	})
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(schema.Classify(err)))
	require.NotContains(t, err.Error(), "poison")
}

func TestPushWakesTheMailbox(t *testing.T) {
	t.Parallel()
	in := &Intake{Mailboxes: nil, Mailbox: mailbox}
	r := record(t, ticket.TypeGmailPush, ticket.GmailPush{Mailbox: mailbox, HistoryID: 7, PubSubID: "p1"})
	requireBlocks(t, in.Handle(t.Context(), r))

	woken := &mailboxes{}
	in.Mailboxes, in.Mailbox = woken, "Support@Firnwacht.example"
	require.NoError(t, in.Handle(t.Context(), r), "the case of an address says nothing")
	require.Equal(t, []string{in.Mailbox}, woken.woken)

	woken.err = ticket.Errorf(ticket.CodeUnavailable, "no Temporal")
	requireBlocks(t, in.Handle(t.Context(), r))
}

// TestSameSenderAtOnce lets many messages of one new sender meet.
func TestSameSenderAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const many = 20
	var records []stream.Record
	for i := range many {
		sid := "SM" + string(rune('a'+i))
		records = append(records, record(t, ticket.TypeWhatsAppMessage, whatsAppEvent(sid, "+4915112345678", "hello "+sid)))
	}
	b.together(records)

	require.Equal(t, "1", b.count("customers"))
	require.Equal(t, "1", b.count("conversations"))
	require.Equal(t, "20", b.count("messages"))
	require.Len(t, b.published.received(t), many)
	for _, m := range b.published.received(t) {
		require.Equal(t, b.published.received(t)[0].WorkflowID, m.WorkflowID)
	}
}

func TestSameFormSenderAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const many = 20
	var records []stream.Record
	for i := range many {
		records = append(records, record(t, ticket.TypeWebFormSubmission, submission(b, "ana@customer.example", string(rune('a'+i)))))
	}
	b.together(records)
	require.Equal(t, "20", b.count("customers"), "nobody has proved to be the same")
	require.Equal(t, "20", b.count("conversations"), "each form is a ticket of its own")
	require.Equal(t, "20", b.count("messages"))
}

func TestSameMessageAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.together(slices.Repeat([]stream.Record{record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "hello"))}, 20))
	require.Equal(t, "1", b.count("messages"))
	require.Equal(t, "1", b.count("customers"))
	require.Len(t, b.published.received(t), 20)
	require.Len(t, slices.CompactFunc(b.published.received(t), func(x, y ticket.MessageReceived) bool { return x == y }), 1)
}

// together handles the records all at once.
func (b *testBundle) together(records []stream.Record) {
	b.t.Helper()
	var all sync.WaitGroup
	errs := make(chan error, len(records))
	for _, r := range records {
		all.Go(func() { errs <- b.Handle(b.t.Context(), r) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(b.t, err)
	}
}
