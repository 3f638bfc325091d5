package workflows_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/sdk/v1"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

// bench runs one workflow in virtual time against a desk.
type bench struct {
	*desk
	t        *testing.T
	env      *testsuite.TestWorkflowEnvironment
	channel  ticket.Channel
	upserts  []map[string]any   // the search attributes, each time they were set
	outcomes map[string]outcome // of the actions
}

func newBench(t *testing.T, c ticket.Channel) *bench {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	b := &bench{desk: newDesk(), t: t, env: suite.NewTestWorkflowEnvironment(), channel: c, outcomes: map[string]outcome{}}
	b.env.SetStartTime(noon())
	b.now = b.env.Now
	b.env.SetTestTimeout(20 * time.Second)
	b.env.RegisterWorkflowWithOptions(workflows.TicketWorkflow, workflow.RegisterOptions{Name: ticket.TicketWorkflow})
	b.env.RegisterWorkflowWithOptions(workflows.MailboxWorkflow, workflow.RegisterOptions{Name: ticket.MailboxWorkflow})
	b.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		set := map[string]any{}
		for key, value := range args.Get(0).(temporal.SearchAttributes).GetUntypedValues() {
			set[key.GetName()] = value
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.upserts = append(b.upserts, set)
	}).Return(nil)
	b.register(nil, b.env)
	return b
}

// attr is a search attribute as it was set last; nil when it was unset.
func (b *bench) attr(name string) any {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.upserts[len(b.upserts)-1][name]
}

// details is what a lead reads on the page of the run.
func (b *bench) details() string {
	b.t.Helper()
	var metadata sdk.WorkflowMetadata
	value, err := b.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(b.t, err)
	require.NoError(b.t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

// signal delivers messages at once, in one signal.
func (b *bench) signal(messages ...ticket.MessageRef) {
	b.env.SignalWorkflow(ticket.SignalMessage, ticket.MessageSignal{Messages: messages})
}

// at does something when so much virtual time has passed.
func (b *bench) at(after time.Duration, do func()) { b.env.RegisterDelayedCallback(do, after) }

// arrive delivers messages when so much virtual time has passed.
func (b *bench) arrive(after time.Duration, messages ...ticket.MessageRef) {
	b.at(after, func() { b.signal(messages...) })
}

func (b *bench) input() ticket.TicketInput {
	return ticket.TicketInput{ConversationID: id("conversation"), Channel: b.channel}
}

// run runs the workflow until it completes or fails.
func (b *bench) run() error {
	b.t.Helper()
	return b.runFrom(b.input())
}

func (b *bench) runFrom(in ticket.TicketInput) error {
	b.t.Helper()
	b.env.ExecuteWorkflow(ticket.TicketWorkflow, in)
	require.True(b.t, b.env.IsWorkflowCompleted(), "the workflow is stuck")
	return b.env.GetWorkflowError()
}

// ask answers a query; it works on a completed workflow too.
func ask[T any](b *bench, query string) T {
	b.t.Helper()
	var answer T
	value, err := b.env.QueryWorkflow(query)
	require.NoError(b.t, err)
	require.NoError(b.t, value.Get(&answer))
	return answer
}

// view is the ticket as a query shows it.
func (b *bench) view() ticket.TicketView {
	b.t.Helper()
	return ask[ticket.TicketView](b, ticket.QueryTicket)
}

// elapsed is the virtual time since the start.
func (b *bench) elapsed() time.Duration { return b.env.Now().Sub(noon()) }

// outcome is how an action ended.
type outcome struct {
	refused error // by the validator: it left no trace
	failed  error // afterwards
	result  ticket.ActionResult
}

// act asks for an action under an id; outcome says how it ended.
func (b *bench) act(actionID string, action ticket.Action, req ticket.ActionRequest) {
	b.t.Helper()
	b.again(actionID, actionID, action, req)
}

// again is act for an action that was asked for before; its outcome has a name
// of its own.
func (b *bench) again(actionID, name string, action ticket.Action, req ticket.ActionRequest) {
	b.t.Helper()
	req.ActionID = actionID
	if req.Actor == "" {
		req.Actor = "ana"
	}
	end := func(o outcome) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.outcomes[name] = o
	}
	b.env.UpdateWorkflow(string(action), name, &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { end(outcome{refused: err}) },
		OnComplete: func(result any, err error) {
			res, _ := result.(ticket.ActionResult)
			end(outcome{failed: err, result: res})
		},
	}, req)
}

// outcome is how the action with this id ended.
func (b *bench) outcome(actionID string) outcome {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Contains(b.t, b.outcomes, actionID, "the action has not ended")
	return b.outcomes[actionID]
}

// done requires that an action has been done.
func (b *bench) done(actionID string) ticket.ActionResult {
	b.t.Helper()
	o := b.outcome(actionID)
	require.NoError(b.t, o.refused, actionID)
	require.NoError(b.t, o.failed, actionID)
	return o.result
}

// refused requires that the validator has refused an action, and returns why.
func (b *bench) refused(actionID string) string {
	b.t.Helper()
	o := b.outcome(actionID)
	require.Error(b.t, o.refused, actionID)
	return o.refused.Error()
}
