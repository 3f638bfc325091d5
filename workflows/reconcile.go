package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// reconcileEvery is how often Twilio's list is compared with what is stored: a
// webhook that fails for fifteen seconds never comes again.
const reconcileEvery = 2 * time.Minute

// WhatsAppReconcileWorkflow looks for ever, every two minutes, for messages of
// one number whose webhook never arrived. There is one per number.
func WhatsAppReconcileWorkflow(ctx workflow.Context, in ticket.WhatsAppReconcileInput) error {
	for {
		res, err := ordinary[ticket.ReconcileWhatsAppResult](ctx, reconcileOptions(), ticket.ActivityReconcileWhatsApp, ticket.ReconcileWhatsAppInput{Number: in.Number})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		now := workflow.Now(ctx)
		if res.Missed+res.PastUs > 0 {
			in.Found = ticket.ReconcileFound{At: now, Missed: res.Missed, PastUs: res.PastUs}
		}
		// What refuses today is asked again at the next look, which begins where
		// the last good one ended; until then the page of the run says why.
		workflow.SetCurrentDetails(ctx, reconcileDetails(now, res, err, in.Found))
		if continues(ctx) {
			return workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
				InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade,
			}, WhatsAppReconcileWorkflow, in)
		}
		if err := workflow.NewTimerWithOptions(ctx, reconcileEvery, workflow.TimerOptions{Summary: "next look for missed messages"}).Get(ctx, nil); err != nil {
			return err
		}
	}
}

func reconcileOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueDelivery, Summary: "look for missed WhatsApp messages",
		StartToCloseTimeout: 10 * time.Minute, ScheduleToCloseTimeout: 15 * time.Minute, HeartbeatTimeout: heartbeat, RetryPolicy: backoff(),
	}
}

// reconcileDetails says when somebody looked last, and what was found.
func reconcileDetails(now time.Time, res ticket.ReconcileWhatsAppResult, err error, found ticket.ReconcileFound) string {
	details := "Last look at Twilio's list of messages: " + minute(now) + ".\n\n"
	switch {
	case err != nil:
		problem := problemOf(err)
		details += "**It could not be read: " + problem.Message + ".** The next look begins where the last good one ended, so nothing is lost."
		if problem.Mend != "" {
			details += "\n\n" + problem.Mend
		}
	case res.Missed+res.PastUs == 0:
		details += "Nothing was missing until " + minute(res.Until) + "."
	default:
		details += "Complete until " + minute(res.Until) + "."
	}
	if !found.At.IsZero() {
		details += "\n\nLast find, at " + minute(found.At) + ": " + messages(found.Missed) + " of customers whose webhook never came, " +
			messages(found.PastUs) + " that somebody sent without this service, who has taken over by that."
	}
	return details
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return strconv.Itoa(n) + " messages"
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
