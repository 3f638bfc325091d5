package workflows_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/ticket"
)

func TestClosedConversationTellsOldMessagesFromNew(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	s.policy.CloseAfter = 100 * time.Millisecond
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, s.ends(s.deliver(msg("m1", 0))))

	old := s.deliver(msg("m1", 0))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, s.ends(old))
	require.Len(t, s.answered(), 1, "an old message is not answered again")
	for _, e := range s.history(old).GetEvents() {
		require.NotEqual(t, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, e.GetEventType(), "an old message costs one look at the database")
	}

	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, s.ends(s.deliver(msg("m2", 1))))
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, s.answered())
	require.Equal(t, 2, s.tickets)
}

// A message may reach the server while the workflow task that ends the run is
// under way: the server then refuses the end, and the task is done again.
func TestMessageThatMeetsTheEndOfARunIsAnswered(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	s.policy.CloseAfter = 100 * time.Millisecond
	s.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		if n == 1 {
			return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request"}
		}
		return respond()
	}
	var runID string
	s.before[ticket.ActivityCloseTicket] = func(ctx context.Context, n int) error {
		if n == 1 {
			require.Equal(t, runID, s.deliver(msg("m3", 3)))
		}
		return nil
	}
	runID = s.deliver(msg("m1", 0))
	s.settles(1)
	require.Equal(t, `"refund_request"`, s.attribute(ticket.AttrEscalationReason))

	// A person settles the matter; the next answer starts the clock.
	s.mu.Lock()
	s.resolve()
	s.status = ticket.WaitingCustomer
	s.mu.Unlock()
	begun, release := s.hold(ticket.ActivityCallModel)
	release()
	s.deliver(msg("m2", 2))
	s.waitFor(begun)
	s.eventually(func() bool { return len(s.answered()) == 3 }, "the message that met the end is lost")
	s.ends(runID)
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}, {ticket.KindAnswer, ids("m2")}, {ticket.KindAnswer, ids("m3")}}, s.answered())
	require.Equal(t, 2, s.tickets)
	require.Empty(t, s.attribute(ticket.AttrEscalationReason), "the second ticket was not escalated")
	require.Equal(t, `"closed"`, s.attribute(ticket.AttrTicketStatus))
	require.True(t, slices.ContainsFunc(s.history(runID).GetEvents(), func(e *history.HistoryEvent) bool {
		return e.GetWorkflowTaskFailedEventAttributes().GetCause() == enums.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
	}), "the server did not have to refuse the end")
}

// attribute is a search attribute of the latest run.
func (s *server) attribute(name string) string {
	s.t.Helper()
	d, err := s.client.DescribeWorkflowExecution(s.t.Context(), s.workflowID, "")
	require.NoError(s.t, err)
	return string(d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()[name].GetData())
}

func TestMessageDuringTheModelCallIsMergedOnAServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.WhatsApp, nil)
	begun, release := s.hold(ticket.ActivityCallModel)
	runID := s.deliver(msg("m1", 0))
	s.waitFor(begun)
	s.deliver(msg("m2", 1))
	s.eventually(func() bool { return len(inputs[ticket.CreateTicketInput](s.desk, ticket.ActivityCreateTicket)) == 2 }, "the turn does not start again")
	release()
	s.settles(1)
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1", "m2")}}, s.answered())
	require.Empty(t, s.lastError())

	// The same run answers from its history alone, late results included.
	worker.PurgeStickyWorkflowCache()
	s.deliver(msg("m3", 60))
	s.settles(2)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, s.outcome(runID))
}

// lastError is what the latest run shows as its problem.
func (s *server) lastError() string {
	s.t.Helper()
	var view ticket.TicketView
	value, err := s.client.QueryWorkflow(s.t.Context(), s.workflowID, "", ticket.QueryTicket)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&view))
	return view.LastError
}

func TestCanceledRunSeesItsSendThroughOnAServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	begun, release := s.hold(ticket.ActivitySendReply)
	runID := s.deliver(msg("m1", 0))
	s.waitFor(begun)
	require.NoError(t, s.client.CancelWorkflow(t.Context(), s.workflowID, runID))
	s.eventually(func() bool { return has(s.history(runID), enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED) }, "the cancellation does not arrive")
	release()
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, s.ends(runID))
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, s.answered())
}

func TestMailboxIsASingletonThatCollapsesPushes(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	s.workflowID = "mailbox/support@example.com"
	s.mails = 1 // else it would look again soon
	begun, release := s.hold(ticket.ActivitySyncMailbox)
	options := client.StartWorkflowOptions{
		ID: s.workflowID, TaskQueue: ticket.QueueTickets, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}
	in := ticket.MailboxInput{Mailbox: "support@example.com"}
	var starters sync.WaitGroup
	runs := make([]string, 6)
	for i := range runs {
		starters.Go(func() {
			var run client.WorkflowRun
			var err error
			if i%2 == 0 {
				run, err = s.client.ExecuteWorkflow(t.Context(), options, ticket.MailboxWorkflow, in)
			} else {
				run, err = s.client.SignalWithStartWorkflow(t.Context(), s.workflowID, ticket.SignalPush, nil, options, ticket.MailboxWorkflow, in)
			}
			if err == nil {
				runs[i] = run.GetRunID()
			}
		})
	}
	starters.Wait()
	require.NotEmpty(t, runs[0])
	for _, run := range runs {
		require.Equal(t, runs[0], run, "there is one run per mailbox")
	}
	s.waitFor(begun)
	for range 4 {
		require.NoError(t, s.client.SignalWorkflow(t.Context(), s.workflowID, "", ticket.SignalPush, nil))
	}
	release()
	s.eventually(func() bool { return len(openTimers(s.history(""))) == 1 }, "the mailbox does not wait")
	require.Len(t, s.names(), 2, "pushes during a sync are one more")
	require.Equal(t, []time.Duration{time.Minute}, openTimers(s.history("")))

	require.NoError(t, s.client.SignalWorkflow(t.Context(), s.workflowID, "", ticket.SignalPush, nil))
	s.eventually(func() bool { return len(s.names()) == 3 && len(openTimers(s.history(""))) == 1 }, "a push does not wake the mailbox")
}

func TestMailboxRunsContinueAsNewOnAServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, map[string]string{"limit.historyCount.suggestContinueAsNew": "20"})
	s.workflowID = "mailbox/support@example.com"
	push := func() string {
		run, err := s.client.SignalWithStartWorkflow(t.Context(), s.workflowID, ticket.SignalPush, nil,
			client.StartWorkflowOptions{TaskQueue: ticket.QueueTickets}, ticket.MailboxWorkflow, ticket.MailboxInput{Mailbox: "support@example.com"})
		require.NoError(t, err)
		return run.GetRunID()
	}
	first := push()
	s.eventually(func() bool { return push() != first }, "the run does not continue")
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, s.outcome(first))
}
