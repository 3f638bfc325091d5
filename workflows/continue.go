package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// full reports that the server would like the history to end. A turn that
// starts again and again is finished first: the next run would not know how
// often it has.
func (c *conversation) full(ctx workflow.Context) bool {
	return c.readings == 0 && workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// continueAsNew ends this run between two turns and hands everything to the
// next, messages that wait for a turn included. What was delivered is taken in
// first, with no yield before the return: the server refuses to end a run that
// has more to receive.
func (c *conversation) continueAsNew(ctx workflow.Context) error {
	c.receive(ctx)
	next := c.in
	next.Carry = &ticket.Carry{
		Version: carryVersion, Inbox: c.inbox.waiting, Seen: c.inbox.seen, Turns: c.turns,
		TicketID: c.ticketID, TicketNumber: c.number, Status: c.status, Owner: c.owner,
		Priority: c.priority, Category: c.category, CloseAt: c.closeAt,
		CustomerRef: c.customerRef, Escalation: c.escalation, LastError: c.lastError,
		Sentiment: c.sentiment, Timeline: c.timeline, Last: c.explanation,
	}
	return workflow.NewContinueAsNewError(ctx, TicketWorkflow, next)
}
