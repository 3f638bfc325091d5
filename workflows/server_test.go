package workflows_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

// patience bounds every wait for the server.
const patience = 30 * time.Second

// server is a real Temporal server with workers on all three queues and a desk
// behind them. It serves one conversation.
type server struct {
	*desk
	t          *testing.T
	client     client.Client
	channel    ticket.Channel
	workflowID string
	runID      string // the run to record, the latest when empty
	warnings   warnings
	refusals   sync.Map // why actions were not done at once
}

// warnings collects what the client and its workers warn of.
type warnings struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write adds a line.
func (w *warnings) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(line)
}

// String returns all lines.
func (w *warnings) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// startServer starts a server whose settings are dynamic.
func startServer(t *testing.T, c ticket.Channel, dynamic map[string]string) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Temporal server")
	}
	cli, err := part.TemporalCLI(t.Context(), io.Discard)
	require.NoError(t, err)
	running, err := part.StartTemporal(t.Context(), part.TemporalOptions{
		CLI: cli, Headless: true, SearchAttributes: ticket.SearchAttributes(), DynamicConfig: dynamic,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		_ = running.Stop(ctx)
	})
	s := &server{desk: newDesk(), t: t, channel: c, workflowID: "ticket/" + string(c) + "/1"}
	s.client, err = client.DialContext(t.Context(), client.Options{
		HostPort: running.Address, Namespace: running.Namespace, Identity: "test",
		Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(&s.warnings, &slog.HandlerOptions{Level: slog.LevelWarn}))),
	})
	require.NoError(t, err)
	t.Cleanup(s.client.Close)
	for queue, names := range map[string][]string{
		ticket.QueueTickets: {
			ticket.ActivityCreateTicket, ticket.ActivityFetchHistory, ticket.ActivityReviewReply, ticket.ActivityCloseTicket,
			ticket.ActivityReadTicket, ticket.ActivityApplyAction,
		},
		ticket.QueueModel: {ticket.ActivitySearchKnowledge, ticket.ActivityCallModel, ticket.ActivityReviewReply},
		ticket.QueueDelivery: {
			ticket.ActivitySendReply, ticket.ActivityEscalate, ticket.ActivitySyncMailbox, ticket.ActivitySendStaffReply,
			ticket.ActivityReconcileWhatsApp,
		},
	} {
		// A panic or a replay that differs fails the run, and so the test.
		w := worker.New(s.client, queue, worker.Options{
			Identity: "test", DisableRegistrationAliasing: true, WorkflowPanicPolicy: worker.FailWorkflow,
			DisableWorkflowWorker: queue != ticket.QueueTickets,
		})
		if queue == ticket.QueueTickets {
			w.RegisterWorkflowWithOptions(workflows.TicketWorkflow, workflow.RegisterOptions{Name: ticket.TicketWorkflow})
			w.RegisterWorkflowWithOptions(workflows.MailboxWorkflow, workflow.RegisterOptions{Name: ticket.MailboxWorkflow})
			w.RegisterWorkflowWithOptions(workflows.WhatsAppReconcileWorkflow, workflow.RegisterOptions{Name: ticket.WhatsAppReconcileWorkflow})
		}
		only := map[string]bool{}
		for _, name := range names {
			only[name] = true
		}
		s.register(only, w)
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	return s
}

// deliver hands messages to the conversation as the bridge does.
func (s *server) deliver(messages ...ticket.MessageRef) (runID string) {
	s.t.Helper()
	run, err := s.client.SignalWithStartWorkflow(s.t.Context(), s.workflowID, ticket.SignalMessage,
		ticket.MessageSignal{Messages: messages},
		client.StartWorkflowOptions{TaskQueue: ticket.QueueTickets, StaticSummary: "Conversation on " + string(s.channel)},
		ticket.TicketWorkflow, ticket.TicketInput{ConversationID: id("conversation"), Channel: s.channel})
	require.NoError(s.t, err)
	return run.GetRunID()
}

// act asks for an action and waits until it is done.
func (s *server) act(action ticket.Action, req ticket.ActionRequest) (res ticket.ActionResult) {
	s.t.Helper()
	handle, err := s.client.UpdateWorkflow(s.t.Context(), s.updateOf(action, req))
	require.NoError(s.t, err)
	require.NoError(s.t, handle.Get(s.t.Context(), &res))
	return res
}

// actWithStart is act for a conversation whose run may have completed.
func (s *server) actWithStart(action ticket.Action, req ticket.ActionRequest) (res ticket.ActionResult) {
	s.t.Helper()
	start := s.client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: s.workflowID, TaskQueue: ticket.QueueTickets, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, ticket.TicketWorkflow, ticket.TicketInput{ConversationID: id("conversation"), Channel: s.channel})
	handle, err := s.client.UpdateWithStartWorkflow(s.t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start, UpdateOptions: s.updateOf(action, req),
	})
	require.NoError(s.t, err)
	require.NoError(s.t, handle.Get(s.t.Context(), &res))
	return res
}

func (s *server) updateOf(action ticket.Action, req ticket.ActionRequest) client.UpdateWorkflowOptions {
	if req.Actor == "" {
		req.Actor = "ana"
	}
	if req.ActionID == "" {
		req.ActionID = uuid.NewString()
	}
	return client.UpdateWorkflowOptions{
		UpdateID: req.ActionID, WorkflowID: s.workflowID, UpdateName: string(action), Args: []any{req},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
}

// waitingDraft is the draft that waits for approval.
func (s *server) waitingDraft() uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending
}

// eventually waits for a condition.
func (s *server) eventually(met func() bool, what string) {
	s.t.Helper()
	require.Eventually(s.t, met, patience, 10*time.Millisecond, what)
}

// settles waits until the run says that this many turns are over and that it
// has nothing to do.
func (s *server) settles(turns int) {
	s.t.Helper()
	s.eventually(func() bool {
		var timeline []ticket.Event
		value, err := s.client.QueryWorkflow(s.t.Context(), s.workflowID, "", ticket.QueryTimeline)
		return err == nil && value.Get(&timeline) == nil && len(timeline) == turns
	}, "the turn does not end")
}

// ends waits until a run is over and returns its status.
func (s *server) ends(runID string) enums.WorkflowExecutionStatus {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	_ = s.client.GetWorkflow(ctx, s.workflowID, runID).GetWithOptions(ctx, nil, client.WorkflowRunGetOptions{DisableFollowingRuns: true})
	require.NoError(s.t, ctx.Err(), "the run does not end")
	return s.outcome(runID)
}

func (s *server) outcome(runID string) enums.WorkflowExecutionStatus {
	s.t.Helper()
	d, err := s.client.DescribeWorkflowExecution(s.t.Context(), s.workflowID, runID)
	require.NoError(s.t, err)
	return d.GetWorkflowExecutionInfo().GetStatus()
}

// history returns the events of a run, of the latest when runID is empty.
func (s *server) history(runID string) *history.History {
	s.t.Helper()
	var h history.History
	events := s.client.GetWorkflowHistory(s.t.Context(), s.workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(s.t, err)
		h.Events = append(h.Events, e)
	}
	return &h
}

// hold makes an activity wait; it waits no more once release is called. begun
// is closed when the first call has begun.
func (s *server) hold(name string) (begun <-chan struct{}, release func()) {
	started, free := make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before[name] = func(ctx context.Context, n int) error {
		select {
		case <-started:
		default:
			close(started)
		}
		select {
		case <-free:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return started, func() { close(free) }
}

func (s *server) waitFor(begun <-chan struct{}) {
	s.t.Helper()
	select {
	case <-begun:
	case <-time.After(patience):
		s.t.Fatal("the activity does not begin")
	}
}
