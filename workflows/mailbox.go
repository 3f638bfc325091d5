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
		discard(pushes)
		_, err := ordinary[ticket.SyncMailboxResult](ctx, mailboxOptions(), ticket.ActivitySyncMailbox, ticket.SyncMailboxInput(in))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A wrong credential is mended by an operator; until then the mailbox is
		// tried again at every poll, and the page of the run says why.
		workflow.SetCurrentDetails(ctx, mailboxDetails(err))
		if continues(ctx) {
			// The next run begins with a sync, which serves these pushes too.
			discard(pushes)
			return workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
				InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade,
			}, MailboxWorkflow, in)
		}
		if err := awaitPush(ctx, pushes); err != nil {
			return err
		}
	}
}

// discard drops the pushes so far: one sync serves them all.
func discard(pushes workflow.ReceiveChannel) {
	for pushes.ReceiveAsync(nil) {
		continue
	}
}

func mailboxDetails(err error) string {
	if err == nil {
		return ""
	}
	return "The mailbox could not be read: " + problemOf(err).Message
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
