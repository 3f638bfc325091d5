package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ago dates a message back.
func ago(d time.Duration) func(*schema.InsertMessageParams) {
	return func(p *schema.InsertMessageParams) { p.ProviderAt = time.Now().Add(-d) }
}

func TestAfterAStopNobodyWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.suppress("stop")
	opened := w.says(w.conversation(ticket.WhatsApp), "STOP", commanded(ticket.CommandStop))
	res := w.plainly(opened)
	require.Equal(t, ticket.WaitingCustomer, res.Status, "no promise runs, and the ticket ends")
	require.Nil(t, w.ticket(opened.TicketID).WaitingSince)
}

// A missed webhook may bring a command long after one that says the opposite.
func TestACommandThatComesLateIsNotConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	w.plainly(w.says(c, "START", commanded(ticket.CommandStart)))
	late := w.says(c, "STOP", commanded(ticket.CommandStop), ago(time.Minute))
	require.Zero(t, w.plainly(late).Parts, "it was taken back before it came")
	w.suppress("stop")
	w.plainly(w.says(c, "STOP", commanded(ticket.CommandStop)))
	late = w.says(c, "START", commanded(ticket.CommandStart), ago(time.Minute))
	require.Zero(t, w.plainly(late).Parts)
	require.Len(t, w.texts(), 2)
}

// A stop that comes between the reading of a batch and its fixed text is heeded.
func TestNoFixedTextFollowsAStop(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]ticket.Plain{"empty": ticket.PlainEmpty, "slow": ticket.PlainSlow, "start": ticket.PlainStart} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			opened := w.turn(w.conversation(ticket.WhatsApp), "?")
			opened.Plain = p
			w.suppress("stop")
			require.Equal(t, ticket.SendDone, w.plainly(opened).State)
			require.Empty(t, w.texts())
		})
	}
}

// What is claimed later than the stop is not sent, whatever it is.
func TestAFixedTextIsBarredWhenItIsClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "?")
	opened.Plain = ticket.PlainEmpty
	w.twilio.SetFault(twilio.ErrorFault(429, 20429))
	in := ticket.SendReplyInput{TurnID: opened.TurnID, Plain: opened.Plain}
	_, err := run(w, w.acts().SendReply, in)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.suppress("stop")
	_, err = run(w, w.acts().SendReply, in)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Empty(t, w.texts())
}

// Twilio may keep its own list and confirm by itself: ours is refused then.
func TestAStopThatTwilioHasHeededNeedsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.suppress("stop")
	opened := w.says(w.conversation(ticket.WhatsApp), "STOP", commanded(ticket.CommandStop))
	w.twilio.SetFault(twilio.ErrorFault(400, 21610))
	for range 2 {
		require.Equal(t, ticket.SendDone, w.plainly(opened).State)
	}
	require.Empty(t, w.texts())
}

// The notice that somebody writes too fast is a courtesy: what became of it
// must not keep the answer back.
func TestTheAnswerDoesNotHangOnTheNotice(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]func(w *world, c schema.Conversation){
		"withdrawn by a takeover": func(w *world, c schema.Conversation) {
			w.acted(c.ID, ticket.ActionTakeover)
			w.acted(c.ID, ticket.ActionRelease)
		},
		"refused": func(w *world, _ schema.Conversation) {
			w.exec("UPDATE outbox SET state = 'failed', delivery = 'failed'")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			c := w.conversation(ticket.WhatsApp)
			opened := w.turn(c, "one of many")
			w.twilio.SetFault(twilio.ErrorFault(429, 20429))
			_, err := run(w, w.acts().SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, Plain: ticket.PlainSlow})
			requireRefused(t, err, ticket.CodeRateLimited, false)
			what(w, c)
			again := w.open(c, opened.MessageIDs...)
			require.NotEqual(t, uuid.Nil, again.TurnID)
			require.Equal(t, ticket.SendDone, w.replies(again, "All answers.").State)
			require.Len(t, w.texts(), 1)
			require.Contains(t, w.texts()[0], "All answers.")
		})
	}
}
