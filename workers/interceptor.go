package workers

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"go.temporal.io/sdk/interceptor"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

// FailureInterceptor sees to it that no activity of a worker, ordinary or
// local, leaves anything of a customer in a history: every error goes through
// activities.Failure, a panic becomes an internal error whose value and stack
// go to the log alone, and heartbeats carry no text that redact.Value does not
// let pass.
func FailureInterceptor(logger *slog.Logger) interceptor.WorkerInterceptor {
	return &failures{logger: logger}
}

type failures struct {
	interceptor.WorkerInterceptorBase
	logger *slog.Logger
}

// InterceptActivity is called once for each activity task.
func (f *failures) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &failureInbound{logger: f.logger}
	in.Next = next
	return in
}

type failureInbound struct {
	interceptor.ActivityInboundInterceptorBase
	logger *slog.Logger
}

// Init puts the net under heartbeats too.
func (i *failureInbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	out := &failureOutbound{}
	out.Next = next
	return i.Next.Init(out)
}

// ExecuteActivity runs the activity. The result is dropped when there is an
// error, as Temporal does too.
func (i *failureInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (result any, err error) {
	defer func() {
		if value := recover(); value != nil {
			i.logger.ErrorContext(ctx, "activity panicked",
				slog.String("panic", redact.Text(fmt.Sprint(value))), slog.String("stack", string(debug.Stack())))
			result, err = nil, ticket.Errorf(ticket.CodeInternal, "a fault in the service stopped this step, the worker's log has the details")
		}
		if err = activities.Failure(ctx, i.logger, err); err != nil {
			result = nil
		}
	}()
	return i.Next.ExecuteActivity(ctx, in)
}

type failureOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
}

// RecordHeartbeat passes on what tells how far an activity came. The details
// of the last one stand in the history of an activity that timed out.
func (o *failureOutbound) RecordHeartbeat(ctx context.Context, details ...any) {
	clean := make([]any, 0, len(details))
	for _, d := range details {
		clean = append(clean, redact.Value(d))
	}
	o.Next.RecordHeartbeat(ctx, clean...)
}
