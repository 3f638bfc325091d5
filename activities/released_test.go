package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// waiting brings a turn to where its answer waits for the customer to write.
func (w *world) waiting(c schema.Conversation, body string) ticket.CreateTicketResult {
	w.t.Helper()
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, body)
	w.silent(25 * time.Hour)
	_, err := w.send(opened.TurnID, draft)
	require.NoError(w.t, err)
	require.Equal(w.t, "held", w.statesOf(opened.TurnID)[0])
	return opened
}

// What is sent on with a later turn is looked for with that turn, too.
func TestWhatWasReleasedAndIsOfUnknownOutcomeIsSettled(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]wire.Mode{"accepted": wire.AcceptThenDrop, "not accepted": wire.Drop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio(impatient).withTemplate()
			c := w.conversation(ticket.WhatsApp)
			waited := w.waiting(c, "Open the settings.")
			yes := w.says(c, "yes", commanded(ticket.CommandContinue))
			require.Equal(t, ticket.PlainHeld, yes.Plain)
			w.twilio.SetFault(wire.Fault{Match: posts, Mode: mode})
			again := func() error {
				_, err := run(w, w.acts().SendReply, ticket.SendReplyInput{TurnID: yes.TurnID, Plain: yes.Plain})
				return err
			}
			requireRefused(t, again(), ticket.CodeUnknownOutcome, false)
			require.Equal(t, []string{"sending"}, w.statesOf(waited.TurnID))
			for _, wait := range []time.Duration{firstCheck, secondCheck} {
				w.later(wait)
				_ = again()
			}
			require.Equal(t, []string{"sent"}, w.statesOf(waited.TurnID))
			require.Len(t, w.freeTexts(), 1)
		})
	}
}

// The process may die after the commit that releases: what is to be sent is
// named again.
func TestWhatWasReleasedIsNamedAgain(t *testing.T) {
	t.Parallel()
	for name, person := range map[string]bool{"with a person": true, "with the assistant": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio().withTemplate()
			c := w.conversation(ticket.WhatsApp)
			w.turn(c, "how do I log in?")
			w.silent(25 * time.Hour)
			var words []uuid.UUID
			for range 4 {
				words = append(words, w.queued(c.ID, "Ben here."))
			}
			for _, m := range words {
				_, err := w.deliver(m)
				require.NoError(t, err)
			}
			if !person {
				require.NoError(t, w.db.GiveBack(t.Context(), c.ID))
			}
			yes := w.message(c, "yes", commanded(ticket.CommandContinue))
			first := w.open(c, yes)
			require.Equal(t, words, first.Replies)
			second := w.open(c, yes)
			require.Equal(t, words, second.Replies)
			require.Equal(t, first.Plain, second.Plain)
			for _, m := range words {
				_, err := w.deliver(m)
				require.NoError(t, err)
			}
			require.Empty(t, w.open(c, yes).Replies)
		})
	}
}

// While the assistant is switched off what waited does not go out; then a
// person hears of the customer's word, who was promised an answer.
func TestAWordForWhatMayNotBeSaidAnyMoreGoesToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	waited := w.waiting(c, "Open the settings.")
	w.mode(ticket.ModeOff, "")
	yes := w.says(c, "yes", commanded(ticket.CommandContinue))
	require.Empty(t, yes.Plain)
	require.Equal(t, ticket.ModeOff, yes.Mode)
	res, err := w.send(yes.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Equal(t, []string{"cancelled"}, w.statesOf(waited.TurnID))
	require.Len(t, w.freeTexts(), 1)
	require.Contains(t, w.freeTexts()[0], "colleague")
}

// A try that was refused for now must not be taken for what is said now.
func TestWhatWaitedIsWithdrawnAlsoAfterAThrottle(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	waited := w.waiting(c, "Open the settings.")
	next := w.says(c, "and how do I log out?")
	w.twilio.SetFault(twilio.ErrorFault(429, 20429))
	_, err := w.send(next.TurnID, uuid.Nil)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.mode(ticket.ModeOff, "")
	res, err := w.send(next.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Equal(t, []string{"cancelled"}, w.statesOf(waited.TurnID))
	require.Len(t, w.freeTexts(), 1)
}

// What was routed to a number waits for a message from there, which is one of
// another conversation.
func TestWhatWaitsForANumberIsReleasedByAMessageFromIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withGmail().withTemplate()
	mail, chat := w.conversation(ticket.Email), w.conversation(ticket.WhatsApp)
	opened := w.says(mail, "Where is my order?", joined(chat))
	draft := w.draft(opened.TurnID, "It is on its way.")
	w.silent(25 * time.Hour)
	_, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, "held", w.parts(opened.TurnID)[0].State)
	require.Len(t, w.templates(), 1)

	yes := w.says(chat, "yes", commanded(ticket.CommandContinue))
	require.Equal(t, ticket.PlainHeld, yes.Plain)
	w.plainly(yes)
	require.Len(t, w.freeTexts(), 1)
	require.Contains(t, w.freeTexts()[0], "It is on its way.")
	require.Equal(t, "sent", w.parts(opened.TurnID)[0].State)
}

// A ticket that is closed over what waits does not keep it from the customer.
func TestWhatWaitsOutlivesItsTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	waited := w.waiting(c, "Open the settings.")
	closed, err := run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: waited.TicketID})
	require.NoError(t, err)
	require.True(t, closed.Closed)
	yes := w.says(c, "ok", commanded(ticket.CommandContinue))
	require.Equal(t, ticket.PlainHeld, yes.Plain)
	require.NotEqual(t, waited.TicketID, yes.TicketID)
	w.plainly(yes)
	require.Equal(t, []string{"sent"}, w.statesOf(waited.TurnID))
}
