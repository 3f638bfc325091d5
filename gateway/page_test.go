package gateway

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// thread is a conversation to put tickets, turns and messages into.
type thread struct {
	t       *testing.T
	b       *bundle
	id      uuid.UUID
	channel ticket.Channel
	at      time.Time
}

func (b *bundle) thread(t *testing.T, channel ticket.Channel) *thread {
	t.Helper()
	customer := uuid.New()
	require.NoError(t, b.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: customer, Name: "Ana"}))
	th := &thread{t: t, b: b, id: uuid.New(), channel: channel, at: time.Now().UTC().Truncate(time.Second)}
	require.NoError(t, b.db.InsertConversation(t.Context(), schema.InsertConversationParams{
		ID: th.id, Channel: channel, Key: th.id.String(), WorkflowID: "ticket/" + string(channel) + "/" + th.id.String(),
		CustomerID: customer, SenderVerified: true, ReplyTo: "+491511234567", Participants: []string{},
		InitialCategory: "general", InitialPriority: "medium",
	}))
	return th
}

// says stores a message of the customer.
func (th *thread) says(text string) uuid.UUID {
	th.t.Helper()
	th.at = th.at.Add(time.Second)
	id, err := th.b.db.InsertMessage(th.t.Context(), schema.InsertMessageParams{
		ID: uuid.New(), ConversationID: th.id, Channel: th.channel, ExternalID: uuid.NewString(),
		Author: ticket.Customer, Body: text, ProviderAt: th.at, RfcReferences: []string{},
	})
	require.NoError(th.t, err)
	return id
}

func (th *thread) ticket(seed string) uuid.UUID {
	th.t.Helper()
	id := th.b.opts.Secrets.TicketID(seed)
	_, err := th.b.db.InsertTicket(th.t.Context(), schema.InsertTicketParams{
		ID: id, Number: ticket.Number(id), ConversationID: th.id, Category: "general", Priority: "medium",
	})
	require.NoError(th.t, err)
	return id
}

func (th *thread) turn(ticketID uuid.UUID, messages ...uuid.UUID) uuid.UUID {
	th.t.Helper()
	turn, err := th.b.db.OpenTurn(th.t.Context(), schema.OpenTurnParams{
		ID: uuid.New(), ConversationID: th.id, TicketID: ticketID, FirstMessageID: messages[0], MessageIds: messages,
	})
	require.NoError(th.t, err)
	return turn.ID
}

// answers stores the parts of a reply and attaches the turn's messages to it.
func (th *thread) answers(turn uuid.UUID, to []uuid.UUID, parts ...string) []uuid.UUID {
	th.t.Helper()
	ctx := th.t.Context()
	require.NoError(th.t, th.b.db.AttachToTurn(ctx, schema.AttachToTurnParams{TurnID: &turn, Ids: to}))
	var rows []uuid.UUID
	for i, text := range parts {
		th.at = th.at.Add(time.Second)
		message, row := uuid.New(), uuid.New()
		key := turn.String() + "/answer/" + uuid.NewString()
		require.NoError(th.t, th.b.db.InsertOutboundMessage(ctx, schema.InsertOutboundMessageParams{
			ID: message, ConversationID: th.id, Channel: th.channel, ExternalID: key, Author: ticket.Assistant,
			Body: text, ProviderAt: th.at, TurnID: &turn,
		}))
		require.NoError(th.t, th.b.db.InsertOutbox(ctx, schema.InsertOutboxParams{
			ID: row, SendKey: key, TurnID: &turn, ConversationID: th.id, MessageID: message, Kind: ticket.KindAnswer,
			Part: int32(i), Via: "whatsapp", Recipient: "+491511234567",
		}))
		rows = append(rows, row)
	}
	return rows
}

func (th *thread) close(id uuid.UUID) {
	th.t.Helper()
	_, err := th.b.db.SetTicketStatus(th.t.Context(), schema.SetTicketStatusParams{ID: id, Status: ticket.WaitingCustomer})
	require.NoError(th.t, err)
	closed, err := th.b.db.CloseTicket(th.t.Context(), id)
	require.NoError(th.t, err)
	require.EqualValues(th.t, 1, closed)
}

func (b *bundle) page(t *testing.T, id uuid.UUID) ticketPage {
	t.Helper()
	a := b.do(t, http.MethodGet, "/support/ticket/"+id.String(), "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	return decode[ticketPage](t, a.body)
}

// lines are the messages of a page as "author: text (delivery)".
func lines(p ticketPage) []string {
	all := []string{}
	for _, m := range p.Messages {
		line := string(m.Author) + ": " + m.Text
		if m.Delivery != nil {
			line += " (" + string(*m.Delivery) + ")"
		}
		all = append(all, line)
	}
	return all
}

func TestPageOfATicketThatIsOnItsWay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.opts.Secrets.TicketID("seed")
	a := b.do(t, http.MethodGet, "/support/ticket/"+id.String(), "")
	require.JSONEq(t, `{"ticket_id":"`+id.String()+`","ticket_number":"`+ticket.Number(id)+`","status":"received",`+
		`"messages":[],"created_at":null,"last_updated":null}`, a.body)
}

func TestUnknownTicketsAllLookTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	genuine := b.opts.Secrets.TicketID("seed").String()
	forged := genuine[:len(genuine)-1] + map[bool]string{true: "1", false: "0"}[genuine[len(genuine)-1] == '0']
	for name, id := range map[string]string{
		"random": uuid.NewString(), "forged": forged, "malformed": "hello", "number": ticket.Number(uuid.MustParse(genuine)),
		"braces": "{" + genuine + "}", "upper case": strings.ToUpper(genuine), "urn": "urn:uuid:" + genuine,
		"NUL": "%00", "invalid UTF-8": "%ff", "endless": strings.Repeat("a", 8000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, suffix := range []string{"", "/events"} {
				p := requireProblem(t, b.do(t, http.MethodGet, "/support/ticket/"+id+suffix, "", "X-Correlation-ID", "same"), http.StatusNotFound)
				require.Equal(t, problem{
					Type: "about:blank", Title: "Not Found", Status: 404, Detail: "there is no such ticket", CorrelationID: "same",
				}, p)
			}
		})
	}
}

// A number or a mailbox may change hands between two tickets of its one
// conversation, so the page of a ticket from there ends with the ticket.
func TestPageShowsTheTicketAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	th := b.thread(t, ticket.WhatsApp)
	before := th.says("before any ticket")
	first := th.ticket("first")
	one := th.turn(first, before)
	th.answers(one, []uuid.UUID{before}, "first answer")
	th.says("never answered") // say, because a rule forbids it
	th.close(first)

	question := th.says("second question")
	second := th.ticket("second")
	require.Equal(t, []string{"customer: second question"}, lines(b.page(t, second)), "no turn yet")
	two := th.turn(second, question)
	require.Equal(t, []string{"customer: second question"}, lines(b.page(t, second)), "an open turn")
	parts := th.answers(two, []uuid.UUID{question}, "part one", "part two", "part three")
	_, err := b.db.ClaimPart(t.Context(), parts[0])
	require.NoError(t, err)
	sid := "SM1"
	_, err = b.db.RecordSent(t.Context(), schema.RecordSentParams{ID: parts[0], ProviderID: &sid})
	require.NoError(t, err)
	schematest.Exec(t, b.dbURL, "UPDATE outbox SET state = 'cancelled' WHERE id = '"+parts[2].String()+"'")
	th.says("one more thing")

	page := b.page(t, second)
	require.Equal(t, []string{
		"customer: second question", "assistant: part one (sent)", "assistant: part two (queued)", "customer: one more thing",
	}, lines(page))
	require.Equal(t, ticket.Open, page.Status)
	require.Equal(t, ticket.Number(second), page.TicketNumber)
	require.Equal(t, ticket.WhatsApp, page.Messages[0].Channel)
	require.Equal(t, question, page.Messages[0].ID)
	require.False(t, page.LastUpdated.Before(*page.CreatedAt))

	require.Equal(t, []string{
		"customer: before any ticket", "assistant: first answer (queued)", "customer: never answered",
	}, lines(b.page(t, first)))
	require.Equal(t, ticket.Closed, b.page(t, first).Status)
}

// A form conversation holds only what was written under the id that began it.
// The page of its closed ticket takes a further message, which opens a second
// ticket: a page that ended with the first would hide that message and its
// answer from the one who has no other page to read them on.
func TestPageOfAFormTicketGoesOnAfterItWasClosed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	th := b.thread(t, ticket.WebForm)
	question := th.says("question")
	first := th.ticket("first")
	th.answers(th.turn(first, question), []uuid.UUID{question}, "answer")
	th.close(first)

	further := th.says("further message")
	want := []string{"customer: question", "assistant: answer (queued)", "customer: further message"}
	page := b.page(t, first)
	require.Equal(t, want, lines(page), "no ticket yet")
	require.Equal(t, ticket.Closed, page.Status)

	second := th.ticket("second")
	page = b.page(t, first)
	require.Equal(t, want, lines(page), "no turn yet")
	require.Equal(t, ticket.Open, page.Status)
	two := th.turn(second, further)
	require.Equal(t, want, lines(b.page(t, first)), "an open turn")
	th.answers(two, []uuid.UUID{further}, "further answer")
	page = b.page(t, first)
	require.Equal(t, append(want, "assistant: further answer (queued)"), lines(page))
	require.Equal(t, ticket.Number(first), page.TicketNumber, "the number the customer knows")
	require.False(t, page.LastUpdated.Before(*page.CreatedAt))

	th.close(second)
	third := th.ticket("third")
	require.Equal(t, ticket.Open, b.page(t, first).Status)
	require.Equal(t, ticket.Open, b.page(t, second).Status)
	require.Equal(t, want[2:], lines(b.page(t, second))[:1], "an earlier ticket is not shown")
	require.Len(t, b.page(t, second).Messages, 2)
	require.Empty(t, b.page(t, third).Messages)
}

// A batch that was made anew names its messages twice.
func TestMessageOfTwoOpenTurnsIsShownOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	th := b.thread(t, ticket.WhatsApp)
	early, late := th.says("early"), th.says("late")
	id := th.ticket("seed")
	th.turn(id, late)
	th.turn(id, early, late)
	require.Equal(t, []string{"customer: early", "customer: late"}, lines(b.page(t, id)))
}

func TestPageWithoutADatabase(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.DB = unreachable(t) })
	a := b.do(t, http.MethodGet, "/support/ticket/"+b.opts.Secrets.TicketID("seed").String(), "")
	requireProblem(t, a, http.StatusServiceUnavailable)
	require.Equal(t, "5", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, "127.0.0.1")
}

// watch connects to a ticket's events.
func (b *bundle) watch(t *testing.T, id uuid.UUID) *bufio.Scanner {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/support/ticket/"+id.String()+"/events", nil)
	require.NoError(t, err)
	response, err := b.server.Client().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	return bufio.NewScanner(response.Body)
}

func nextEvent(t *testing.T, s *bufio.Scanner) ticketPage {
	t.Helper()
	for s.Scan() {
		if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
			return decode[ticketPage](t, data)
		}
	}
	require.Fail(t, "the events ended")
	return ticketPage{}
}

func TestWatcherHearsOfChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.MaxWatchers = 1 })
	id := b.opts.Secrets.TicketID("seed")
	events := b.watch(t, id)
	require.Equal(t, ticket.Received, nextEvent(t, events).Status)

	refused := b.do(t, http.MethodGet, "/support/ticket/"+id.String()+"/events", "")
	requireProblem(t, refused, http.StatusServiceUnavailable)
	require.Equal(t, "60", refused.header.Get("Retry-After"))

	th := b.thread(t, ticket.WhatsApp)
	th.ticket("seed")
	require.Equal(t, ticket.Open, nextEvent(t, events).Status)
	th.says("hello")
	require.Equal(t, []string{"customer: hello"}, lines(nextEvent(t, events)))
	b.close()
	require.False(t, scanOn(events), "the watcher is sent away")
}

func scanOn(s *bufio.Scanner) bool {
	for s.Scan() {
		if s.Text() != "" {
			return true
		}
	}
	return false
}

func TestWatcherHasToConnectAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.WatchDuration = time.Millisecond })
	events := b.watch(t, b.opts.Secrets.TicketID("seed"))
	nextEvent(t, events)
	require.False(t, scanOn(events))
}
