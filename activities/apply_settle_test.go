package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func TestATicketIsResolvedAsANoteSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	other := w.conversation(ticket.WebForm)
	for _, note := range []uuid.UUID{{}, uuid.New(), w.note(other.ID)} {
		_, err := w.act(c, ticket.ActionResolve, noted(note))
		requireSentence(t, err, ticket.CodeNotFound, "no such note")
	}
	w.acted(c, ticket.ActionTakeover)
	began := w.ticket(opened.TicketID).WaitingSince
	require.NotNil(t, began)
	w.at(began.Add(time.Hour))
	res := w.acted(c, ticket.ActionResolve, noted(w.note(c)), by("ben"))
	require.Equal(t, ticket.Resolved, res.Status)
	require.Equal(t, ticket.OwnerAI, res.Owner)
	require.Empty(t, res.Assignee)
	require.EqualValues(t, 2, res.Epoch)
	require.Equal(t, []ticket.ClockName{ticket.ClockClose}, clockNames(res.Standing))
	open := w.ticket(opened.TicketID)
	require.NotNil(t, open.ResolvedAt)
	require.Nil(t, open.WaitingSince)
	require.Nil(t, open.PersonAt)
	require.Equal(t, time.Hour.Milliseconds(), open.UsedWallMs)
	_, err := w.act(c, ticket.ActionResolve, noted(w.note(c)))
	requireSentence(t, err, ticket.CodeInvalid, "resolved already")
}

func TestAReopenedTicketNeedsAPerson(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]func(*world, schema.Conversation){
		"resolved": func(w *world, c schema.Conversation) { w.resolved(c.ID) },
		"closed":   func(w *world, c schema.Conversation) { w.closed(c.ID) },
		"answered": func(w *world, c schema.Conversation) {
			w.replied(c.ID, "Done.")
			w.acted(c.ID, ticket.ActionRelease)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			c := w.conversation(ticket.WhatsApp)
			opened := w.turn(c, "hello")
			_, err := w.act(c.ID, ticket.ActionReopen)
			requireSentence(t, err, ticket.CodeInvalid, opened.TicketNumber, "nothing to reopen")
			settle(w, c)
			res := w.acted(c.ID, ticket.ActionReopen)
			require.Equal(t, opened.TicketID, res.TicketID)
			require.Equal(t, ticket.NeedsHuman, res.Status)
			require.Equal(t, ticket.EscalateReopened, res.Escalation)
			require.Subset(t, clockNames(res.Standing), []ticket.ClockName{ticket.ClockAcknowledge, ticket.ClockSecondLevel, ticket.ClockResolution})
			open := w.ticket(opened.TicketID)
			require.NotNil(t, open.WaitingSince)
			require.Nil(t, open.IdleSince)
			require.Nil(t, open.ResolvedAt)
			require.Nil(t, open.ClosedAt)
			require.Equal(t, ticket.EscalationMeaning(ticket.EscalateReopened), open.EscalationReason)
			_, err = w.act(c.ID, ticket.ActionReopen)
			requireSentence(t, err, ticket.CodeInvalid, "nothing to reopen")
		})
	}
}

func TestThePriorityOfAPersonStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	before := w.standing(c)
	res := w.acted(c, ticket.ActionSetPriority, func(r *ticket.ActionRequest) { r.Priority = "urgent" })
	require.Equal(t, "urgent", res.Priority)
	require.True(t, res.Clocks[0].DueAt.Before(before.Clocks[0].DueAt), "it is due sooner")
	require.NoError(t, w.db.ClassifyTicket(t.Context(), schema.ClassifyTicketParams{ID: opened.TicketID, Category: "billing", Priority: "low"}))
	require.Equal(t, "urgent", w.ticket(opened.TicketID).Priority)
}
