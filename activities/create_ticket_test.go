package activities_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func (w *world) open(c schema.Conversation, ids ...uuid.UUID) ticket.CreateTicketResult {
	w.t.Helper()
	res, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: ids})
	require.NoError(w.t, err)
	return res
}

// unrevised returns a result as if nothing had been counted since an earlier one.
func unrevised(res, earlier ticket.CreateTicketResult) ticket.CreateTicketResult {
	res.Revision = earlier.Revision
	return res
}

func (w *world) outcome(message uuid.UUID) string {
	w.t.Helper()
	return w.scalar("SELECT coalesce((SELECT outcome FROM processed_messages WHERE message_id = '" + message.String() + "'), '')")
}

func TestTheSameBatchIsTheSameTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	first, second := w.message(c, "hello"), w.message(c, "anybody there?")
	opened := w.open(c, second, first)
	require.Equal(t, []uuid.UUID{first, second}, opened.MessageIDs, "ordered by the provider's time")
	require.Equal(t, ticket.Open, opened.Status)
	require.Equal(t, ticket.OwnerAI, opened.Owner)
	require.Equal(t, ticket.Number(opened.TicketID), opened.TicketNumber)
	require.True(t, w.options.Secrets.Genuine(opened.TicketID))
	require.Equal(t, ticket.ModeAuto, opened.Mode)
	require.NotContains(t, opened.CustomerRef, w.customer.String()[:8])
	require.Equal(t, opened, unrevised(w.open(c, second, first), opened))
	require.Equal(t, opened, unrevised(w.open(c, first, second), opened))
}

func TestWhatIsSettledLeavesTheBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.message(c, "hello")
	opened := w.open(c, first)
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Hello."))
	require.NoError(t, err)
	require.Equal(t, ticket.WaitingCustomer, w.ticket(opened.TicketID).Status)

	second := w.message(c, "and now?")
	next := w.open(c, first, second)
	require.Equal(t, []uuid.UUID{second}, next.MessageIDs)
	require.NotEqual(t, opened.TurnID, next.TurnID)
	require.Equal(t, opened.TicketID, next.TicketID)
	require.Equal(t, ticket.Open, next.Status, "the customer waits again")

	none := w.open(c, first)
	require.Equal(t, uuid.Nil, none.TurnID)
	require.Empty(t, none.MessageIDs)
	require.Equal(t, opened.TicketID, none.TicketID)
}

func TestABatchThatGrewKeepsItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	first, second := w.message(c, "hello"), w.message(c, "one more thing")
	opened := w.open(c, first)
	grown := w.open(c, first, second)
	require.Equal(t, opened.TurnID, grown.TurnID)
	turn, err := w.db.Turn(t.Context(), opened.TurnID)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{first, second}, turn.MessageIds)
}

func TestSuppressedMessagesAreSettledUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.Email)
	bounce := w.message(c, "away until Monday", func(p *schema.InsertMessageParams) { p.SuppressReason = "auto_reply" })
	res := w.open(c, bounce)
	require.Equal(t, uuid.Nil, res.TurnID)
	require.Equal(t, uuid.Nil, res.TicketID, "nothing to see, no ticket")
	require.Equal(t, string(ticket.Suppressed), w.outcome(bounce))

	real := w.message(c, "a question")
	again := w.message(c, "still away", func(p *schema.InsertMessageParams) { p.SuppressReason = "auto_reply" })
	res = w.open(c, bounce, real, again)
	require.Equal(t, []uuid.UUID{real}, res.MessageIDs)
	require.Equal(t, string(ticket.Suppressed), w.outcome(again))
	require.Empty(t, w.outcome(real))
}

func TestWhileAPersonOwnsTheConversationEverythingIsTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	m := w.message(c, "are you there?")
	res := w.open(c, m)
	require.Equal(t, uuid.Nil, res.TurnID)
	require.Equal(t, opened.TicketID, res.TicketID)
	require.Equal(t, ticket.WithHuman, res.Status)
	require.Equal(t, ticket.OwnerHuman, res.Owner)
	require.Equal(t, string(ticket.Human), w.outcome(m))
}

// A person may write in a conversation without a ticket; what the customer
// answers must still be on one.
func TestAPersonsConversationHasATicketToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.Email)
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	m := w.message(c, "thank you for writing")
	res := w.open(c, m)
	require.Equal(t, uuid.Nil, res.TurnID)
	require.Equal(t, ticket.WithHuman, res.Status)
	require.Equal(t, ticket.WithHuman, w.ticket(res.TicketID).Status)
	require.Equal(t, string(ticket.Human), w.outcome(m))
	require.Equal(t, res.TicketID, w.open(c, m).TicketID)
}

func TestAWebFormTicketKeepsTheIDTheCustomerHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.options.Secrets.TicketID("form")
	c := w.conversation(ticket.WebForm, func(p *schema.InsertConversationParams) {
		p.Key, p.InitialCategory, p.InitialPriority = held.String(), "billing", "high"
	})
	opened := w.turn(c, "my invoice")
	require.Equal(t, held, opened.TicketID)
	require.Equal(t, "billing", opened.Category)
	require.Equal(t, "high", opened.Priority)

	w.exec("UPDATE tickets SET status = 'closed', closed_at = now()")
	later := w.turn(c, "one more thing")
	require.NotEqual(t, held, later.TicketID)
	require.True(t, w.options.Secrets.Genuine(later.TicketID))
}

// An operator may close a ticket over a message that nothing has settled.
func TestAMessageWhoseTicketWasClosedGetsAnother(t *testing.T) {
	t.Parallel()
	for _, channel := range ticket.Channels() {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			held := w.options.Secrets.TicketID("form")
			c := w.conversation(channel, func(p *schema.InsertConversationParams) { p.Key = held.String() })
			m := w.message(c, "hello")
			before := w.open(c, m)
			w.exec("UPDATE tickets SET status = 'closed', closed_at = now()")
			after := w.open(c, m)
			require.NotEqual(t, before.TicketID, after.TicketID)
			require.Equal(t, before.TurnID, after.TurnID)
			again := w.open(c, m)
			require.Equal(t, after, unrevised(again, after))
			turn, err := w.db.Turn(t.Context(), after.TurnID)
			require.NoError(t, err)
			require.Equal(t, after.TicketID, turn.TicketID, "an open turn belongs to the open ticket")
			escalated, err := run(w, w.acts().Escalate, ticket.EscalateInput{TurnID: after.TurnID, Code: "human_requested"})
			require.NoError(t, err)
			require.Equal(t, ticket.NeedsHuman, escalated.Status)
			require.Equal(t, ticket.NeedsHuman, w.ticket(after.TicketID).Status)
		})
	}
}

func TestManyWorkersOpenOneTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	m := w.message(c, "hello")
	const workers = 8
	results, problems := make([]ticket.CreateTicketResult, workers), make([]error, workers)
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			results[i], problems[i] = run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: []uuid.UUID{m}})
		})
	}
	all.Wait()
	for i := range workers {
		require.NoError(t, problems[i])
		require.Equal(t, results[0], unrevised(results[i], results[0]))
	}
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM tickets"))
}

func TestMessagesOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, other := w.conversation(ticket.WhatsApp), w.conversation(ticket.WhatsApp)
	m, foreign := w.message(mine, "hello"), w.message(other, "not mine")
	require.Equal(t, []uuid.UUID{m}, w.open(mine, m, foreign).MessageIDs)
	require.Empty(t, w.outcome(foreign))
}

func TestAnUnknownConversationIsNoUseRetrying(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: uuid.New()})
	requireRefused(t, err, ticket.CodeNotFound, true)
}

func TestATicketClosesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	res, err := run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: opened.TicketID})
	require.NoError(t, err)
	require.False(t, res.Closed, "it is a person's")
	require.Equal(t, ticket.WithHuman, res.Status)
	require.Equal(t, ticket.OwnerHuman, res.Owner)

	w.exec("UPDATE tickets SET status = 'resolved'")
	for range 2 {
		res, err = run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: opened.TicketID})
		require.NoError(t, err)
		require.True(t, res.Closed)
		require.Equal(t, uuid.Nil, res.TicketID)
		require.Empty(t, res.Clocks)
		require.Equal(t, ticket.OwnerAI, res.Owner)
	}
	require.Equal(t, ticket.Closed, w.ticket(opened.TicketID).Status)
	after := w.reload(c.ID)
	require.Equal(t, ticket.OwnerAI, after.Owner, "the assistant answers the next ticket")
	require.Equal(t, c.Epoch+2, after.Epoch)
	next := w.turn(c, "hello again")
	require.NotEqual(t, opened.TicketID, next.TicketID)
	require.Equal(t, ticket.Open, next.Status)
}

func TestClosingAnUnknownTicketIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: uuid.New()})
	requireRefused(t, err, ticket.CodeNotFound, true)
}

// A run that was terminated takes its messages with it; the next one finds them.
func TestWhatAnEndedRunHasLeftIsAnsweredWithTheNextMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WebForm)
	left, fresh, next := w.message(c, "hello?"), w.message(c, "on its way"), w.message(c, "is anybody there?")
	w.exec("UPDATE messages SET received_at = now() - interval '6 minutes', provider_at = now() - interval '6 minutes' WHERE id = '" + left.String() + "'")
	require.Equal(t, []uuid.UUID{left, next}, w.open(c, next).MessageIDs)
	require.Equal(t, []uuid.UUID{left, fresh, next}, w.open(c, fresh, next).MessageIDs)
}
