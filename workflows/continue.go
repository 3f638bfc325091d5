package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// full reports that the server would like the history to end.
func (c *conversation) full(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// continueAsNew ends this run in a quiet moment and hands everything to the
// next. What was delivered is taken in first, with no yield before the return:
// the server refuses to end a run that has more to receive.
func (c *conversation) continueAsNew(ctx workflow.Context) error {
	c.drain(ctx)
	next := c.in
	next.Carry = &ticket.Carry{
		Version: carryVersion, Inbox: c.inbox.waiting, Seen: c.inbox.seen, Turns: c.turns,
		TicketID: c.ticketID, TicketNumber: c.number, Status: c.status, Priority: c.priority, Category: c.category,
		CloseAt: c.closeAt, LastError: c.lastError, Timeline: c.timeline, Last: c.last,
		CustomerRef: c.customerRef, Escalation: c.escalation, Sentiment: c.sentiment,
	}
	return workflow.NewContinueAsNewError(ctx, TicketWorkflow, next)
}
