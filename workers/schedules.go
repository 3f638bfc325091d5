package workers

import (
	"context"
	"errors"
	"reflect"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"github.com/digital-fte/fte/ticket"
)

// scheduleTimeout bounds the making of one schedule. No lane waits for it, and
// the server takes its time.
const scheduleTimeout = 20 * time.Second

// Schedules keeps Temporal's schedules as they are described here.
type Schedules struct {
	Temporal  client.Client
	Zone      string        // IANA name, in which staff lives
	Retention time.Duration // how old rows have to be before they are deleted
}

// Ensure creates the schedules that are missing and changes those that differ.
// One that an operator has paused stays paused.
func (s Schedules) Ensure(ctx context.Context) error {
	for _, plan := range s.plans() {
		if err := s.ensure(ctx, plan); err != nil {
			return refused(err, "making the schedule "+plan.ID)
		}
	}
	return nil
}

func (s Schedules) plans() []client.ScheduleOptions {
	return []client.ScheduleOptions{
		{
			ID: ticket.ScheduleDailyReport, Spec: dailyAt(6, 0, s.Zone),
			// Each run is about a day of its own: after an outage all of them are due.
			Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL, CatchupWindow: 7 * 24 * time.Hour,
			Action: &client.ScheduleWorkflowAction{
				ID: ticket.ScheduleDailyReport, Workflow: ticket.DailyReportWorkflow, TaskQueue: ticket.QueueTickets,
				Args: []any{ticket.DailyReportInput{Zone: s.Zone}}, StaticSummary: "Adds up a day and mails the report to staff",
			},
		},
		{
			ID: ticket.ScheduleRetention, Spec: dailyAt(3, 30, "UTC"),
			// The next run deletes what one left out would have.
			Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 12 * time.Hour,
			Action: &client.ScheduleWorkflowAction{
				ID: ticket.ScheduleRetention, Workflow: ticket.RetentionWorkflow, TaskQueue: ticket.QueueTickets,
				Args: []any{ticket.RetentionInput{KeepHours: int(s.Retention.Hours())}}, StaticSummary: "Deletes what is older than it has to be kept",
			},
		},
		{
			ID: ticket.ScheduleLearn, Spec: hourlyAt(20),
			Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: time.Hour,
			Action: &client.ScheduleWorkflowAction{
				ID: ticket.ScheduleLearn, Workflow: ticket.LearnWorkflow, TaskQueue: ticket.QueueTickets,
				Args: []any{ticket.LearnInput{}}, StaticSummary: "Proposes articles from what people answered",
			},
		},
	}
}

func dailyAt(hour, minute int, zone string) client.ScheduleSpec {
	return hoursAt(hour, hour, minute, zone)
}

func hourlyAt(minute int) client.ScheduleSpec { return hoursAt(0, 23, minute, "UTC") }

// hoursAt is spelled as the server gives it back, so that the two can be compared.
func hoursAt(firstHour, lastHour, minute int, zone string) client.ScheduleSpec {
	all := func(from, to int) []client.ScheduleRange {
		return []client.ScheduleRange{{Start: from, End: to, Step: 1}}
	}
	return client.ScheduleSpec{
		TimeZoneName: zone,
		Calendars: []client.ScheduleCalendarSpec{{
			Second: all(0, 0), Minute: all(minute, minute), Hour: all(firstHour, lastHour),
			DayOfMonth: all(1, 31), Month: all(1, 12), Year: []client.ScheduleRange{}, DayOfWeek: all(0, 6),
		}},
	}
}

func (s Schedules) ensure(ctx context.Context, plan client.ScheduleOptions) error {
	ctx, cancel := context.WithTimeout(ctx, scheduleTimeout)
	defer cancel()
	_, err := s.Temporal.ScheduleClient().Create(ctx, plan)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return s.Temporal.ScheduleClient().GetHandle(ctx, plan.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			current := in.Description.Schedule
			same, err := agrees(&current, plan)
			if err != nil {
				return nil, err
			}
			if same {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			current.Spec, current.Action = &plan.Spec, plan.Action
			current.Policy = &client.SchedulePolicies{Overlap: plan.Overlap, CatchupWindow: plan.CatchupWindow}
			return &client.ScheduleUpdate{Schedule: &current}, nil
		},
	})
}

// agrees reports whether a schedule of the server is as planned.
func agrees(current *client.Schedule, plan client.ScheduleOptions) (bool, error) {
	has, ok := current.Action.(*client.ScheduleWorkflowAction)
	wants, planned := plan.Action.(*client.ScheduleWorkflowAction)
	if !ok || !planned || len(has.Args) != len(wants.Args) {
		return false, nil
	}
	for i, arg := range wants.Args {
		payload, err := converter.GetDefaultDataConverter().ToPayload(arg)
		if err != nil {
			return false, err
		}
		if stored, ok := has.Args[i].(*commonpb.Payload); !ok || !proto.Equal(stored, payload) {
			return false, nil
		}
	}
	return has.ID == wants.ID && has.Workflow == wants.Workflow && has.TaskQueue == wants.TaskQueue &&
		has.StaticSummary == wants.StaticSummary &&
		current.Policy.Overlap == plan.Overlap && current.Policy.CatchupWindow == plan.CatchupWindow &&
		current.Spec.TimeZoneName == plan.Spec.TimeZoneName && len(current.Spec.Intervals) == 0 && len(current.Spec.Skip) == 0 &&
		reflect.DeepEqual(current.Spec.Calendars, plan.Spec.Calendars), nil
}
