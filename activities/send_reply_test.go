package activities_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

func TestASettledTurnKeepsItsAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 429})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	_, err = w.send(turn, w.draft(turn, "Something else."))
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
	require.Contains(t, w.bodies()[0], "Open the settings.")
	res, err := w.send(turn, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.KindAnswer, res.Kind)
	require.Len(t, w.bodies(), 1)
}

func TestABatchThatAnotherTurnSettledIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first, second := w.message(c, "hello"), w.message(c, "anybody there?")
	whole := w.open(c, first, second)
	part := w.open(c, second) // another run got the second message alone
	require.NotEqual(t, whole.TurnID, part.TurnID)
	_, err := w.send(part.TurnID, w.draft(part.TurnID, "Yes."))
	require.NoError(t, err)

	res, err := w.send(whole.TurnID, w.draft(whole.TurnID, "Hello, yes."))
	require.NoError(t, err)
	require.Equal(t, ticket.SendStale, res.State)
	require.Len(t, w.bodies(), 1)
	require.Empty(t, w.outcome(first), "all or none")
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM processed_messages"))
	require.Len(t, w.published.of(ticket.TopicMetrics), 1)

	again := w.open(c, first, second)
	require.Equal(t, []uuid.UUID{first}, again.MessageIDs)
	require.Equal(t, whole.TurnID, again.TurnID)
	_, err = w.send(again.TurnID, w.draft(again.TurnID, "Hello."))
	require.NoError(t, err)
	require.Len(t, w.bodies(), 2)
}

func TestTheNoticeIsGivenOncePerTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.turn(c, "I want a person")
	res, err := w.send(first.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.KindNotice, res.Kind)
	require.Equal(t, 1, res.Parts)
	require.Len(t, w.bodies(), 1)
	require.Contains(t, w.bodies()[0], first.TicketNumber)

	second := w.turn(c, "hello?")
	for range 3 { // the second and third are retries of a turn without parts
		res, err = w.send(second.TurnID, uuid.Nil)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, ticket.KindNotice, res.Kind)
		require.Zero(t, res.Parts)
	}
	require.Len(t, w.bodies(), 1)
	require.Equal(t, string(ticket.Human), w.outcome(second.MessageIDs[0]))

	w.exec("UPDATE tickets SET status = 'closed', closed_at = now()")
	next := w.turn(c, "a new matter")
	_, err = w.send(next.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 2, "another ticket, another notice")
}

func TestANoticeThatNeverArrivedIsGivenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.turn(c, "I want a person")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 400, Body: `{"code":63016,"message":"window","status":400}`})
	_, err := w.send(first.TurnID, uuid.Nil)
	requireRefused(t, err, ticket.CodeInvalid, true)
	second := w.turn(c, "hello?")
	res, err := w.send(second.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, 1, res.Parts)
	require.Len(t, w.bodies(), 1)
}

func TestAnEscalatedTicketStaysWithItsPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "I want a person")
	_, err := run(w, w.acts().Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: "human_requested"})
	require.NoError(t, err)
	res, err := w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.NeedsHuman, res.Status)
	require.Equal(t, ticket.NeedsHuman, w.ticket(opened.TicketID).Status)
}

func TestAFinishedTurnIsCountedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.exec("UPDATE messages SET received_at = received_at - interval '10 seconds'")
	w.published.failNext(1)
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Len(t, w.bodies(), 1)
	w.exec("UPDATE outbox SET sent_at = sent_at + interval '5 seconds'")
	for range 2 {
		_, err = w.send(turn, draft)
		require.NoError(t, err)
	}
	require.Len(t, w.bodies(), 1)
	events := w.published.of(ticket.TopicMetrics)
	require.Len(t, events, 2)
	require.Equal(t, "turn:"+turn.String(), events[0].ID)
	require.Equal(t, events[0].ID, events[1].ID)
	require.Equal(t, w.customer.String(), events[0].Key)
	finished := valueOf[ticket.TurnFinished](t, events[0])
	require.Equal(t, finished, valueOf[ticket.TurnFinished](t, events[1]))
	require.Equal(t, turn, finished.TurnID)
	require.Equal(t, ticket.WhatsApp, finished.Channel)
	require.False(t, finished.Escalated)
	require.GreaterOrEqual(t, finished.LatencyMS, int64(15_000), "until the provider had it")
	require.Less(t, finished.LatencyMS, int64(60_000))
	require.Equal(t, 1, finished.ToolCallsCount)
}

func TestAnUnknownTurnOrDraftIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	_, err := w.send(uuid.New(), uuid.Nil)
	requireRefused(t, err, ticket.CodeNotFound, true)
	turn, _ := w.onWhatsApp("x")
	_, err = w.send(turn, uuid.New())
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Equal(t, "open", w.scalar("SELECT state FROM turns"))
	require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM processed_messages"))
}

// A draft belongs to its turn: the answer to one customer must never go to
// another.
func TestADraftOfAnotherTurnIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, _ := w.onWhatsApp("mine")
	_, foreign := w.onWhatsApp("theirs")
	_, err := w.send(turn, foreign)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Empty(t, w.bodies())
	require.Equal(t, []string(nil), w.states(turn))
}

func TestMessagesBelongToTheirTurnOnceSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "one", "two")
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Yes."))
	require.NoError(t, err)
	require.Equal(t, "2", w.scalar("SELECT count(*)::text FROM messages WHERE author = 'customer' AND turn_id = '"+opened.TurnID.String()+"'"))
	require.Equal(t, "2", w.scalar("SELECT count(*)::text FROM processed_messages WHERE outcome = 'answered' AND turn_id = '"+opened.TurnID.String()+"'"))
}
