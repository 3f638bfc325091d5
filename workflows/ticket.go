package workflows

import (
	"cmp"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// carryVersion is the shape of ticket.Carry that this code writes.
const carryVersion = 1

// conversation is the state of one run of TicketWorkflow.
type conversation struct {
	in      ticket.TicketInput
	signals workflow.ReceiveChannel
	inbox   inbox

	turning  bool   // a turn is under way
	stop     func() // makes the turn under way stop thinking; nil when it does not think
	readings int    // how often the turn under way has been read
	asked    bool   // the database has said what is open
	fault    error  // ends the run: a bug, or that it was cancelled

	turns    int
	ticketID uuid.UUID
	number   string
	status   ticket.Status
	owner    ticket.Owner
	priority string
	category string
	// closeAt is when a settled ticket closes; zero while somebody has to act.
	closeAt time.Time
	// The rest is shown only.
	customerRef, escalation, lastError string
	sentiment                          float64
	timeline                           []ticket.Event
	explanation                        ticket.Explanation
}

// TicketWorkflow is one ticket of a conversation, from its first message until
// it closes; it goes on under the same workflow id with continue-as-new, and a
// later message starts it afresh.
func TicketWorkflow(ctx workflow.Context, in ticket.TicketInput) error {
	c := newConversation(ctx, in)
	if err := c.describe(ctx); err != nil {
		return err
	}
	for {
		if err := c.await(ctx); err != nil {
			return c.canceled(ctx, err)
		}
		c.receive(ctx)
		switch now := workflow.Now(ctx); {
		case c.fault != nil:
			return c.fault
		case c.turning:
			c.interrupt()
		case c.inbox.empty() && c.idle():
			return nil
		case c.full(ctx):
			return c.continueAsNew(ctx)
		case c.inbox.ready(now):
			c.startTurn(ctx)
		case c.inbox.empty() && c.overdue(now):
			c.closeTicket(ctx)
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
		c.turns, c.ticketID, c.number = carry.Turns, carry.TicketID, carry.TicketNumber
		c.status, c.owner = carry.Status, cmp.Or(carry.Owner, ticket.OwnerAI)
		c.priority, c.category, c.closeAt = carry.Priority, carry.Category, carry.CloseAt
		c.customerRef, c.escalation, c.lastError = carry.CustomerRef, carry.Escalation, carry.LastError
		c.sentiment, c.timeline, c.explanation = carry.Sentiment, carry.Timeline, carry.Last
		c.inbox.restore(carry.Seen, carry.Inbox, workflow.Now(ctx))
	}
	return c
}

// receive takes in what has been delivered, without yielding.
func (c *conversation) receive(ctx workflow.Context) {
	for {
		var s ticket.MessageSignal
		if !c.signals.ReceiveAsync(&s) {
			return
		}
		c.inbox.add(workflow.Now(ctx), s.Messages...)
	}
}

// await returns when there is something to decide: a message came, a batch is
// complete, a turn has ended or the deadline has passed. Its timer ends with it.
func (c *conversation) await(ctx workflow.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.due(ctx) {
		return nil
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	turning := c.turning
	moved := func() bool { return c.turning != turning || c.due(ctx) }
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

// due reports that the loop has something to do now. Every case is one that the
// loop makes an end of, so that it never spins.
func (c *conversation) due(ctx workflow.Context) bool {
	now := workflow.Now(ctx)
	switch {
	case c.fault != nil || c.signals.Len() > 0:
		return true
	case c.turning:
		return false
	case c.full(ctx):
		return true
	case !c.inbox.empty():
		return c.inbox.ready(now)
	default:
		return c.idle() || c.overdue(now)
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
func (c *conversation) idle() bool { return c.asked && c.ticketID == uuid.Nil }

// overdue reports that a settled ticket has waited long enough.
func (c *conversation) overdue(now time.Time) bool {
	return !c.closeAt.IsZero() && !now.Before(c.closeAt)
}

// closeTicket ends a ticket that has waited long enough. The run completes next,
// unless something has come in meanwhile. A ticket that a person has taken over
// without our knowing stays open.
func (c *conversation) closeTicket(ctx workflow.Context) {
	res, err := local[ticket.CloseTicketResult](ctx, ticket.ActivityCloseTicket, "close the ticket", ticket.CloseTicketInput{TicketID: c.ticketID})
	if err != nil {
		c.fault = err
		return
	}
	if !res.Closed {
		c.status, c.owner, c.closeAt = res.Status, cmp.Or(res.Owner, c.owner), time.Time{}
		c.note(ctx, "left open: a person has to act on it", uuid.Nil, nil)
		c.publish(ctx)
		return
	}
	c.note(ctx, "closed without a further message", uuid.Nil, nil)
	c.status, c.closeAt = ticket.Closed, time.Time{}
	c.publish(ctx)
	c.ticketID, c.number, c.asked = uuid.Nil, "", true
}

// canceled ends a run that somebody has cancelled. The model is not waited for;
// a send under way is seen through, so that nobody is left with half an answer.
func (c *conversation) canceled(ctx workflow.Context, err error) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	_ = workflow.Await(ctx, func() bool { return !c.turning })
	return err
}
