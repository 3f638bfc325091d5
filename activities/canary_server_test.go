package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workers"
)

// credential opens a door, and is in no history either.
const credential = "sk-proj-Zm9vYmFy8nq3LkXw2Rt7"

// leak is an error that quotes everything that must not be kept.
func leak() string { return strings.Join(append(slices.Clone(private), credential), " ") }

// careless are activities that never heard of the table. Each ends as some
// library or carelessness would have it.
func careless() map[string]func(context.Context) error {
	said := errors.New(leak())
	return map[string]func(context.Context) error{
		"Panic":      func(context.Context) error { panic("cannot handle " + leak()) },
		"PanicError": func(context.Context) error { panic(said) },
		"NilPointer": func(context.Context) error { var at *world; return errors.New(at.url) },
		"Plain":      func(context.Context) error { return fmt.Errorf("sending: %w", said) },
		"Postgres": func(context.Context) error {
			return schema.Classify(&pgconn.PgError{Code: "23505", Message: "duplicate " + leak(), Detail: "Key (email)=(" + address + ") already exists.", Where: leak()})
		},
		"PostgresPlain": func(context.Context) error {
			return &pgconn.PgError{Code: "22P02", Message: `invalid input syntax for type json: "` + leak() + `"`}
		},
		"URL": func(context.Context) error {
			return &url.Error{Op: "Get", URL: "https://api.example/v1?to=" + phone + "&token=" + credential, Err: said}
		},
		"Coded": func(context.Context) error {
			return ticket.Wrap(ticket.CodeInvalid, said, "sending %q to %s and %s with %s", canary, address, phone, credential)
		},
		"Foreign": func(context.Context) error {
			return temporal.NewApplicationErrorWithOptions(leak(), leak(), temporal.ApplicationErrorOptions{Cause: said, Details: []any{leak()}})
		},
		"Cancelled": func(context.Context) error { return temporal.NewCanceledError(leak()) },
		"Stopped":   func(context.Context) error { return fmt.Errorf("%s: %w", leak(), context.Canceled) },
		"Late":      func(context.Context) error { return fmt.Errorf("%s: %w", leak(), context.DeadlineExceeded) },
	}
}

// beating says where it is in a heartbeat and is then heard of no more.
func beating(ctx context.Context) error {
	activity.RecordHeartbeat(ctx, map[string]string{"stage": "sending to " + address + " with " + credential, phone: `says "` + canary + ` of Ana Kunde"`})
	<-ctx.Done()
	return ctx.Err()
}

// canaries runs every activity as an ordinary and as a local one, then one that
// is tried again and again, and fails with the first of the errors.
func canaries(ctx workflow.Context, in map[string]any) error {
	policy := &temporal.RetryPolicy{MaximumAttempts: 1}
	ordinary := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, HeartbeatTimeout: time.Second, RetryPolicy: policy,
	})
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute, RetryPolicy: policy})
	names := make([]string, 0, len(in))
	for name := range in {
		names = append(names, name)
	}
	slices.Sort(names)
	var first error
	for _, name := range names {
		err := workflow.ExecuteActivity(ordinary, name, in[name]).Get(ctx, nil)
		if first == nil {
			first = err
		}
		if name != "Beating" {
			if err := workflow.ExecuteLocalActivity(local, name, in[name]).Get(ctx, nil); err == nil {
				return temporal.NewNonRetryableApplicationError(name+" succeeded", "wrong", nil)
			}
		}
		if err == nil {
			return temporal.NewNonRetryableApplicationError(name+" succeeded", "wrong", nil)
		}
	}
	pending := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Hour},
	})
	running := workflow.ExecuteActivity(pending, "Panic", nil)
	workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
	_ = running
	return first
}

// serverWithCanaries starts a server with a worker that runs the workflow
// above, everything else in it as it is in production.
func serverWithCanaries(t *testing.T, w *world) (client.Client, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Temporal server; `make test` runs it")
	}
	cli := os.Getenv("TEMPORAL_CLI_PATH")
	require.NotEmpty(t, cli, "`make test` sets TEMPORAL_CLI_PATH")
	server, err := part.StartTemporal(t.Context(), part.TemporalOptions{CLI: cli, Headless: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		_ = server.Stop(ctx)
	})
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address, Namespace: server.Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(w.log, nil))),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	const queue = "canaries"
	work := worker.New(c, queue, worker.Options{Interceptors: []interceptor.WorkerInterceptor{workers.FailureInterceptor(w.options.Logger)}})
	work.RegisterWorkflowWithOptions(canaries, workflow.RegisterOptions{Name: "Canaries"})
	for name, fn := range careless() {
		work.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	work.RegisterActivityWithOptions(beating, activity.RegisterOptions{Name: "Beating"})
	a := w.acts()
	for name, fn := range map[string]any{
		ticket.ActivitySendReply: a.SendReply, ticket.ActivityCallModel: a.CallModel,
		ticket.ActivitySearchKnowledge: a.SearchKnowledge, ticket.ActivitySyncMailbox: a.SyncMailbox,
	} {
		work.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	require.NoError(t, work.Start())
	t.Cleanup(work.Stop)
	return c, queue
}

// What a server keeps of failures holds nothing of a customer, whichever way
// an activity fails: as an ordinary or a local one, by an error, a panic or a
// heartbeat that stops, of ours or of one that does not know the table.
func TestAServersHistoryHoldsNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	h := &history{world: synced(t)}
	h.withTwilio().withModel(articles())
	turn, draft := h.onWhatsApp("Your " + canary + " is safe.")
	opened, found := h.asked("My " + canary + " is lost. " + resetQuestion)
	c, queue := serverWithCanaries(t, h.world)
	h.receive("<"+canary+"@kunde.example>", gmail.DeliverOptions{})
	for _, faults := range []*wire.Faults{h.twilio.Faults(), h.gmail.Faults(), h.openai.Faults()} {
		faults.Set(quoting(403))
	}
	in := map[string]any{
		ticket.ActivitySendReply:   ticket.SendReplyInput{TurnID: turn, DraftID: draft},
		ticket.ActivityCallModel:   ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}},
		ticket.ActivitySyncMailbox: ticket.SyncMailboxInput{Mailbox: mailbox},
		"Beating":                  nil,
	}
	for name := range careless() {
		in[name] = nil
	}

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "canaries", TaskQueue: queue}, "Canaries", in)
	require.NoError(t, err)
	var kept []proto.Message
	var last *failure.Failure
	require.Eventually(t, func() bool {
		described, err := c.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
		if err != nil {
			return false
		}
		pending := described.GetPendingActivities()
		if len(pending) != 1 || pending[0].GetActivityType().GetName() != "Panic" || pending[0].GetLastFailure() == nil {
			return described.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
		}
		last, kept = pending[0].GetLastFailure(), append(kept, described)
		return true
	}, time.Minute, 50*time.Millisecond)
	require.NotNil(t, last, "the workflow ended too early")
	h.failure(last, ticket.CodeInternal)
	require.NoError(t, c.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), "end", nil))
	require.Error(t, run.Get(t.Context(), nil))

	failed, local, timedOut := map[string]ticket.Code{}, 0, 0
	var scheduled []string
	events := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		kept = append(kept, e)
		switch {
		case e.GetActivityTaskScheduledEventAttributes() != nil:
			scheduled = append(scheduled, e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName())
		case e.GetActivityTaskFailedEventAttributes() != nil:
			f := e.GetActivityTaskFailedEventAttributes().GetFailure()
			code := ticket.Code(f.GetApplicationFailureInfo().GetType())
			h.failure(f, code)
			failed[scheduled[len(scheduled)-1]] = code
		case e.GetActivityTaskTimedOutEventAttributes() != nil:
			timedOut++
		case e.GetMarkerRecordedEventAttributes() != nil:
			f := e.GetMarkerRecordedEventAttributes().GetFailure()
			h.failure(f, ticket.Code(f.GetApplicationFailureInfo().GetType()))
			local++
		}
	}
	require.Equal(t, 1, timedOut, "the heartbeat's details are in the history")
	require.Len(t, failed, len(in)-1)
	require.Equal(t, len(in)-1, local)
	for name, code := range map[string]ticket.Code{
		"Panic": ticket.CodeInternal, "Plain": ticket.CodeInternal, "Postgres": ticket.CodeConflict, "Coded": ticket.CodeInvalid,
		"Foreign": ticket.CodeInternal, "Late": ticket.CodeUnavailable, "Cancelled": ticket.CodeInternal,
		ticket.ActivitySendReply: ticket.CodeUnauthorized, ticket.ActivityCallModel: ticket.CodeUnauthorized, ticket.ActivitySyncMailbox: ticket.CodeUnauthorized,
	} {
		require.Equal(t, code, failed[name], name)
	}
	for _, message := range kept {
		raw, err := proto.Marshal(message) // payloads as they are
		require.NoError(t, err)
		readable, err := protojson.Marshal(message) // and what stands around them
		require.NoError(t, err)
		for _, text := range []string{string(raw), string(readable)} {
			h.clean(text)
			require.NotContains(t, text, credential)
		}
	}
	require.NotContains(t, h.log.String(), address)
	require.NotContains(t, h.log.String(), phone[1:])
	require.NotContains(t, h.log.String(), credential)
	require.Contains(t, h.log.String(), "activity panicked")
}

// failure asserts what a lead gets to read of a failure.
func (h *history) failure(f *failure.Failure, code ticket.Code) {
	h.t.Helper()
	require.Empty(h.t, f.GetStackTrace())
	require.Nil(h.t, f.GetCause())
	info := f.GetApplicationFailureInfo()
	require.Equal(h.t, string(code), info.GetType(), f.GetMessage())
	require.NotEmpty(h.t, f.GetMessage())
	require.Len(h.t, info.GetDetails().GetPayloads(), 1)
	details := string(info.GetDetails().GetPayloads()[0].GetData())
	require.Contains(h.t, details, `"code":"`+string(code)+`"`)
	require.Contains(h.t, details, `"mend":"`)
}
