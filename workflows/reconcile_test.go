package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

const ourNumber = "+14155238886"

// watch is one reconciler in virtual time.
type watch struct {
	t    *testing.T
	env  *testsuite.TestWorkflowEnvironment
	when []time.Duration // of the looks
}

// newWatch runs a reconciler whose n-th look, from 1, is answered by look.
func newWatch(t *testing.T, look func(n int) (ticket.ReconcileWhatsAppResult, error)) *watch {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &watch{t: t, env: suite.NewTestWorkflowEnvironment()}
	w.env.SetStartTime(noon())
	w.env.SetTestTimeout(20 * time.Second)
	w.env.RegisterWorkflowWithOptions(workflows.WhatsAppReconcileWorkflow, workflow.RegisterOptions{Name: ticket.WhatsAppReconcileWorkflow})
	w.env.RegisterActivityWithOptions(func(_ context.Context, in ticket.ReconcileWhatsAppInput) (ticket.ReconcileWhatsAppResult, error) {
		if in.Number != ourNumber {
			return ticket.ReconcileWhatsAppResult{}, errors.New("another number")
		}
		w.when = append(w.when, w.env.Now().Sub(noon()).Truncate(time.Second))
		return look(len(w.when))
	}, activity.RegisterOptions{Name: ticket.ActivityReconcileWhatsApp})
	return w
}

func (w *watch) run(in ticket.WhatsAppReconcileInput) error {
	w.t.Helper()
	in.Number = ourNumber
	w.env.ExecuteWorkflow(ticket.WhatsAppReconcileWorkflow, in)
	require.True(w.t, w.env.IsWorkflowCompleted(), "the workflow is stuck")
	return w.env.GetWorkflowError()
}

// details is what a lead reads on the page of the run.
func (w *watch) details() string {
	w.t.Helper()
	var metadata sdk.WorkflowMetadata
	value, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(w.t, err)
	require.NoError(w.t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

// at reads the details when so much virtual time has passed.
func (w *watch) at(after time.Duration, check func(details string)) {
	w.env.RegisterDelayedCallback(func() { check(w.details()) }, after)
}

func TestReconcilerLooksEveryTwoMinutesAndSaysWhatItFound(t *testing.T) {
	t.Parallel()
	w := newWatch(t, func(n int) (ticket.ReconcileWhatsAppResult, error) {
		res := ticket.ReconcileWhatsAppResult{Until: noon().Add(time.Duration(n-1)*2*time.Minute - time.Minute)}
		if n == 2 {
			res.Missed, res.PastUs = 3, 1
		}
		return res, nil
	})
	w.at(time.Minute, func(details string) {
		require.Equal(t, "Last look at Twilio's list of messages: 2026-03-02 12:00 UTC.\n\nNothing was missing until 2026-03-02 11:59 UTC.", details)
	})
	w.at(3*time.Minute, func(details string) {
		require.Contains(t, details, "Complete until 2026-03-02 12:01 UTC.")
		require.Contains(t, details, "Last find, at 2026-03-02 12:02 UTC: 3 messages of customers whose webhook never came, 1 message that somebody sent")
	})
	w.at(5*time.Minute, func(details string) {
		require.Contains(t, details, "Last look at Twilio's list of messages: 2026-03-02 12:04 UTC.")
		require.Contains(t, details, "Nothing was missing until 2026-03-02 12:03 UTC.")
		require.Contains(t, details, "Last find, at 2026-03-02 12:02 UTC", "what was found stays to be read")
		w.env.CancelWorkflow()
	})
	requireCanceled(t, w.run(ticket.WhatsAppReconcileInput{}))
	require.Equal(t, []time.Duration{0, 2 * time.Minute, 4 * time.Minute}, w.when)
}

func TestReconcilerThatIsRefusedLooksAgain(t *testing.T) {
	t.Parallel()
	w := newWatch(t, func(n int) (ticket.ReconcileWhatsAppResult, error) {
		if n == 1 {
			return ticket.ReconcileWhatsAppResult{}, bad("Twilio refuses our credentials")
		}
		return ticket.ReconcileWhatsAppResult{Until: noon()}, nil
	})
	w.at(time.Minute, func(details string) {
		require.Contains(t, details, "**It could not be read: Twilio refuses our credentials.** The next look begins where the last good one ended")
	})
	w.at(3*time.Minute, func(details string) {
		require.NotContains(t, details, "could not")
		w.env.CancelWorkflow()
	})
	requireCanceled(t, w.run(ticket.WhatsAppReconcileInput{}))
	require.Equal(t, []time.Duration{0, 2 * time.Minute}, w.when)
}

func TestReconcilerSurvivesAnOutageOfTwilio(t *testing.T) {
	t.Parallel()
	const away = 48 * time.Hour
	var w *watch
	w = newWatch(t, func(int) (ticket.ReconcileWhatsAppResult, error) {
		if w.env.Now().Sub(noon()) < away {
			return ticket.ReconcileWhatsAppResult{}, errors.New("Twilio did not answer")
		}
		return ticket.ReconcileWhatsAppResult{Until: w.env.Now(), Missed: 40}, nil
	})
	w.at(time.Hour, func(details string) { require.Contains(t, details, "It could not be read: Twilio did not answer.") })
	w.at(away+30*time.Minute, func(details string) {
		require.Contains(t, details, "40 messages of customers")
		w.env.CancelWorkflow()
	})
	requireCanceled(t, w.run(ticket.WhatsAppReconcileInput{}))
}

func TestReconcilerContinuesAsNewAfterALook(t *testing.T) {
	t.Parallel()
	var w *watch
	w = newWatch(t, func(n int) (ticket.ReconcileWhatsAppResult, error) {
		w.env.SetContinueAsNewSuggested(n == 3)
		return ticket.ReconcileWhatsAppResult{Until: noon(), Missed: 2 - min(n, 2)}, nil
	})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, w.run(ticket.WhatsAppReconcileInput{}), &again)
	require.Equal(t, ticket.WhatsAppReconcileWorkflow, again.WorkflowType.Name)
	require.Equal(t, []time.Duration{0, 2 * time.Minute, 4 * time.Minute}, w.when)
	var next ticket.WhatsAppReconcileInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.Equal(t, ticket.WhatsAppReconcileInput{Number: ourNumber, Found: ticket.ReconcileFound{At: noon(), Missed: 1}}, next)

	t.Log("the next run still says what the last one found")
	w = newWatch(t, func(int) (ticket.ReconcileWhatsAppResult, error) {
		return ticket.ReconcileWhatsAppResult{Until: noon()}, nil
	})
	w.at(time.Minute, func(details string) {
		require.Contains(t, details, "Last find, at 2026-03-02 12:00 UTC: 1 message of customers")
		w.env.CancelWorkflow()
	})
	requireCanceled(t, w.run(next))
}

func TestCancelStopsALook(t *testing.T) {
	t.Parallel()
	var w *watch
	w = newWatch(t, func(int) (ticket.ReconcileWhatsAppResult, error) {
		w.env.CancelWorkflow()
		return ticket.ReconcileWhatsAppResult{}, errors.New("stopped")
	})
	requireCanceled(t, w.run(ticket.WhatsAppReconcileInput{}))
	require.Len(t, w.when, 1)
}
