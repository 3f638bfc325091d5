package workers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const ana = "+4915112345678"

// says is what Twilio posts when Ana writes, so many seconds after the start.
func says(t *testing.T, sid, body string, seconds int) stream.Record {
	t.Helper()
	r := record(t, ticket.TypeWhatsAppMessage, whatsAppEvent(sid, ana, body))
	r.Time = start.Add(time.Duration(seconds) * time.Second)
	return r
}

// optedOut says why nothing automatic may be sent to whom.
func (b *testBundle) optedOut() string {
	b.t.Helper()
	return b.scalar("SELECT coalesce(string_agg(kind || ' ' || value || ' ' || reason, ', '), 'nobody') FROM suppressions")
}

func TestStopThenStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.takeOne(says(t, "SM1", "hello", 0))
	stop := says(t, "SM2", " Stop! ", 1)
	told := b.takeOne(stop)
	require.Equal(t, "whatsapp "+ana+" stop", b.optedOut())
	require.Equal(t, "stop", b.scalar("SELECT command FROM messages WHERE id = '"+told.MessageID.String()+"'"))
	require.Equal(t, "Stop!", b.scalar("SELECT body FROM messages WHERE command = 'stop'"), "the message itself stays as it came")

	t.Log("redelivered: the workflow hears of it again, nothing else happens")
	require.Equal(t, told, b.takeOne(stop))
	require.Equal(t, "1", b.count("suppressions"))

	begin := says(t, "SM3", "START", 2)
	b.takeOne(begin)
	require.Equal(t, "nobody", b.optedOut())
	b.takeOne(stop)
	require.Equal(t, "nobody", b.optedOut(), "the old stop comes once more")
	b.takeOne(says(t, "SM4", "stopp", 3))
	b.takeOne(begin)
	require.Equal(t, "whatsapp "+ana+" stop", b.optedOut(), "the old start comes once more")
}

func TestACommandThatArrivesLateDoesNotUndoANewerOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.takeOne(says(t, "SM1", "hello", 0))
	b.takeOne(says(t, "SM3", "start", 60))
	b.takeOne(says(t, "SM2", "stop", 30)) // its webhook was lost, the list shows it
	require.Equal(t, "nobody", b.optedOut())
	require.Equal(t, "2", b.scalar("SELECT count(*)::text FROM messages WHERE command <> ''"))
}

func TestStopWhileAnAnswerIsQueued(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(says(t, "SM1", "hello", 0))
	queued := b.answered(m, "whatsapp", "queued")
	other := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM9", "+4915112345679", "Hello")))
	foreign := b.answered(other, "whatsapp", "queued")
	state := func(id string) string { return b.scalar("SELECT state FROM outbox WHERE id = '" + id + "'") }
	stop := says(t, "SM2", "unsubscribe", 5)
	b.takeOne(stop)
	require.Equal(t, "cancelled", state(queued.String()))
	require.Equal(t, "queued", state(foreign.String()), "of another customer")

	t.Log("what was said to the customer afterwards is not withdrawn by the same message")
	b.exec("UPDATE outbox SET state = 'queued' WHERE id = '" + queued.String() + "'")
	b.takeOne(stop)
	require.Equal(t, "queued", state(queued.String()))
}

// TestStopHoldsTheClaim shows that an answer cannot be handed to Twilio while
// the stop is being stored, nor when it is.
func TestStopHoldsTheClaim(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(says(t, "SM1", "hello", 0))
	queued := b.answered(m, "whatsapp", "queued")
	claimed := make(chan int64, 1)
	require.NoError(t, b.DB.Tx(t.Context(), func(q *schema.Queries) error {
		stop := inbound{
			channel: ticket.WhatsApp, externalID: "twilio:SM2", author: ticket.Customer, at: start.Add(time.Second),
			sender: identity{identityWhatsApp, ana, true}, command: ticket.CommandStop, body: "stop",
		}
		if err := heed(t.Context(), q, m.ConversationID, stop); err != nil {
			return err
		}
		go func() {
			n, err := b.DB.ClaimPart(t.Context(), queued)
			if err != nil {
				n = -1
			}
			claimed <- n
		}()
		eventually(t, func(context.Context) error {
			if b.scalar("SELECT count(*)::text FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "0" &&
				b.scalar("SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "0" {
				return errors.New("the claim does not wait")
			}
			return nil
		})
		_, err := insert(t.Context(), q, m.ConversationID, stop)
		return err
	}))
	require.Zero(t, <-claimed)
	require.Equal(t, "cancelled", b.scalar("SELECT state FROM outbox"))
}

func TestWhatIsNoCommand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, body := range []string{"end of the month", "please stop calling", "when does it start?", ""} {
		b.takeOne(says(t, "SM"+string(rune('a'+i)), body, i))
	}
	require.Equal(t, "nobody", b.optedOut())
	require.Equal(t, "4", b.scalar("SELECT count(*)::text FROM messages WHERE command = ''"))
}

func TestAWordToGoOnIsNotedAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(says(t, "SM1", "hello", 0))
	queued := b.answered(m, "whatsapp", "queued")
	b.takeOne(says(t, "SM2", "👍🏽", 1))
	require.Equal(t, "continue", b.scalar("SELECT command FROM messages WHERE external_id = 'twilio:SM2'"))
	require.Equal(t, "queued", b.scalar("SELECT state FROM outbox WHERE id = '"+queued.String()+"'"))
	require.Equal(t, "nobody", b.optedOut())
}

func TestTwilioOwnOptOutCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := whatsAppEvent("SM1", ana, "leave me alone")
	e.Params["OptOutType"] = "STOP"
	b.takeOne(record(t, ticket.TypeWhatsAppMessage, e))
	require.Equal(t, "whatsapp "+ana+" stop", b.optedOut())
}

func TestFiftyDeliveriesAtOnceAreOneMessage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"hello", "STOP"} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			records := make([]stream.Record, 50)
			for i := range records {
				records[i] = says(t, "SM1", body, 0)
			}
			b.together(records)
			require.Equal(t, "1", b.count("messages"))
			require.Equal(t, "1", b.count("customers"))
			require.Equal(t, "1", b.count("conversations"))
			all := b.published.received(t)
			require.Len(t, all, 50, "each is passed on: only the turn decides that a message is done")
			for _, m := range all {
				require.Equal(t, all[0], m)
			}
		})
	}
}
