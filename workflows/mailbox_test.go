package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

func (b *bench) push() { b.env.SignalWorkflow(ticket.SignalPush, nil) }

func (b *bench) runMailbox() error {
	b.t.Helper()
	b.env.ExecuteWorkflow(ticket.MailboxWorkflow, ticket.MailboxInput{Mailbox: "support@example.com"})
	require.True(b.t, b.env.IsWorkflowCompleted(), "the workflow is stuck")
	return b.env.GetWorkflowError()
}

// syncs notes when the mailbox is read.
func (b *bench) syncs(do func(n int) error) *[]time.Duration {
	var when []time.Duration
	b.before[ticket.ActivitySyncMailbox] = func(_ context.Context, n int) error {
		when = append(when, b.elapsed().Truncate(time.Second))
		return do(n)
	}
	return &when
}

func TestMailboxIsReadAtEachPushAndOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	when := b.syncs(func(int) error { return nil })
	b.at(90*time.Second, b.push)
	b.at(200*time.Second, b.env.CancelWorkflow)
	requireCanceled(t, b.runMailbox())
	require.Equal(t, []time.Duration{0, time.Minute, 90 * time.Second, 93 * time.Second, 96 * time.Second, 156 * time.Second}, *when,
		"a push that brings nothing may have come too early")
	require.Equal(t, ticket.SyncMailboxInput{Mailbox: "support@example.com"}, inputs[ticket.SyncMailboxInput](b.desk, ticket.ActivitySyncMailbox)[0])
}

func TestPushesDuringASyncCollapseIntoOneMore(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	when := b.syncs(func(n int) error {
		if n == 1 {
			for range 5 {
				b.push()
			}
		}
		return nil
	})
	b.at(30*time.Second, b.env.CancelWorkflow)
	requireCanceled(t, b.runMailbox())
	require.Equal(t, []time.Duration{0, 0, 3 * time.Second, 6 * time.Second}, *when)
}

func TestMailboxThatRefusesIsTriedAgainAtEveryPoll(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	when := b.syncs(func(n int) error {
		if n <= 2 {
			return bad("Google refused the credentials")
		}
		return nil
	})
	b.at(90*time.Second, func() { require.Equal(t, "The mailbox could not be read: Google refused the credentials", b.details()) })
	b.at(150*time.Second, func() {
		require.Empty(t, b.details())
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.runMailbox())
	require.Equal(t, []time.Duration{0, time.Minute, 2 * time.Minute}, *when)
}

func TestMailboxThatPushesNoMoreSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.watchDays = -1
	b.at(30*time.Second, func() {
		require.Contains(t, b.details(), "Gmail stops telling us of new mail within two days")
		b.watchDays = 6
	})
	b.at(90*time.Second, func() {
		require.Empty(t, b.details())
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.runMailbox())
}

func TestMailboxContinuesAsNewAfterASync(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.syncs(func(n int) error {
		b.at(0, func() { b.env.SetContinueAsNewSuggested(n == 3) })
		b.push()
		return nil
	})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, b.runMailbox(), &again)
	require.Equal(t, ticket.MailboxWorkflow, again.WorkflowType.Name)
	require.Len(t, b.names(), 3, "the push that came last is served by the next run's first sync")
}

func TestCancelStopsASync(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.whenStopped(ticket.ActivitySyncMailbox, func(int) bool { b.env.CancelWorkflow(); return true })
	requireCanceled(t, b.runMailbox())
}
