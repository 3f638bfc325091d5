package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// DailyReportWorkflow adds up one day and mails it to staff. A report that
// cannot be mailed is stored all the same, and the result says why.
func DailyReportWorkflow(ctx workflow.Context, in ticket.DailyReportInput) (ticket.DailyReportResult, error) {
	built, err := ordinary[ticket.BuildReportResult](ctx, buildReportOptions(), ticket.ActivityBuildReport,
		ticket.BuildReportInput{Zone: in.Zone, Day: in.Day, At: scheduledAt(ctx)})
	if err != nil {
		return ticket.DailyReportResult{}, err
	}
	res := ticket.DailyReportResult{Day: built.Day, Headline: built.Headline}
	workflow.SetCurrentDetails(ctx, "Report of "+built.Day+": "+built.Headline)
	mailed, err := ordinary[ticket.MailReportResult](ctx, mailReportOptions(), ticket.ActivityMailReport, ticket.MailReportInput{Day: built.Day})
	res.Mailed, res.Note = mailed.Mailed, mailed.Note
	if err != nil {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		res.Note = "The report could not be mailed: " + problemOf(err).Message
	}
	if res.Note != "" {
		workflow.SetCurrentDetails(ctx, "Report of "+built.Day+": "+built.Headline+"\n\n"+res.Note)
	}
	return res, nil
}

// scheduledAt is when this run should have begun, which decides the day it is
// about, however late it is. A run that somebody started by hand is on time.
func scheduledAt(ctx workflow.Context) time.Time {
	at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime"))
	if !ok {
		return workflow.Now(ctx)
	}
	return at
}

func buildReportOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueTickets, Summary: "add up the day",
		StartToCloseTimeout: time.Minute, RetryPolicy: backoff(),
	}
}

// mailReportOptions give up after half a day: the next report is near then.
func mailReportOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueDelivery, Summary: "mail the report to staff",
		StartToCloseTimeout: 3 * time.Minute, ScheduleToCloseTimeout: 12 * time.Hour,
		HeartbeatTimeout: heartbeat, RetryPolicy: backoff(),
	}
}
