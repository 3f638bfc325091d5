package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// RetentionWorkflow deletes once what is older than it has to be kept.
func RetentionWorkflow(ctx workflow.Context, in ticket.RetentionInput) (ticket.PurgeResult, error) {
	res, err := ordinary[ticket.PurgeResult](ctx, purgeOptions(), ticket.ActivityPurge, ticket.PurgeInput(in))
	if err != nil {
		return res, err
	}
	count := func(n int64, what string) string { return "- " + strconv.FormatInt(n, 10) + " " + what + "\n" }
	details := "Older than " + strconv.Itoa(in.KeepHours) + " hours and deleted:\n\n" +
		count(res.ProcessedMessages, "notes of how a message was settled") + count(res.RawEvents, "raw mails")
	if res.StuckEvents > 0 {
		details += "\n**Incoming events that have waited for more than a day: " + strconv.FormatInt(res.StuckEvents, 10) + ".** " +
			"The gateway cannot hand them to Kafka; look at its log and at the topics."
	}
	workflow.SetCurrentDetails(ctx, details)
	return res, nil
}

func purgeOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueTickets, Summary: "delete what is old",
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: heartbeat, RetryPolicy: backoff(),
	}
}
