package workflows

import (
	"cmp"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

const (
	// maxRestarts is how often a turn starts again because the customer has
	// written more; after that the rest is a turn of its own.
	maxRestarts = 3
	// maxReadings bounds how often a batch is read, for whatever reason, before
	// a person is asked to look.
	maxReadings = 10
)

// turn is one batch of messages and what we do about it.
type turn struct {
	*conversation
	opened  ticket.CreateTicketResult
	call    ticket.CallModelResult // the model's latest
	explain ticket.Explanation
}

// startTurn answers the waiting messages in a coroutine of its own.
func (c *conversation) startTurn(ctx workflow.Context) {
	batch := c.inbox.take()
	c.turning = true
	workflow.GoNamed(ctx, "turn", func(ctx workflow.Context) {
		defer func() { c.turning = false }()
		c.readings++
		again, err := c.takeTurn(ctx, batch)
		switch {
		case err != nil:
			c.fault = err
		case again:
			c.inbox.putBack(batch)
		default:
			c.readings = 0
			c.publish(ctx)
		}
	})
}

// interrupt makes a turn that is still thinking start again, with what has come
// in meanwhile.
func (c *conversation) interrupt() {
	if c.stop != nil && !c.inbox.empty() && c.readings <= maxRestarts {
		c.stop()
		c.stop = nil
	}
}

// takeTurn opens a turn for the batch and sees it through. again means that
// nothing was settled and that what is left of the batch has to be read anew:
// the customer has written more, or another run settled part of it.
func (c *conversation) takeTurn(ctx workflow.Context, batch []ticket.MessageRef) (again bool, err error) {
	t := &turn{conversation: c}
	t.opened, err = local[ticket.CreateTicketResult](ctx, ticket.ActivityCreateTicket, "open the turn",
		ticket.CreateTicketInput{ConversationID: c.in.ConversationID, MessageIDs: idsOf(batch)})
	if err != nil {
		return false, err
	}
	c.adopt(ctx, t.opened)
	if t.opened.TurnID == uuid.Nil {
		return false, nil
	}
	c.lastError, t.explain.TurnID = "", t.opened.TurnID
	draftID, why, stopped := t.think(ctx)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if stopped {
		return true, nil
	}
	// From here on nothing is cancelled any more.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	sent, err := t.finish(ctx, draftID, why)
	if err != nil {
		return false, err
	}
	if sent.State == ticket.SendStale {
		return true, nil
	}
	t.settled(ctx, sent)
	return false, nil
}

func idsOf(batch []ticket.MessageRef) []uuid.UUID {
	ids := make([]uuid.UUID, len(batch))
	for i, m := range batch {
		ids[i] = m.MessageID
	}
	return ids
}

// adopt takes over what the database says about the ticket.
func (c *conversation) adopt(ctx workflow.Context, opened ticket.CreateTicketResult) {
	c.asked = true
	if opened.TicketID != c.ticketID {
		c.escalation, c.lastError = "", ""
	}
	c.ticketID, c.number, c.owner = opened.TicketID, opened.TicketNumber, opened.Owner
	c.customerRef, c.closeAt = opened.CustomerRef, time.Time{}
	if opened.TicketID == uuid.Nil {
		return
	}
	c.status, c.category, c.priority = opened.Status, opened.Category, opened.Priority
	if opened.TurnID == uuid.Nil {
		c.setClock(ctx, opened.CloseAfter)
		return
	}
	if c.readings == 1 {
		c.turns++
	}
}

// setClock starts the clock of a ticket on which it is the customer's turn.
func (c *conversation) setClock(ctx workflow.Context, closeAfter time.Duration) {
	c.closeAt = time.Time{}
	if c.status == ticket.WaitingCustomer || c.status == ticket.Resolved {
		c.closeAt = workflow.Now(ctx).Add(closeAfter)
	}
}

// think returns a draft fit to be sent, or why a person has to answer instead.
// stopped means that neither is wanted any more.
func (t *turn) think(ctx workflow.Context) (draftID uuid.UUID, why string, stopped bool) {
	ctx, stop := workflow.WithCancel(ctx)
	defer stop()
	t.stop = stop
	// A message may have come while the turn was being opened.
	t.interrupt()
	draftID, why, err := t.draft(ctx)
	t.stop = nil
	if ctx.Err() != nil {
		return uuid.Nil, "", true
	}
	if err != nil {
		t.lastError = lead(err)
	}
	return draftID, why, false
}

// finish sends the draft; whenever that is not possible it hands the turn over
// to a person. Only a bug is an error.
func (t *turn) finish(ctx workflow.Context, draftID uuid.UUID, why string) (ticket.SendReplyResult, error) {
	if why != "" {
		if err := t.escalate(ctx, why); err != nil {
			return ticket.SendReplyResult{}, err
		}
	}
	sent, err := ordinary[ticket.SendReplyResult](ctx, sendOptions(t.in.Channel), ticket.ActivitySendReply,
		ticket.SendReplyInput{TurnID: t.opened.TurnID, DraftID: draftID})
	why = ticket.EscalateNotDelivered
	switch {
	case err != nil:
		t.lastError = lead(err)
	case sent.State == ticket.SendStale && t.readings >= maxReadings:
		t.lastError = "parts of the message were settled elsewhere again and again"
		why = ticket.EscalateFault
	default:
		return sent, nil
	}
	if err := t.escalate(ctx, why); err != nil {
		return ticket.SendReplyResult{}, err
	}
	return ticket.SendReplyResult{State: ticket.SendDone, Kind: ticket.KindNotice, Status: t.status}, nil
}

func (t *turn) escalate(ctx workflow.Context, why string) error {
	res, err := ordinary[ticket.EscalateResult](ctx, escalateOptions(why), ticket.ActivityEscalate, ticket.EscalateInput{
		TurnID: t.opened.TurnID, Code: why, Urgency: t.call.Urgency, ModelCallID: t.call.CallID,
	})
	if err != nil {
		return err
	}
	t.explain.Rule = "escalate:" + why
	t.escalation, t.status = why, res.Status
	return nil
}

// settled records how the turn ended and whose move it is now.
func (t *turn) settled(ctx workflow.Context, sent ticket.SendReplyResult) {
	outcome := "answered"
	t.status = sent.Status
	switch {
	case sent.State == ticket.SendMuted:
		// Whatever the ticket was when the send began: it is a person's now.
		t.owner, t.status = ticket.OwnerHuman, ticket.WithHuman
		outcome = "left to the person who owns the conversation"
	case sent.Kind == ticket.KindNotice:
		outcome = "handed over to a person"
	}
	t.explanation = t.explain
	t.category = cmp.Or(t.call.Category, t.category)
	t.priority = cmp.Or(t.call.Priority, t.priority)
	if t.call.Decision == ticket.DecideRespond || t.call.Decision == ticket.DecideEscalate {
		t.sentiment = t.call.Sentiment
	}
	t.note(ctx, outcome, t.opened.TurnID, t.opened.MessageIDs)
	t.setClock(ctx, t.opened.CloseAfter)
}
