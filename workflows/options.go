package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// heartbeat is after how much silence a worker counts as dead. Activities beat
// several times in it.
const heartbeat = 10 * time.Second

// backoff is how Temporal spaces the tries of a step. How many there are is
// decided by the class of the error, in package activities; that final ones are
// not tried again holds even for an error that did not pass through its table.
func backoff() *temporal.RetryPolicy {
	policy := &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute}
	for _, code := range ticket.FinalCodes() {
		policy.NonRetryableErrorTypes = append(policy.NonRetryableErrorTypes, string(code))
	}
	return policy
}

func (c *conversation) searchOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueModel, Summary: "search the knowledge base",
		StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: 10 * time.Minute, RetryPolicy: backoff(),
		Priority: c.urgency(),
	}
}

func (c *conversation) modelOptions(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueModel, Summary: summary,
		StartToCloseTimeout: 90 * time.Second, ScheduleToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout: heartbeat, RetryPolicy: backoff(), Priority: c.urgency(),
	}
}

func (c *conversation) deepReviewOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueModel, Summary: "review the draft by meaning",
		StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: 5 * time.Minute, RetryPolicy: backoff(),
		Priority: c.urgency(),
	}
}

func (c *conversation) sendOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueDelivery, Summary: "send the reply by " + string(c.in.Channel),
		StartToCloseTimeout: 3 * time.Minute, ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout: heartbeat, RetryPolicy: backoff(), Priority: c.urgency(),
	}
}

// urgency puts urgent tickets, and those of customers of a higher tier, ahead
// of others in the queues; who shares a queue fairly was decided with the run.
func (c *conversation) urgency() temporal.Priority {
	rank := int(priorityRank(c.standing.Priority))
	if c.standing.Tier == "vip" {
		rank = max(1, rank-1)
	}
	return temporal.Priority{PriorityKey: rank}
}

func staffReplyOptions(c ticket.Channel) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueDelivery, Summary: "send a person's reply by " + string(c),
		StartToCloseTimeout: 3 * time.Minute, ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout: heartbeat, RetryPolicy: backoff(), Priority: temporal.Priority{PriorityKey: 1},
	}
}

func escalateOptions(code string) workflow.ActivityOptions {
	return staffOptions("ask for a person: " + code)
}

// staffOptions are those of a step that staff hear of.
func staffOptions(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueDelivery, Summary: summary,
		StartToCloseTimeout: 10 * time.Second, RetryPolicy: backoff(),
	}
}

func mailboxOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueDelivery, Summary: "fetch new mail",
		StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: heartbeat, RetryPolicy: backoff(),
	}
}

// ordinary runs an activity on the queue of its options.
func ordinary[R any](ctx workflow.Context, o workflow.ActivityOptions, name string, in any) (R, error) {
	var res R
	if err := ctx.Err(); err != nil {
		return res, err
	}
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), name, in).Get(ctx, &res)
	return res, err
}

// local runs a short database activity inside the workflow task, which saves
// most of its events. If it does not succeed in five seconds the same activity
// goes on as an ordinary one, so that a database outage holds no workflow task.
func local[R any](ctx workflow.Context, name, summary string, in any) (R, error) {
	var res R
	if err := ctx.Err(); err != nil {
		return res, err
	}
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 5 * time.Second, Summary: summary,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Second},
	}), name, in).Get(ctx, &res)
	var app *temporal.ApplicationError
	if err == nil || ctx.Err() != nil || (errors.As(err, &app) && app.NonRetryable()) {
		return res, err
	}
	return ordinary[R](ctx, workflow.ActivityOptions{
		TaskQueue: ticket.QueueTickets, Summary: summary, StartToCloseTimeout: 10 * time.Second, RetryPolicy: backoff(),
	}, name, in)
}
