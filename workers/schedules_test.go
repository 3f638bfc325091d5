package workers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	c := dial(t, newTemporal(t, part.TemporalOptions{}).Address)
	describe := func(id string) *client.ScheduleDescription {
		t.Helper()
		d, err := c.ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
		require.NoError(t, err)
		return d
	}
	s := Schedules{Temporal: c, Zone: "Europe/Berlin", Retention: 720 * time.Hour}
	require.NoError(t, s.Ensure(t.Context()))

	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	report, retention := describe(ticket.ScheduleDailyReport), describe(ticket.ScheduleRetention)
	require.Equal(t, "06:00", report.Info.NextActionTimes[0].In(berlin).Format("15:04"))
	require.Equal(t, "03:30", retention.Info.NextActionTimes[0].UTC().Format("15:04"))
	require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL, report.Schedule.Policy.Overlap)
	require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, retention.Schedule.Policy.Overlap)
	require.Equal(t, 7*24*time.Hour, report.Schedule.Policy.CatchupWindow)

	// A second worker, or a restart, changes nothing.
	require.NoError(t, s.Ensure(t.Context()))
	require.Equal(t, report.Info.LastUpdateAt, describe(ticket.ScheduleDailyReport).Info.LastUpdateAt)
	require.Equal(t, retention.Info.LastUpdateAt, describe(ticket.ScheduleRetention).Info.LastUpdateAt)

	// A setting that changes reaches the server, and an operator's pause stays.
	require.NoError(t, c.ScheduleClient().GetHandle(t.Context(), ticket.ScheduleDailyReport).Pause(t.Context(), client.SchedulePauseOptions{Note: "holidays"}))
	s.Zone, s.Retention = "Asia/Tokyo", 1000*time.Hour
	require.NoError(t, s.Ensure(t.Context()))
	moved := describe(ticket.ScheduleDailyReport)
	require.Equal(t, "Asia/Tokyo", moved.Schedule.Spec.TimeZoneName)
	require.Len(t, moved.Schedule.Spec.Calendars, 1)
	require.True(t, moved.Schedule.State.Paused)
	again := moved.Info.LastUpdateAt
	require.NoError(t, s.Ensure(t.Context()))
	require.Equal(t, again, describe(ticket.ScheduleDailyReport).Info.LastUpdateAt)
}

// What the schedule starts is about the day it was due for, however late it
// begins, and has the settings of the schedule.
func TestSchedulesRunTheirWorkflows(t *testing.T) {
	t.Parallel()
	c := dial(t, newTemporal(t, part.TemporalOptions{}).Address)
	s := Schedules{Temporal: c, Zone: "Europe/Berlin", Retention: 720 * time.Hour}
	require.NoError(t, s.Ensure(t.Context()))

	built, purged := make(chan ticket.BuildReportInput, 10), make(chan ticket.PurgeInput, 1)
	w := worker.New(c, ticket.QueueTickets, worker.Options{DisableRegistrationAliasing: true})
	w.RegisterWorkflowWithOptions(workflows.DailyReportWorkflow, pinned(ticket.DailyReportWorkflow))
	w.RegisterWorkflowWithOptions(workflows.RetentionWorkflow, pinned(ticket.RetentionWorkflow))
	w.RegisterActivityWithOptions(func(_ context.Context, in ticket.BuildReportInput) (ticket.BuildReportResult, error) {
		built <- in
		return ticket.BuildReportResult{Day: in.At.Format(time.DateOnly)}, nil
	}, activity.RegisterOptions{Name: ticket.ActivityBuildReport})
	w.RegisterActivityWithOptions(func(_ context.Context, in ticket.PurgeInput) (ticket.PurgeResult, error) {
		purged <- in
		return ticket.PurgeResult{}, nil
	}, activity.RegisterOptions{Name: ticket.ActivityPurge})
	delivery := worker.New(c, ticket.QueueDelivery, worker.Options{DisableWorkflowWorker: true})
	delivery.RegisterActivityWithOptions(func(context.Context, ticket.MailReportInput) (ticket.MailReportResult, error) {
		return ticket.MailReportResult{Mailed: true}, nil
	}, activity.RegisterOptions{Name: ticket.ActivityMailReport})
	for _, worker := range []worker.Worker{w, delivery} {
		require.NoError(t, worker.Start())
		t.Cleanup(worker.Stop)
	}

	// As after an outage: three mornings were missed.
	handle := c.ScheduleClient().GetHandle(t.Context(), ticket.ScheduleDailyReport)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	morning := time.Date(2026, 3, 27, 6, 0, 0, 0, berlin)
	require.NoError(t, handle.Backfill(t.Context(), client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{
		Start: morning.Add(-time.Minute), End: morning.AddDate(0, 0, 2).Add(time.Minute),
	}}}))
	require.NoError(t, c.ScheduleClient().GetHandle(t.Context(), ticket.ScheduleRetention).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	for i := range 3 {
		select {
		case in := <-built:
			// The clocks change in between: it is six o'clock there all the same.
			require.Equal(t, ticket.BuildReportInput{Zone: "Europe/Berlin", At: morning.AddDate(0, 0, i).UTC()}, in)
		case <-time.After(patience):
			require.FailNow(t, "a report is missing")
		}
	}
	select {
	case in := <-purged:
		require.Equal(t, ticket.PurgeInput{KeepHours: 720}, in)
	case <-time.After(patience):
		require.FailNow(t, "the retention did not run")
	}
	eventually(t, func(ctx context.Context) error {
		d, err := handle.Describe(ctx)
		if err == nil && len(d.Info.RunningWorkflows) > 0 {
			err = errors.New("a report is still being made")
		}
		return err
	})
}
