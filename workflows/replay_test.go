package workflows_test

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

// replay replays a recorded history with today's code, changed by a mutation.
func replay(t *testing.T, file string, mutations ...interceptor.WorkerInterceptor) error {
	t.Helper()
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors: mutations, DisableRegistrationAliasing: true, DisableDeadlockDetection: true,
	})
	require.NoError(t, err)
	r.RegisterWorkflowWithOptions(workflows.TicketWorkflow, workflow.RegisterOptions{Name: ticket.TicketWorkflow})
	r.RegisterWorkflowWithOptions(workflows.MailboxWorkflow, workflow.RegisterOptions{Name: ticket.MailboxWorkflow})
	r.RegisterWorkflowWithOptions(workflows.WhatsAppReconcileWorkflow, workflow.RegisterOptions{Name: ticket.WhatsAppReconcileWorkflow})
	return r.ReplayWorkflowHistoryFromJSONFile(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), file)
}

func recorded(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(histories, "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 26, "histories are missing")
	return files
}

func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	for _, file := range recorded(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replay(t, file))
		})
	}
}

// mutation changes what the workflows ask the server for.
type mutation struct {
	interceptor.WorkerInterceptorBase
	change func(next interceptor.WorkflowOutboundInterceptor) interceptor.WorkflowOutboundInterceptor
	first  func(ctx workflow.Context) // runs ahead of the workflow
}

func (m *mutation) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &mutatedInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, mutation: m}
}

type mutatedInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	*mutation
}

func (i *mutatedInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	if i.change != nil {
		outbound = i.change(outbound)
	}
	return i.Next.Init(outbound)
}

func (i *mutatedInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if i.first != nil {
		i.first(ctx)
	}
	return i.Next.ExecuteWorkflow(ctx, in)
}

// renamed asks for an activity by another name.
type renamed struct {
	interceptor.WorkflowOutboundInterceptorBase
	name string
}

func (r *renamed) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if name == r.name {
		name = "New" + name
	}
	return r.Next.ExecuteActivity(ctx, name, args...)
}

// longhand runs every local activity as an ordinary one.
type longhand struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (l *longhand) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	return l.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Second}), name, args...)
}

// silent never sets search attributes.
type silent struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (*silent) UpsertTypedSearchAttributes(workflow.Context, ...temporal.SearchAttributeUpdate) error {
	return nil
}

// The gate is worth something only if it bites: each of these is a change that
// would break running workflows.
func TestMutatedWorkflowDoesNotReplay(t *testing.T) {
	t.Parallel()
	outbound := func(next interceptor.WorkflowOutboundInterceptor) interceptor.WorkflowOutboundInterceptorBase {
		return interceptor.WorkflowOutboundInterceptorBase{Next: next}
	}
	rename := func(name string) func(interceptor.WorkflowOutboundInterceptor) interceptor.WorkflowOutboundInterceptor {
		return func(next interceptor.WorkflowOutboundInterceptor) interceptor.WorkflowOutboundInterceptor {
			return &renamed{outbound(next), name}
		}
	}
	for name, tc := range map[string]struct {
		mutation
		spared []string // histories that the mutation does not touch, without .json
	}{
		"a timer more": {mutation: mutation{first: func(ctx workflow.Context) { _ = workflow.Sleep(ctx, time.Second) }}},
		"another name of the model call": {
			mutation: mutation{change: rename(ticket.ActivityCallModel)}, spared: []string{"mailbox", "reconciler", "reopened"},
		},
		"another name of the send": {
			mutation: mutation{change: rename(ticket.ActivitySendReply)}, spared: []string{"mailbox", "reconciler", "reopened"},
		},
		"ordinary activities for local ones": {
			mutation: mutation{change: func(next interceptor.WorkflowOutboundInterceptor) interceptor.WorkflowOutboundInterceptor {
				return &longhand{outbound(next)}
			}}, spared: []string{"mailbox", "reconciler"},
		},
		"no search attributes": {
			mutation: mutation{change: func(next interceptor.WorkflowOutboundInterceptor) interceptor.WorkflowOutboundInterceptor {
				return &silent{outbound(next)}
			}}, spared: []string{"mailbox", "reconciler"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range recorded(t) {
				err := replay(t, file, &tc.mutation)
				if slices.Contains(tc.spared, strings.TrimSuffix(filepath.Base(file), ".json")) {
					require.NoError(t, err, file)
					continue
				}
				require.ErrorContains(t, err, "TMPRL1100", file)
			}
		})
	}
}
