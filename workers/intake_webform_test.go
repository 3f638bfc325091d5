package workers

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func (b *testBundle) exec(statement string) {
	b.t.Helper()
	schematest.Exec(b.t, b.url, statement)
}

func submission(b *testBundle, address, seed string) ticket.WebFormSubmission {
	return ticket.WebFormSubmission{
		TicketID: b.Secrets.TicketID(seed, address), Name: "Cleo Ray", Email: address, Subject: "Broken sensor",
		Category: "technical", Priority: "high", Message: "My sensor is broken.", At: start.Add(time.Minute),
	}
}

func TestFormSubmission(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := submission(b, "cleo@customer.example", "1")
	r := record(t, ticket.TypeWebFormSubmission, s)
	m := b.takeOne(r)

	require.Equal(t, ticket.WebForm, m.Channel)
	require.Equal(t, s.At, m.ReceivedAt.UTC(), "when it was submitted, not when it was read")
	require.Equal(t, "form:"+s.TicketID.String(), b.published.events[0].ID)
	conv := b.conversation(m.ConversationID)
	require.Equal(t, s.TicketID.String(), conv.Key)
	require.False(t, conv.SenderVerified, "an address that was typed proves nothing")
	require.Equal(t, []string{"cleo@customer.example"}, conv.Participants)
	require.Equal(t, "Broken sensor technical high", conv.Subject+" "+conv.InitialCategory+" "+conv.InitialPriority)
	require.Equal(t, "1", b.scalar("SELECT count(*)::text FROM customers WHERE name = 'Cleo Ray' AND primary_email IS NULL"))
	require.Equal(t, "0", b.count("customer_identities"))
	require.Equal(t, "email cleo@customer.example", b.scalar("SELECT kind || ' ' || value FROM identity_claims"))

	require.Equal(t, m, b.takeOne(r), "delivered twice")
	require.Equal(t, "1", b.count("messages"))

	t.Log("another form of the same address shows people that the two may be one, no more")
	again := b.takeOne(record(t, ticket.TypeWebFormSubmission, submission(b, "cleo@customer.example", "2")))
	require.NotEqual(t, m.CustomerID, again.CustomerID)
	require.Equal(t, "2", b.scalar("SELECT count(*)::text FROM identity_claims WHERE value = 'cleo@customer.example'"))
	require.NotEqual(t, m.ConversationID, again.ConversationID)

	t.Log("words that this version of the form does not know")
	odd := submission(b, "dan@customer.example", "3")
	odd.Category, odd.Priority = "gossip", "yesterday"
	conv = b.conversation(b.takeOne(record(t, ticket.TypeWebFormSubmission, odd)).ConversationID)
	require.Equal(t, "general medium", conv.InitialCategory+" "+conv.InitialPriority)
}

func TestPageMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := submission(b, "cleo@customer.example", "1")
	page := record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{TicketID: s.TicketID, N: "n1", Message: "And one more thing.", At: start.Add(time.Hour)})

	err := b.Handle(t.Context(), page)
	requireBlocks(t, err)
	require.ErrorIs(t, err, errNotStored)
	first := b.takeOne(record(t, ticket.TypeWebFormSubmission, s))
	more := b.takeOne(page)
	require.Equal(t, first.ConversationID, more.ConversationID)
	require.Equal(t, first.WorkflowID, more.WorkflowID)
	require.Equal(t, start.Add(time.Hour), more.ReceivedAt.UTC())
	require.Equal(t, more, b.takeOne(page), "delivered twice")
	require.Equal(t, "2", b.count("messages"))
	require.Empty(t, b.waiting.since)
}

// TestPageMessageWithoutTicket is about an id whose submission never comes,
// such as the one that was given to a robot.
func TestPageMessageWithoutTicket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := start
	b.waiting.now = func() time.Time { return now }
	page := record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{TicketID: b.Secrets.TicketID("lost"), N: "n1", Message: "Hello?"})
	page.Topic, page.Key = ticket.TopicWebFormInbound, "k"

	requireBlocks(t, b.Handle(t.Context(), page))
	now = now.Add(orphanInLane)
	requireBlocks(t, b.Handle(t.Context(), page))
	now = now.Add(time.Second)
	b.published.err = ticket.Errorf(ticket.CodeUnavailable, "no broker")
	requireBlocks(t, b.Handle(t.Context(), page))
	b.published.err = nil
	now = now.Add(orphanInLane + time.Second)
	requireBlocks(t, b.Handle(t.Context(), page))
	now = now.Add(orphanInLane + time.Second)
	require.NoError(t, b.Handle(t.Context(), page), "its lane goes on")
	require.Equal(t, []stream.Event{page.Event}, b.published.events, "it waits at the end of the topic")
	requireBlocks(t, b.Handle(t.Context(), page))

	now = start.Add(orphanAfter + time.Second)
	requirePoison(t, b.Handle(t.Context(), page), "no_conversation")
	require.Empty(t, b.waiting.since)
	requireBlocks(t, b.Handle(t.Context(), page))

	t.Log("waits that another process has taken over are forgotten")
	now = now.Add(3 * orphanAfter)
	other := record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{TicketID: b.Secrets.TicketID("other"), N: "n1", Message: "Hello?"})
	requireBlocks(t, b.Handle(t.Context(), other))
	require.Len(t, b.waiting.since, 2)
}

func TestPageMessageOnTicketOfAnotherChannel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, m := range []ticket.MessageReceived{
		b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello"))),
		b.takeOne(b.mail(letter{from: "Ana <ana@customer.example>", id: "<a@customer.example>"})),
	} {
		id := b.Secrets.TicketID("ticket", m.MessageID.String())
		_, err := b.DB.InsertTicket(t.Context(), schema.InsertTicketParams{
			ID: id, Number: ticket.Number(id), ConversationID: m.ConversationID, Category: "general", Priority: "medium",
		})
		require.NoError(t, err)
		more := b.takeOne(record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{TicketID: id, N: uuid.NewString(), Message: "From the page"}))
		require.Equal(t, m.ConversationID, more.ConversationID)
		require.Equal(t, m.WorkflowID, more.WorkflowID)
		require.Equal(t, m.Channel, more.Channel, "the conversation's channel, where the answer goes")
	}
	require.Equal(t, "2", b.scalar("SELECT count(*)::text FROM messages WHERE channel = 'webform'"))
}
