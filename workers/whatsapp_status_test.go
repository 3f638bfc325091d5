package workers

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func statusRecord(t *testing.T, sid, status, code, oid string) stream.Record {
	t.Helper()
	e := ticket.WhatsAppEvent{Params: map[string]string{"MessageSid": sid, "MessageStatus": status}}
	if code != "" {
		e.Params["ErrorCode"] = code
	}
	if oid != "" {
		e.Query = map[string]string{"oid": oid}
	}
	return record(t, ticket.TypeWhatsAppStatus, e)
}

func TestEveryReportIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello")))
	part := b.answered(m, "whatsapp", "sending").String()
	for range 2 {
		for _, r := range []stream.Record{
			statusRecord(t, "SMours", "sent", "", part),
			statusRecord(t, "SMours", "teleported", "", ""),
			statusRecord(t, "SMtheirs", "delivered", "", ""),
			statusRecord(t, "SMtheirs", "read", "", "no-uuid"),
		} {
			require.Empty(t, b.take(r))
		}
	}
	require.Equal(t, "SMours sent t, SMours teleported t, SMtheirs delivered f, SMtheirs read f", b.scalar(
		"SELECT string_agg(provider_id || ' ' || status || ' ' || applied::text::char(1), ', ' ORDER BY provider_id, status) FROM delivery_events"))
	require.Equal(t, "1", b.scalar("SELECT count(*)::text FROM delivery_events WHERE outbox_id = '"+part+"'"))
	require.Equal(t, "sent sent", b.scalar("SELECT state || ' ' || delivery FROM outbox"))
}

func TestAnOptOutAtTwilioIsOneHere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello")))
	part := b.answered(m, "whatsapp", "sending").String()
	for range 2 {
		require.NoError(t, b.Handle(t.Context(), statusRecord(t, "SMours", "failed", "21610", part)))
		require.Equal(t, "whatsapp x provider", b.scalar("SELECT kind || ' ' || value || ' ' || reason FROM suppressions"))
		require.Equal(t, "needs_human", b.scalar("SELECT status FROM tickets"))
	}
}

func TestALateRefusalIsToldToTheWorkflow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.WhatsAppTemplate = "HX1"
	m := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello")))
	part := b.answered(m, "whatsapp", "sending").String()
	revision := b.conversation(m.ConversationID).Revision

	t.Log("a broker that does not answer: the record comes again")
	b.published.err = ticket.Errorf(ticket.CodeUnavailable, "no broker")
	requireBlocks(t, b.Handle(t.Context(), statusRecord(t, "SMours", "undelivered", "63016", part)))
	b.published.err = nil
	before := len(b.published.events)
	require.NoError(t, b.Handle(t.Context(), statusRecord(t, "SMours", "undelivered", "63016", part)))
	require.Len(t, b.published.events, before+1)
	event := b.published.events[before]
	require.Equal(t, "twilio:SMours:undelivered", event.ID)
	var told ticket.MessageReceived
	require.NoError(t, json.Unmarshal(event.Value, &told))
	require.Equal(t, ticket.Assistant, told.Author)
	require.Equal(t, m.WorkflowID, told.WorkflowID)
	require.Equal(t, revision+1, b.conversation(m.ConversationID).Revision)
	require.Equal(t, "answer held queued, ack queued queued", b.scalar(
		"SELECT string_agg(kind || ' ' || state || ' ' || delivery, ', ' ORDER BY kind DESC) FROM outbox"))
	require.Equal(t, "HX1", b.scalar("SELECT template FROM outbox WHERE kind = 'ack'"))
	require.Equal(t, "{SMours}", b.scalar("SELECT former_ids::text FROM outbox WHERE kind = 'answer'"))
}

// TestReportsOfOneMessageAtOnce lets many reports, and the record of whose
// message it is, meet: whatever the order, the last word counts.
func TestReportsOfOneMessageAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello")))
	part := b.answered(m, "whatsapp", "sending")
	sid := "SMours"
	var all sync.WaitGroup
	for range 5 {
		for _, status := range []string{"queued", "sent", "delivered", "read"} {
			all.Go(func() { _ = b.Handle(t.Context(), statusRecord(t, sid, status, "", part.String())) })
		}
	}
	all.Go(func() {
		_, _ = b.DB.RecordSent(t.Context(), schema.RecordSentParams{ID: part, ProviderID: &sid})
	})
	all.Wait()
	require.Equal(t, "sent read SMours", b.scalar("SELECT state || ' ' || delivery || ' ' || provider_id FROM outbox"))
	require.Equal(t, "4", b.count("delivery_events"))
}
