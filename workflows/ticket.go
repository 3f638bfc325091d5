package workflows

import (
	"cmp"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// carryVersion is the shape of ticket.Carry that this code writes.
const carryVersion = 3

// conversation is the state of one run of TicketWorkflow.
type conversation struct {
	in      ticket.TicketInput
	signals workflow.ReceiveChannel
	inbox   inbox

	// What is under way, each in a coroutine of its own.
	turning bool // a turn
	ringing bool // what follows from a clock
	writing bool // a person's reply is being sent
	reading bool // the database is being asked
	acting  workflow.Mutex
	timer   timer // wakes the run at its next deadline

	stop     func() // makes the turn under way stop thinking; nil when it does not think
	again    bool   // the turn under way was asked for again by a person
	readings int    // how often the turn under way has been read
	asked    bool   // the database has said what is open
	resent   int64  // the revision at which parts were sent on last
	fault    error  // ends the run: a bug

	// What a person has asked for and the loop has not begun yet.
	verdict *verdict
	retake  *retake
	replies []uuid.UUID
	stale   bool // the database was changed without us

	standing ticket.Standing
	pending  *ticket.PendingDraft
	rung     []ticket.Ring
	done     []string // ids of the last actions
	turns    int
	// The rest is shown only.
	customerRef string
	sentiment   float64
	lastInbound time.Time
	problem     ticket.Problem
	timeline    []ticket.Event
	explanation ticket.Explanation
}

// TicketWorkflow is one ticket of a conversation, from its first message until
// it closes; it goes on under the same workflow id with continue-as-new, and a
// later message or a person's action starts it afresh.
func TicketWorkflow(ctx workflow.Context, in ticket.TicketInput) error {
	c := newConversation(ctx, in)
	if err := c.describe(ctx); err != nil {
		return err
	}
	if err := c.serve(ctx); err != nil {
		return err
	}
	for {
		c.show(ctx)
		if err := c.await(ctx); err != nil {
			return c.canceled(ctx, err)
		}
		if c.full(ctx) {
			// With no yield before the return: the server refuses to end a run that
			// has more to receive. What comes in may still have to be seen to here.
			c.receive(ctx)
		}
		switch {
		case c.fault != nil:
			return c.fault
		case c.over(ctx):
			return nil
		case c.full(ctx):
			return c.continueAsNew(ctx)
		}
		if step := c.next(ctx); step != nil {
			step(ctx)
		}
	}
}

func newConversation(ctx workflow.Context, in ticket.TicketInput) *conversation {
	c := &conversation{
		in: in, standing: ticket.Standing{Status: ticket.Open, Owner: ticket.OwnerAI},
		signals: workflow.GetSignalChannelWithOptions(ctx, ticket.SignalMessage, workflow.SignalChannelOptions{
			Description: "New messages of this conversation, by id.",
		}),
		inbox: newInbox(in.Channel), acting: workflow.NewMutex(ctx),
	}
	if carry := in.Carry; carry != nil {
		// A run that only collected messages does not know what is open.
		c.asked = carry.Standing.Revision > 0
		c.turns, c.standing, c.pending, c.rung, c.done = carry.Turns, carry.Standing, carry.Pending, carry.Rung, carry.Done
		c.customerRef, c.sentiment, c.problem = carry.CustomerRef, carry.Sentiment, carry.LastError
		c.timeline, c.explanation = carry.Timeline, carry.Last
		c.inbox.restore(carry.Seen, carry.Inbox, workflow.Now(ctx))
		c.inbox.held, c.inbox.awaits = carry.Hold, carry.Awaits
	}
	return c
}

// next returns what there is to do now; nil means that the run has to wait.
// Each step makes an end of what called for it, so that the loop never spins.
func (c *conversation) next(ctx workflow.Context) func(workflow.Context) {
	now := workflow.Now(ctx)
	switch {
	case c.signals.Len() > 0:
		return c.receive
	case c.interrupted():
		return func(workflow.Context) { c.interrupt() }
	case !c.ringing && c.due(now) != nil:
		return c.ring
	case !c.writing && len(c.replies) > 0:
		return c.write
	case c.stale && !c.reading:
		return c.read
	case c.turning || c.reading || !workflow.AllHandlersFinished(ctx):
		return nil
	case c.verdict != nil:
		return c.startVerdict
	case c.retake != nil:
		return c.startRetake
	case c.inbox.ready(now):
		return c.startTurn
	case !c.asked && c.inbox.empty():
		return c.read
	case c.unsent():
		return c.resend
	default:
		return nil
	}
}

// await returns when there is something to decide, or another deadline to wait
// for.
func (c *conversation) await(ctx workflow.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	deadline, name := c.deadline()
	moved := func() bool {
		if c.fault != nil || c.over(ctx) || c.full(ctx) || c.next(ctx) != nil {
			return true
		}
		next, _ := c.deadline()
		return !next.Equal(deadline)
	}
	if moved() {
		return nil
	}
	c.timer.set(ctx, deadline, name)
	return workflow.Await(ctx, moved)
}

// deadline returns the earliest moment at which time alone makes something
// due, and its name for whoever looks at the timer; zero when there is none.
func (c *conversation) deadline() (at time.Time, name string) {
	if !c.ringing {
		at, name = c.alarm()
	}
	if !c.turning && !c.inbox.empty() {
		if closes := c.inbox.closes(); at.IsZero() || closes.Before(at) {
			return closes, c.inbox.purpose()
		}
	}
	return at, name
}

// quiet reports that nothing is under way and nothing was asked for.
func (c *conversation) quiet(ctx workflow.Context) bool {
	return !c.turning && !c.ringing && !c.writing && !c.reading && !c.stale && c.readings == 0 &&
		c.verdict == nil && c.retake == nil && len(c.replies) == 0 && workflow.AllHandlersFinished(ctx)
}

// over reports that this run has nothing to watch: no ticket is open, as after
// it was closed, or after an event that had been settled long before.
func (c *conversation) over(ctx workflow.Context) bool {
	return c.asked && c.standing.TicketID == uuid.Nil && c.inbox.empty() && c.signals.Len() == 0 && !c.unsent() && c.quiet(ctx)
}

// receive takes in what has been delivered, without yielding.
func (c *conversation) receive(ctx workflow.Context) {
	for {
		var s ticket.MessageSignal
		if !c.signals.ReceiveAsync(&s) {
			return
		}
		for _, m := range s.Messages {
			if cmp.Or(m.Author, ticket.Customer) != ticket.Customer {
				// Somebody wrote to the customer without us, or a reply of ours was
				// lost later: the database knows more than this run.
				c.stale = true
				continue
			}
			c.inbox.add(workflow.Now(ctx), m)
			if m.ReceivedAt.After(c.lastInbound) {
				c.lastInbound = m.ReceivedAt
			}
		}
	}
}

// canceled ends a run that somebody has cancelled. The model is not waited for;
// a send under way is seen through, so that nobody is left with half an answer,
// and so is what a person was told had been done.
func (c *conversation) canceled(ctx workflow.Context, err error) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	for {
		_ = workflow.Await(ctx, func() bool { return !c.turning && !c.writing && workflow.AllHandlersFinished(ctx) })
		switch {
		case len(c.replies) > 0:
			c.write(ctx)
		case c.verdict != nil:
			c.startVerdict(ctx)
		default:
			return err
		}
	}
}
