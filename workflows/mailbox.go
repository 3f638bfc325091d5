package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// pollEvery is how often a mailbox is read without a push; pushes may be late
// or lost.
const pollEvery = time.Minute

// MailboxWorkflow reads one mailbox for ever: at each push, and once a minute
// without. There is one per mailbox; pushes that arrive during a sync collapse
// into one more.
func MailboxWorkflow(ctx workflow.Context, in ticket.MailboxInput) error {
	pushes := workflow.GetSignalChannelWithOptions(ctx, ticket.SignalPush, workflow.SignalChannelOptions{
		Description: "The mailbox has changed.",
	})
	for {
		for pushes.ReceiveAsync(nil) {
			// Every push before a sync is served by that one sync.
		}
		if _, err := ordinary[ticket.SyncMailboxResult](ctx, mailboxOptions(), ticket.ActivitySyncMailbox, ticket.SyncMailboxInput(in)); err != nil {
			if isCanceled(err) {
				return err
			}
			// A wrong credential is mended by an operator; the mailbox is tried
			// again at the next poll and the failure stays visible in the history.
			workflow.GetLogger(ctx).Error("mailbox was not read", "error", err)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() && pushes.Len() == 0 {
			return workflow.NewContinueAsNewError(ctx, MailboxWorkflow, in)
		}
		if err := awaitPush(ctx, pushes); err != nil {
			return err
		}
	}
}

// awaitPush returns at the next push or poll; its timer ends with it.
func awaitPush(ctx workflow.Context, pushes workflow.ReceiveChannel) error {
	if pushes.Len() > 0 {
		return nil
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: pollEvery, TimerOptions: workflow.TimerOptions{Summary: "next look without a push"},
	}, func() bool { return pushes.Len() > 0 })
	return err
}
