package activities_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

// The assistant is switched off while the second of three parts is on its way.
func TestSwitchingOffStopsAnAnswerBetweenParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withTwilio(onRequest(2, func() { w.mode(ticket.ModeOff, "") }))
	turn, draft := w.onWhatsApp(long)
	for range 2 {
		res, err := w.send(turn, draft)
		require.NoError(t, err)
		require.Equal(t, ticket.SendHeld, res.State, "also when it is called again")
		require.Equal(t, ticket.ModeOff, res.Mode)
		require.Equal(t, ticket.Open, res.Status, "the customer waits for us")
	}
	require.Equal(t, []string{"sent", "sent"}, w.states(turn), "the third was never written")
	require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM processed_messages"))
	require.Equal(t, "1", w.scalar("SELECT count(waiting_since)::text FROM tickets"))

	res, err := w.send(turn, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.KindNotice, res.Kind)
	require.Equal(t, ticket.SendDone, res.State)
	require.Equal(t, "human", w.scalar("SELECT string_agg(outcome, ',') FROM processed_messages"))
	require.Regexp(t, "colleague", w.bodies()[len(w.bodies())-1])
	require.Len(t, w.bodies(), 3)
}

// An answer that waits for another try is stopped as well, unless a person has
// approved it; and what was stopped can be answered later.
func TestSwitchingOffStopsAnAnswerThatIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 429})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.mode(ticket.ModeOff, "")
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendHeld, res.State)
	require.Empty(t, w.states(turn))
	require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM messages WHERE author = 'assistant'"))

	w.approve(draft)
	res, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Len(t, w.bodies(), 1)
	require.Equal(t, "answered", w.scalar("SELECT string_agg(outcome, ',') FROM processed_messages"))
}

func TestAPersonsApprovalHoldsWhenTheAssistantIsSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withTwilio(onRequest(1, func() { w.mode(ticket.ModeOff, "") }))
	turn, draft := w.onWhatsApp(long)
	w.approve(draft)
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Equal(t, []string{"sent", "sent", "sent"}, w.states(turn))
}

// What a channel may not do, one of its categories may.
func TestTheModeOfACategoryDecidesAboutParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var turn, draft uuid.UUID
	w.withTwilio(onRequest(1, func() {
		w.mode(ticket.ModeAuto, w.scalar("SELECT category FROM tickets"))
		w.mode(ticket.ModeOff, "")
	}))
	turn, draft = w.onWhatsApp(long)
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Len(t, w.bodies(), 3)
}
