package workflows_test

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// watcher sees what the workflow is given and asks for.
type watcher struct {
	interceptor.WorkerInterceptorBase
	s *stage
}

func (w *watcher) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, s: w.s}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	s *stage
}

func (i *inbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: out}, s: i.s})
}

func (i *inbound) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	i.s.given++
	return i.Next.HandleSignal(ctx, in)
}

func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	res, err := i.Next.ExecuteWorkflow(ctx, in)
	if left := workflow.GetUnhandledSignalNames(ctx); len(left) > 0 && ctx.Err() == nil {
		i.s.p.faults = append(i.s.p.faults, "the run ends with messages it has not looked at")
	}
	return res, err
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	s *stage
}

// ExecuteActivity looks at what the workflow knows when it asks for a step.
//
//workflowcheck:ignore
func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if name == ticket.ActivityCallModel && o.s.view().Owner == ticket.OwnerHuman {
		o.s.p.faults = append(o.s.p.faults, "the model was asked after the workflow knew that a person had taken over")
	}
	return o.Next.ExecuteActivity(ctx, name, args...)
}
