package workers

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func whatsAppEvent(sid, from, body string) ticket.WhatsAppEvent {
	return ticket.WhatsAppEvent{Params: map[string]string{
		"MessageSid": sid, "From": "whatsapp:" + pad(from), "To": "whatsapp:+14155238886", "Body": body, "ProfileName": "Ana",
	}}
}

// pad makes a short number a possible one.
func pad(number string) string {
	for len(number) < 9 {
		number += "0"
	}
	return number
}

func TestWhatsAppMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello"))
	first := b.takeOne(r)

	require.Equal(t, ticket.WhatsApp, first.Channel)
	require.Equal(t, start, first.ReceivedAt.UTC())
	event := b.published.events[0]
	require.Equal(t, ticket.TopicTicketsIncoming, event.Topic)
	require.Equal(t, first.CustomerID.String(), event.Key)
	require.Equal(t, "twilio:SM1", event.ID)
	require.Equal(t, ticket.TypeMessageReceived, event.Type)
	require.Equal(t, "corr-1", event.CorrelationID)
	require.Equal(t, "00-abc", event.TraceParent)
	conv := b.conversation(first.ConversationID)
	require.Equal(t, conv.WorkflowID, first.WorkflowID)
	require.Equal(t, b.Secrets.WorkflowID(ticket.WhatsApp, "+14155238886>+4915112345678"), first.WorkflowID)
	require.True(t, conv.SenderVerified)
	require.Equal(t, "+4915112345678", conv.ReplyTo)
	require.Equal(t, "Ana", b.scalar("SELECT name FROM customers"))
	require.Equal(t, "whatsapp +4915112345678 true", b.scalar("SELECT kind || ' ' || value || ' ' || verified::text FROM customer_identities"))

	t.Log("a known customer writes again")
	second := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM2", "+4915112345678", "Still there?")))
	require.Equal(t, first.ConversationID, second.ConversationID)
	require.Equal(t, first.CustomerID, second.CustomerID)
	require.NotEqual(t, first.MessageID, second.MessageID)

	t.Log("the first comes again: one message, published once more")
	require.Equal(t, first, b.takeOne(r))
	require.Equal(t, "2", b.count("messages"))

	t.Log("somebody else")
	other := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM3", "+4915112345679", "Hello")))
	require.NotEqual(t, first.CustomerID, other.CustomerID)
	require.NotEqual(t, first.ConversationID, other.ConversationID)
	require.Equal(t, "2", b.count("customers"))
}

// answered makes an answer of one part to the message, in this state.
func (b *testBundle) answered(m ticket.MessageReceived, via, state string) (outbox uuid.UUID) {
	b.t.Helper()
	ctx := b.t.Context()
	ticketID, turnID, messageID, outbox := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	require.NoError(b.t, b.DB.Tx(ctx, func(q *schema.Queries) error {
		open, err := q.OpenTicket(ctx, m.ConversationID)
		if schema.NoRows(err) {
			open, err = q.InsertTicket(ctx, schema.InsertTicketParams{
				ID: ticketID, Number: "T-1", ConversationID: m.ConversationID, Subject: "s", Category: "general", Priority: "medium",
			})
		}
		if err != nil {
			return err
		}
		if _, err := q.OpenTurn(ctx, schema.OpenTurnParams{
			ID: turnID, ConversationID: m.ConversationID, TicketID: open.ID, FirstMessageID: m.MessageID, MessageIds: []uuid.UUID{m.MessageID},
		}); err != nil {
			return err
		}
		key := turnID.String() + "/answer/0"
		if err := q.InsertOutboundMessage(ctx, schema.InsertOutboundMessageParams{
			ID: messageID, ConversationID: m.ConversationID, Channel: m.Channel, ExternalID: key, Author: ticket.Assistant,
			Body: "answer", ProviderAt: start, TurnID: &turnID,
		}); err != nil {
			return err
		}
		return q.InsertOutbox(ctx, schema.InsertOutboxParams{
			ID: outbox, SendKey: key, TurnID: &turnID, ConversationID: m.ConversationID, MessageID: messageID,
			Kind: ticket.KindAnswer, Part: 0, Via: via, Recipient: "x", Epoch: b.conversation(m.ConversationID).Epoch,
		})
	}))
	if state != "queued" {
		b.exec("UPDATE outbox SET state = '" + state + "' WHERE id = '" + outbox.String() + "'")
	}
	return outbox
}

func TestWhatsAppStatus(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello")))
	part := b.answered(m, "whatsapp", "sending")
	status := func(sid, word, oid string) {
		t.Helper()
		e := ticket.WhatsAppEvent{Params: map[string]string{"MessageSid": sid, "MessageStatus": word}}
		if oid != "" {
			e.Query = map[string]string{"oid": oid}
		}
		require.Empty(t, b.take(record(t, ticket.TypeWhatsAppStatus, e)), "a status is no message")
	}
	row := func() string {
		t.Helper()
		return b.scalar("SELECT state || ' ' || delivery || ' ' || coalesce(provider_id, '-') FROM outbox")
	}

	status("SMother", "delivered", "")
	status("SMother", "delivered", uuid.NewString())
	status("SMother", "delivered", "no-uuid")
	require.Equal(t, "sending queued -", row(), "of no row of ours")

	status("SMours", "sent", part.String())
	require.Equal(t, "sent sent SMours", row(), "found by our id before the provider's was recorded")
	status("SMours", "read", "")
	require.Equal(t, "sent read SMours", row(), "found by the provider's id")
	status("SMours", "delivered", part.String())
	status("SMours", "queued", "")
	require.Equal(t, "sent read SMours", row(), "a late status moves nothing back")
	status("SMours", "teleported", "")
	require.Equal(t, "sent read SMours", row(), "a word Twilio has added since")
	status("SMforged", "failed", part.String())
	require.Equal(t, "sent read SMours", row(), "a part keeps its provider's id")
	undelivered := ticket.WhatsAppEvent{Params: map[string]string{"MessageSid": "SMours", "MessageStatus": "undelivered", "ErrorCode": "63016"}}
	before := len(b.published.events)
	revision := b.conversation(m.ConversationID).Revision
	for range 2 {
		require.NoError(t, b.Handle(t.Context(), record(t, ticket.TypeWhatsAppStatus, undelivered)))
	}
	asked := b.published.events[before:]
	require.Len(t, asked, 4)
	require.Equal(t, asked[0].ID, asked[2].ID, "a repeated callback asks under the same id")
	require.Equal(t, ticket.TopicEscalations, asked[0].Topic)
	require.Equal(t, "needs_human not_delivered", b.scalar("SELECT status || ' ' || escalation_code FROM tickets WHERE escalated_at IS NOT NULL"))
	require.Greater(t, b.conversation(m.ConversationID).Revision, revision)
	for _, e := range []stream.Event{asked[1], asked[3]} {
		require.Equal(t, ticket.TopicTicketsIncoming, e.Topic)
		require.Equal(t, m.CustomerID.String(), e.Key)
		require.Equal(t, "twilio:SMours:undelivered", e.ID)
		var told ticket.MessageReceived
		require.NoError(t, json.Unmarshal(e.Value, &told))
		require.Equal(t, b.scalar("SELECT message_id::text FROM outbox"), told.MessageID.String(), "the workflow hears which one failed")
		require.Equal(t, ticket.Assistant, told.Author)
		require.Equal(t, m.WorkflowID, told.WorkflowID)
		require.Equal(t, m.ConversationID, told.ConversationID)
	}
	status("SMours", "delivered", "")
	require.Equal(t, "sent failed SMours", row(), "failed is final")
}
