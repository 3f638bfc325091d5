package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

// clerk stands in for the activities that the scheduled workflows ask for.
type clerk struct {
	env    *testsuite.TestWorkflowEnvironment
	built  []ticket.BuildReportInput
	purged []ticket.PurgeInput
	mails  int
	// build, mail and purge decide by the number of the try.
	build func(n int) error
	mail  func(n int) (ticket.MailReportResult, error)
	purge func(n int) (ticket.PurgeResult, error)
}

func newClerk() *clerk {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	c := &clerk{env: suite.NewTestWorkflowEnvironment()}
	c.env.SetStartTime(noon())
	c.env.RegisterWorkflowWithOptions(workflows.DailyReportWorkflow, workflow.RegisterOptions{Name: ticket.DailyReportWorkflow})
	c.env.RegisterWorkflowWithOptions(workflows.RetentionWorkflow, workflow.RegisterOptions{Name: ticket.RetentionWorkflow})
	for name, fn := range map[string]any{
		ticket.ActivityBuildReport: func(_ context.Context, in ticket.BuildReportInput) (ticket.BuildReportResult, error) {
			c.built = append(c.built, in)
			if c.build != nil {
				if err := c.build(len(c.built)); err != nil {
					return ticket.BuildReportResult{}, err
				}
			}
			return ticket.BuildReportResult{Day: "2026-03-01", Headline: "3 conversations."}, nil
		},
		ticket.ActivityMailReport: func(_ context.Context, in ticket.MailReportInput) (ticket.MailReportResult, error) {
			c.mails++
			if in.Day != "2026-03-01" {
				return ticket.MailReportResult{}, bad("another day")
			}
			if c.mail != nil {
				return c.mail(c.mails)
			}
			return ticket.MailReportResult{Mailed: true}, nil
		},
		ticket.ActivityPurge: func(_ context.Context, in ticket.PurgeInput) (ticket.PurgeResult, error) {
			c.purged = append(c.purged, in)
			return c.purge(len(c.purged))
		},
	} {
		c.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	return c
}

func (c *clerk) report(t *testing.T, in ticket.DailyReportInput) (res ticket.DailyReportResult, err error) {
	t.Helper()
	c.env.ExecuteWorkflow(ticket.DailyReportWorkflow, in)
	require.True(t, c.env.IsWorkflowCompleted())
	if err := c.env.GetWorkflowError(); err != nil {
		return res, err
	}
	return res, c.env.GetWorkflowResult(&res)
}

func TestDailyReportIsMadeAndMailed(t *testing.T) {
	t.Parallel()
	c := newClerk()
	c.build = func(n int) error {
		if n < 3 {
			return errors.New("the database is away")
		}
		return nil
	}
	res, err := c.report(t, ticket.DailyReportInput{Zone: "Europe/Berlin"})
	require.NoError(t, err)
	require.Equal(t, ticket.DailyReportResult{Day: "2026-03-01", Headline: "3 conversations.", Mailed: true}, res)
	require.Len(t, c.built, 3)
	require.Equal(t, ticket.BuildReportInput{Zone: "Europe/Berlin", At: noon()}, c.built[0])
	require.Equal(t, 1, c.mails)
}

func TestDailyReportIsAboutTheDayItWasDueFor(t *testing.T) {
	t.Parallel()
	c := newClerk()
	due := noon().Add(-30 * time.Hour)
	require.NoError(t, c.env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(due))))
	_, err := c.report(t, ticket.DailyReportInput{Zone: "UTC"})
	require.NoError(t, err)
	require.Equal(t, due, c.built[0].At)

	c = newClerk()
	_, err = c.report(t, ticket.DailyReportInput{Zone: "UTC", Day: "2026-03-01"})
	require.NoError(t, err)
	require.Equal(t, "2026-03-01", c.built[0].Day)
}

// A run that cannot be mailed is no failed one: the report is stored.
func TestDailyReportThatIsNotMailedSaysWhy(t *testing.T) {
	t.Parallel()
	for want, mail := range map[string]func(n int) (ticket.MailReportResult, error){
		"STAFF_ALERT_EMAIL is not set": func(int) (ticket.MailReportResult, error) {
			return ticket.MailReportResult{Note: "STAFF_ALERT_EMAIL is not set"}, nil
		},
		"The report could not be mailed: Google refused the credentials": func(int) (ticket.MailReportResult, error) {
			return ticket.MailReportResult{}, bad("Google refused the credentials")
		},
		"The report could not be mailed: Gmail is away": func(int) (ticket.MailReportResult, error) {
			return ticket.MailReportResult{}, temporal.NewApplicationError("Gmail is away", string(ticket.CodeUnavailable))
		},
	} {
		c := newClerk()
		c.mail = mail
		res, err := c.report(t, ticket.DailyReportInput{Zone: "UTC"})
		require.NoError(t, err)
		require.Equal(t, ticket.DailyReportResult{Day: "2026-03-01", Headline: "3 conversations.", Note: want}, res)
	}
}

func TestDailyReportThatCannotBeMadeFails(t *testing.T) {
	t.Parallel()
	c := newClerk()
	c.build = func(int) error { return bad("that is not a time zone") }
	_, err := c.report(t, ticket.DailyReportInput{Zone: "Atlantis"})
	require.ErrorContains(t, err, "that is not a time zone")
	require.Len(t, c.built, 1)
	require.Zero(t, c.mails)
}

func TestRetention(t *testing.T) {
	t.Parallel()
	c := newClerk()
	c.purge = func(n int) (ticket.PurgeResult, error) {
		if n == 1 {
			return ticket.PurgeResult{}, errors.New("the database is away")
		}
		return ticket.PurgeResult{ProcessedMessages: 7, RawEvents: 3, StuckEvents: 1}, nil
	}
	c.env.ExecuteWorkflow(ticket.RetentionWorkflow, ticket.RetentionInput{KeepHours: 720})
	require.NoError(t, c.env.GetWorkflowError())
	var res ticket.PurgeResult
	require.NoError(t, c.env.GetWorkflowResult(&res))
	require.Equal(t, ticket.PurgeResult{ProcessedMessages: 7, RawEvents: 3, StuckEvents: 1}, res)
	require.Equal(t, []ticket.PurgeInput{{KeepHours: 720}, {KeepHours: 720}}, c.purged)
	details := (&bench{t: t, env: c.env}).details()
	require.Contains(t, details, "- 7 notes of how a message was settled\n- 3 raw mails")
	require.Contains(t, details, "Incoming events that have waited for more than a day: 1.")
}
