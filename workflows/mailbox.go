package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

const (
	// pollEvery is how often a mailbox is read without a push; pushes may be
	// late or lost.
	pollEvery = time.Minute
	// A push may come before the history that it tells of can be read.
	lookAgain  = 3 * time.Second
	looksAgain = 2
)

// MailboxWorkflow reads one mailbox for ever: at each push, and once a minute
// without. There is one per mailbox; pushes that arrive during a sync collapse
// into one more. After a push that brought nothing it looks again soon.
func MailboxWorkflow(ctx workflow.Context, in ticket.MailboxInput) error {
	pushes := workflow.GetSignalChannelWithOptions(ctx, ticket.SignalPush, workflow.SignalChannelOptions{
		Description: "The mailbox has changed.",
	})
	again := 0
	for {
		if discard(pushes) {
			again = looksAgain
		}
		res, err := ordinary[ticket.SyncMailboxResult](ctx, mailboxOptions(), ticket.ActivitySyncMailbox, ticket.SyncMailboxInput(in))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A wrong credential is mended by an operator; until then the mailbox is
		// tried again at every poll, and the page of the run says why.
		workflow.SetCurrentDetails(ctx, mailboxDetails(res, err))
		if continues(ctx) {
			// The next run begins with a sync, which serves these pushes too.
			discard(pushes)
			return workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
				InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade,
			}, MailboxWorkflow, in)
		}
		wait := pollEvery
		if err != nil || res.Mails > 0 {
			again = 0
		}
		if again > 0 {
			again--
			wait = lookAgain
		}
		if err := awaitPush(ctx, pushes, wait); err != nil {
			return err
		}
	}
}

// discard drops the pushes so far, because one sync serves them all, and says
// whether there was one.
func discard(pushes workflow.ReceiveChannel) (some bool) {
	for pushes.ReceiveAsync(nil) {
		some = true
	}
	return some
}

func mailboxDetails(res ticket.SyncMailboxResult, err error) string {
	switch {
	case err != nil:
		return "The mailbox could not be read: " + problemOf(err).Message
	case res.WatchDays < 0:
		return "Gmail stops telling us of new mail within two days, and could not be asked to go on. " +
			"See that it may publish to GMAIL_PUBSUB_TOPIC; until then the mailbox is read once a minute."
	default:
		return ""
	}
}

// awaitPush returns at the next push, or when it is time to look without one;
// its timer ends with it.
func awaitPush(ctx workflow.Context, pushes workflow.ReceiveChannel, wait time.Duration) error {
	if pushes.Len() > 0 {
		return nil
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: wait, TimerOptions: workflow.TimerOptions{Summary: "next look without a push"},
	}, func() bool { return pushes.Len() > 0 })
	return err
}
