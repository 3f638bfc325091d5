package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

const month = 30 * 24

// settle notes that a message was settled so many hours ago.
func (w *world) settle(message uuid.UUID, hoursAgo int) {
	w.t.Helper()
	w.exec(fmt.Sprintf(`INSERT INTO processed_messages (message_id, turn_id, outcome, processed_at)
		SELECT '%s', (SELECT id FROM turns WHERE first_message_id = '%[1]s'), 'answered', now() - interval '%[2]d hours'`, message, hoursAgo))
}

func (w *world) purge(hours int) ticket.PurgeResult {
	w.t.Helper()
	res, err := run(w, w.acts().Purge, ticket.PurgeInput{KeepHours: hours})
	require.NoError(w.t, err)
	return res
}

func (w *world) settled(message uuid.UUID) bool {
	return w.scalar(fmt.Sprintf("SELECT count(*)::text FROM processed_messages WHERE message_id = '%s'", message)) == "1"
}

func TestPurgeKeepsWhatIsYoungOrOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	turn := func() uuid.UUID { return w.past(pastTurn{channel: ticket.Email, at: "2026-03-02T12:00:00Z"}) }
	old, young, open := turn(), turn(), turn()
	w.settle(old, month+1)
	w.settle(young, month-1)
	w.settle(open, month+1)
	w.exec(fmt.Sprintf(`UPDATE tickets SET status = 'waiting_customer', closed_at = NULL
		FROM turns u WHERE u.ticket_id = tickets.id AND u.first_message_id = '%s'`, open))

	// Without a turn a message belongs to the ticket that its conversation has open.
	busy := w.conversation(ticket.WhatsApp)
	w.exec(fmt.Sprintf(`INSERT INTO tickets (id, number, conversation_id) VALUES ('%s', 'T-2', '%s')`, uuid.New(), busy.ID))
	withPerson, suppressed := w.message(busy, "hello"), w.message(w.conversation(ticket.Email), "out of office")
	w.settle(withPerson, month+1)
	w.settle(suppressed, month+1)

	require.Equal(t, ticket.PurgeResult{ProcessedMessages: 2}, w.purge(month))
	for message, kept := range map[uuid.UUID]bool{old: false, young: true, open: true, withPerson: true, suppressed: false} {
		require.Equal(t, kept, w.settled(message))
	}
	require.Equal(t, ticket.PurgeResult{}, w.purge(month))
}

func TestPurgeDeletesRawMailsInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The messages that were made of them stay.
	message := w.message(w.conversation(ticket.Email), "hello")
	w.exec(`INSERT INTO raw_events (id, source, external_id, body, provider_at, created_at)
		SELECT gen_random_uuid(), 'gmail:' || 'support@firnwacht.example', n::text, 'raw', now(), now() - n * interval '1 hour'
		FROM generate_series(1, 1800) n`)
	w.exec(`INSERT INTO webhook_spool (event_id, topic, key, type, source, correlation_id, trace_parent, value, event_time, spooled_at)
		SELECT n::text, 't', 'k', 'y', 's', '', '', '{}', now(), now() - n * interval '1 hour' FROM unnest(ARRAY[1, 23, 25]) n`)
	require.Equal(t, ticket.PurgeResult{RawEvents: 1800 - month + 1, StuckEvents: 1}, w.purge(month))
	require.Equal(t, fmt.Sprint(month-1), w.scalar("SELECT count(*)::text FROM raw_events"))
	require.Equal(t, "3", w.scalar("SELECT count(*)::text FROM webhook_spool"), "customers' messages are never deleted")
	require.Equal(t, "1", w.scalar(fmt.Sprintf("SELECT count(*)::text FROM messages WHERE id = '%s'", message)))
}

func TestPurgeRefusesToDeleteWhatKafkaMayRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := run(w, w.acts().Purge, ticket.PurgeInput{KeepHours: int((6 * 24 * time.Hour).Hours())})
	requireRefused(t, err, ticket.CodeInvalid, true)
}

func TestPurgeForgetsWhatWasReportedOfNobodysMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO delivery_events (via, provider_id, status, applied, received_at)
		SELECT 'whatsapp', n::text, s, s = 'sent', now() - n * interval '1 hour'
		FROM unnest(ARRAY[1, 47, 49, 2000]) n, unnest(ARRAY['sent', 'failed']) s`)
	w.purge(month)
	require.Equal(t, "1 sent, 47 sent, 49 sent; 1 failed, 47 failed", w.scalar(`SELECT string_agg(ids || '', '; ') FROM (
		SELECT string_agg(provider_id || ' ' || status, ', ' ORDER BY provider_id::int) ids
		FROM delivery_events GROUP BY status ORDER BY status DESC) x`))
}
