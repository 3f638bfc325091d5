package activities_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// rings asks for a person because a clock of the ticket has rung.
func (w *world) rings(ticketID uuid.UUID, code string, step ticket.Step, due time.Time) (ticket.EscalateResult, error) {
	return run(w, w.acts().Escalate, ticket.EscalateInput{TicketID: ticketID, Code: code, Step: step, DueAt: due, Urgency: "high"})
}

func TestABrokenPromiseAsksForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	due := time.Now()
	for range 2 {
		res, err := w.rings(opened.TicketID, ticket.EscalateBreached, ticket.StepAsk, due)
		require.NoError(t, err)
		require.Equal(t, ticket.NeedsHuman, res.Status)
		require.Equal(t, ticket.EscalateBreached, res.Escalation)
		require.Contains(t, clockNames(res.Standing), ticket.ClockAcknowledge)
	}
	_, err := w.rings(opened.TicketID, ticket.EscalateBreached, ticket.StepAsk, due.Add(time.Hour))
	require.NoError(t, err)
	events := w.published.of(ticket.TopicEscalations)
	require.Len(t, events, 3)
	require.Equal(t, "escalation:"+opened.TicketID.String()+":sla_breached:"+strconv.FormatInt(due.Unix(), 10), events[0].ID)
	require.Equal(t, events[0].ID, events[1].ID, "consumers keep one")
	require.NotEqual(t, events[0].ID, events[2].ID, "another promise, another event")
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM handovers WHERE turn_id IS NULL"))
	require.Empty(t, w.scalar("SELECT rule FROM turns"), "it is not the turn's doing")
}

// The first request sets the deadline for a person to come; more do not move it.
func TestAnEscalationIsAsOldAsItsFirstRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	first := time.Now()
	w.at(first)
	_, err := w.escalate(opened.TurnID, "refund_request", "")
	require.NoError(t, err)
	w.at(first.Add(time.Hour))
	res, err := w.rings(opened.TicketID, ticket.EscalateUnresolved, ticket.StepAsk, first)
	require.NoError(t, err)
	require.Equal(t, "refund_request", res.Escalation, "a clock does not hide why a person was asked")
	require.WithinDuration(t, first, *w.ticket(opened.TicketID).EscalatedAt, time.Millisecond)
}

// Nobody is needed any more for an answer that was only late.
func TestALateAnswerEndsItsEscalation(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]ticket.Status{
		ticket.EscalateBreached: ticket.WaitingCustomer, ticket.EscalateUnresolved: ticket.WaitingCustomer, "refund_request": ticket.NeedsHuman,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			opened := w.turn(w.conversation(ticket.WebForm), "hello")
			_, err := w.rings(opened.TicketID, code, ticket.StepAsk, time.Now())
			require.NoError(t, err)
			require.Equal(t, status, w.answer(opened.TurnID).Status)
		})
	}
}

func TestStepsTellPeopleAndChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	before := w.standing(c)
	due := time.Now()
	res, err := w.rings(opened.TicketID, ticket.EscalateAtRisk, ticket.StepWarning, due)
	require.NoError(t, err)
	require.Equal(t, before, res.Standing)
	_, err = w.escalate(opened.TurnID, "refund_request", "low")
	require.NoError(t, err)
	asked := w.standing(c)
	for _, step := range []ticket.Step{ticket.StepReminder, ticket.StepSecondLevel} {
		res, err = w.rings(opened.TicketID, "refund_request", step, due)
		require.NoError(t, err)
		require.Equal(t, asked, res.Standing)
	}
	at := ":" + strconv.FormatInt(due.Unix(), 10)
	var got []string
	for _, e := range w.published.of(ticket.TopicEscalations) {
		value := valueOf[ticket.TicketEscalated](t, e)
		got = append(got, e.ID+" "+string(value.Step)+" "+value.Urgency)
	}
	require.Equal(t, []string{
		"escalation:" + opened.TicketID.String() + ":sla_at_risk:warning" + at + " warning high",
		"escalation:" + opened.TurnID.String() + ":refund_request  low",
		"escalation:" + opened.TicketID.String() + ":refund_request:reminder" + at + " reminder high",
		"escalation:" + opened.TicketID.String() + ":refund_request:second_level" + at + " second_level urgent",
	}, got)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM handovers"))
}

// A clock and a person may act in the same moment: who has been helped is not
// asked about.
func TestAClockThatComesTooLateSaysNothing(t *testing.T) {
	t.Parallel()
	answered := func(w *world, opened ticket.CreateTicketResult) {
		_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Yes."))
		require.NoError(w.t, err)
	}
	taken := func(w *world, opened ticket.CreateTicketResult) {
		_, err := w.escalate(opened.TurnID, "refund_request", "")
		require.NoError(w.t, err)
		w.acted(w.conversationOf(opened), ticket.ActionTakeover)
	}
	closed := func(w *world, opened ticket.CreateTicketResult) { w.closed(w.conversationOf(opened)) }
	for name, tc := range map[string]struct {
		before func(*world, ticket.CreateTicketResult)
		code   string
		step   ticket.Step
	}{
		"breach, answered":        {answered, ticket.EscalateBreached, ticket.StepAsk},
		"warning, answered":       {answered, ticket.EscalateAtRisk, ticket.StepWarning},
		"unresolved, answered":    {answered, ticket.EscalateUnresolved, ticket.StepAsk},
		"reminder, taken over":    {taken, "refund_request", ticket.StepReminder},
		"second level, taken":     {taken, "refund_request", ticket.StepSecondLevel},
		"breach, closed":          {closed, ticket.EscalateBreached, ticket.StepAsk},
		"second level, closed":    {closed, "refund_request", ticket.StepSecondLevel},
		"not delivered, but over": {closed, ticket.EscalateNotDelivered, ticket.StepAsk},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			opened := w.turn(w.conversation(ticket.WebForm), "hello")
			tc.before(w, opened)
			before, said := w.standing(w.conversationOf(opened)), len(w.published.of(ticket.TopicEscalations))
			res, err := w.rings(opened.TicketID, tc.code, tc.step, time.Now())
			require.NoError(t, err)
			require.Equal(t, before, res.Standing)
			require.Len(t, w.published.of(ticket.TopicEscalations), said)
		})
	}
}

func TestAnUndeliveredAnswerIsOwedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Yes."))
	require.NoError(t, err)
	require.Nil(t, w.ticket(opened.TicketID).WaitingSince)
	res, err := w.escalate(opened.TurnID, ticket.EscalateNotDelivered, "high")
	require.NoError(t, err)
	require.Equal(t, ticket.NeedsHuman, res.Status)
	require.NotNil(t, w.ticket(opened.TicketID).WaitingSince)
	require.Contains(t, clockNames(res.Standing), ticket.ClockResolution)
}
