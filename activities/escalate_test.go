package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func (w *world) escalate(turnID uuid.UUID, code, urgency string) (ticket.EscalateResult, error) {
	return run(w, w.acts().Escalate, ticket.EscalateInput{TurnID: turnID, Code: code, Urgency: urgency})
}

func TestAnEscalationIsOneEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "I will sue you")
	for range 2 {
		res, err := w.escalate(opened.TurnID, "legal_threat", "high")
		require.NoError(t, err)
		require.Equal(t, ticket.NeedsHuman, res.Status)
	}
	open := w.ticket(opened.TicketID)
	require.Equal(t, ticket.NeedsHuman, open.Status)
	require.Equal(t, "legal_threat", open.EscalationCode)
	require.Equal(t, ticket.EscalationMeaning("legal_threat"), open.EscalationReason)
	require.Equal(t, "escalate:legal_threat", w.scalar("SELECT rule FROM turns"))

	events := w.published.of(ticket.TopicEscalations)
	require.Len(t, events, 2)
	require.Equal(t, events[0].ID, events[1].ID, "consumers keep one")
	require.Equal(t, w.customer.String(), events[0].Key)
	require.Equal(t, ticket.TypeTicketEscalated, events[0].Type)
	value := valueOf[ticket.TicketEscalated](t, events[0])
	require.WithinDuration(t, time.Now(), value.At, time.Minute)
	value.At = time.Time{}
	require.Equal(t, ticket.TicketEscalated{
		TicketID: opened.TicketID, TicketNumber: opened.TicketNumber, Reason: "legal_threat", Urgency: "high", Channel: ticket.WebForm,
	}, value)
}

func TestAnEscalationThatWasNotPublishedIsPublishedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "I will sue you")
	w.published.failNext(1)
	_, err := w.escalate(opened.TurnID, "legal_threat", "high")
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Equal(t, ticket.NeedsHuman, w.ticket(opened.TicketID).Status)
	_, err = w.escalate(opened.TurnID, "legal_threat", "high")
	require.NoError(t, err)
	require.Len(t, w.published.of(ticket.TopicEscalations), 1)
}

func TestAnEscalationHoldsNoProse(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"prose": "the customer Ana said she will sue", "empty": "", "upper case": "LEGAL", "long": "a" + string(make([]byte, 70)), "line end": "legal\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
			_, err := w.escalate(opened.TurnID, code, "as soon as Ana can")
			require.NoError(t, err)
			require.Equal(t, "other", w.ticket(opened.TicketID).EscalationCode)
			value := valueOf[ticket.TicketEscalated](t, w.published.of(ticket.TopicEscalations)[0])
			require.Equal(t, "other", value.Reason)
			require.Equal(t, "medium", value.Urgency)
		})
	}
}

func TestAPersonsTicketStaysTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	res, err := w.escalate(opened.TurnID, "human_requested", "")
	require.NoError(t, err)
	require.Equal(t, ticket.WithHuman, res.Status)
}

func TestAnUnknownTurnIsNotEscalated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.escalate(uuid.New(), "human_requested", "")
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Empty(t, w.published.of(ticket.TopicEscalations))
}

func TestAnUndeliverableReplyLeavesTheTurnToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	for range 2 {
		_, err := w.escalate(opened.TurnID, ticket.EscalateNotDelivered, "high")
		require.NoError(t, err)
	}
	require.Equal(t, string(ticket.Human), w.outcome(opened.MessageIDs[0]), "it is not answered by a later turn")
	require.Equal(t, "handed_over", w.scalar("SELECT state FROM turns"))
	require.Equal(t, ticket.NeedsHuman, w.ticket(opened.TicketID).Status)
}
