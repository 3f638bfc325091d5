package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// full reports that the server would like the history to end, or that a newer
// build is there to go on with, and that nothing is under way. A turn that
// starts again and again is finished first: the next run would not know how
// often it has.
func (c *conversation) full(ctx workflow.Context) bool { return continues(ctx) && c.quiet(ctx) }

// continues reports that the server would like the run to go on in a new one.
func continues(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || info.GetTargetWorkerDeploymentVersionChanged()
}

// continueAsNew ends this run between two turns and hands everything to the
// next, messages that wait for a turn included.
func (c *conversation) continueAsNew(ctx workflow.Context) error {
	next := c.in
	next.Carry = &ticket.Carry{
		Version: carryVersion, Inbox: c.inbox.waiting, Seen: c.inbox.seen, Turns: c.turns, Standing: c.standing,
		CustomerRef: c.customerRef, Sentiment: c.sentiment, LastError: c.problem, Pending: c.pending, Rung: c.rung, Done: c.done, Hold: c.inbox.held, Awaits: c.inbox.awaits,
		Timeline: c.timeline, Last: c.explanation,
	}
	return workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
		// The moment at which a conversation may move to a newer build.
		InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade,
	}, TicketWorkflow, next)
}
