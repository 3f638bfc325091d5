package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// carryVersion is the shape of ticket.Carry that this code writes.
const carryVersion = 1

// conversation is the state of one run of TicketWorkflow.
type conversation struct {
	in       ticket.TicketInput
	signals  workflow.ReceiveChannel
	inbox    inbox
	turning  bool // a turn is under way
	turns    int
	ticketID uuid.UUID
	number   string
	status   ticket.Status
	owner    ticket.Owner
	priority string
	category string
	// customerRef, sentiment and escalation are shown only.
	customerRef, escalation string
	sentiment               float64
	// closeAt is when a settled ticket closes; zero while somebody has to act.
	closeAt   time.Time
	lastError string
	timeline  []ticket.Event
	last      ticket.Explanation
	// fault is a bug that ends the run as failed.
	fault error
}

// TicketWorkflow is one ticket of a conversation, from its first message until
// it closes; it goes on under the same workflow id with continue-as-new, and a
// later message starts it afresh.
func TicketWorkflow(ctx workflow.Context, in ticket.TicketInput) error {
	c := newConversation(ctx, in)
	if err := c.describe(ctx); err != nil {
		return err
	}
	workflow.GoNamed(ctx, "inbox", c.receive)
	for {
		if err := c.await(ctx); err != nil {
			return err
		}
		switch now := workflow.Now(ctx); {
		case c.fault != nil:
			return c.fault
		case c.turning:
		case c.inbox.ready(now):
			c.startTurn(ctx)
		case c.inbox.empty() && c.finished(ctx, now):
			return nil
		case c.inbox.empty() && c.full(ctx):
			return c.continueAsNew(ctx)
		}
	}
}

func newConversation(ctx workflow.Context, in ticket.TicketInput) *conversation {
	c := &conversation{
		in: in, status: ticket.Open, owner: ticket.OwnerAI,
		signals: workflow.GetSignalChannelWithOptions(ctx, ticket.SignalMessage, workflow.SignalChannelOptions{
			Description: "New messages of this conversation, by id.",
		}),
		inbox: newInbox(in.Channel),
	}
	if carry := in.Carry; carry != nil {
		c.turns, c.ticketID, c.number, c.status = carry.Turns, carry.TicketID, carry.TicketNumber, carry.Status
		c.closeAt, c.lastError, c.timeline = carry.CloseAt, carry.LastError, carry.Timeline
		c.priority, c.category, c.last = carry.Priority, carry.Category, carry.Last
		c.customerRef, c.escalation, c.sentiment = carry.CustomerRef, carry.Escalation, carry.Sentiment
		c.inbox.restore(carry.Seen, carry.Inbox, workflow.Now(ctx))
	}
	return c
}

// receive takes signals for as long as the run lives and does nothing else.
func (c *conversation) receive(ctx workflow.Context) {
	for {
		var s ticket.MessageSignal
		if !c.signals.Receive(ctx, &s) {
			return
		}
		c.inbox.add(workflow.Now(ctx), s.Messages...)
	}
}

// drain takes what has been delivered and not received yet, without yielding.
func (c *conversation) drain(ctx workflow.Context) {
	var s ticket.MessageSignal
	for c.signals.ReceiveAsync(&s) {
		c.inbox.add(workflow.Now(ctx), s.Messages...)
		s = ticket.MessageSignal{}
	}
}

// await returns when there may be something to decide: a batch is complete, a
// turn has begun or ended, a message moved the deadline or the deadline has
// passed. Its timer ends with it.
func (c *conversation) await(ctx workflow.Context) error {
	if c.due(ctx) {
		return nil
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	turning, changes := c.turning, c.inbox.changes
	moved := func() bool {
		return c.due(ctx) || c.turning != turning || (c.inbox.changes != changes && !turning)
	}
	deadline, name := c.deadline()
	if deadline.IsZero() {
		return workflow.Await(ctx, moved)
	}
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout:      deadline.Sub(workflow.Now(ctx)),
		TimerOptions: workflow.TimerOptions{Summary: name},
	}, moved)
	return err
}

// due reports that the loop has something to do now.
func (c *conversation) due(ctx workflow.Context) bool {
	now := workflow.Now(ctx)
	switch {
	case c.fault != nil:
		return true
	case c.turning:
		return false
	case !c.inbox.empty():
		return c.inbox.ready(now)
	default:
		return c.idle() || (!c.closeAt.IsZero() && !now.Before(c.closeAt)) || c.full(ctx)
	}
}

// deadline returns the earliest moment at which time alone makes something
// due, and its name for whoever looks at the timer.
func (c *conversation) deadline() (time.Time, string) {
	switch {
	case c.turning:
		return time.Time{}, ""
	case !c.inbox.empty():
		return c.inbox.closes(), "collecting messages sent in a row"
	default:
		return c.closeAt, "closes without a further message"
	}
}

// idle reports that this run has nothing to watch: no ticket is open, as after
// an event that had been settled long before.
func (c *conversation) idle() bool {
	return c.turns > 0 && c.ticketID == uuid.Nil
}

// finished closes a ticket whose time is over and reports that the run may
// complete. Whatever arrives meanwhile keeps the run alive.
func (c *conversation) finished(ctx workflow.Context, now time.Time) bool {
	if !c.idle() {
		if c.closeAt.IsZero() || now.Before(c.closeAt) {
			return false
		}
		if !c.closeTicket(ctx) {
			return false
		}
	}
	c.drain(ctx)
	return c.inbox.empty()
}

func (c *conversation) closeTicket(ctx workflow.Context) bool {
	_, err := local[ticket.CloseTicketResult](ctx, ticket.ActivityCloseTicket, "close the ticket", ticket.CloseTicketInput{TicketID: c.ticketID})
	if err != nil {
		c.fault = err
		return false
	}
	c.note(ctx, "closed without a further message", uuid.Nil, nil)
	c.status, c.closeAt = ticket.Closed, time.Time{}
	c.publish(ctx)
	c.ticketID, c.number = uuid.Nil, ""
	return true
}
