package doctor

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/ticket"
)

func newTemporal(t *testing.T, attributes map[string]string) *Doctor {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Temporal server; `make test` runs it")
	}
	cli := os.Getenv("TEMPORAL_CLI_PATH")
	require.NotEmpty(t, cli, "`make test` sets TEMPORAL_CLI_PATH")
	server, err := part.StartTemporal(t.Context(), part.TemporalOptions{CLI: cli, Headless: true, SearchAttributes: attributes})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return &Doctor{Temporal: lazy(t, server.Address), TemporalAddress: server.Address, Namespace: "default"}
}

func lazy(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestTemporal(t *testing.T) {
	t.Parallel()
	some := ticket.SearchAttributes()
	delete(some, ticket.AttrSentiment)
	delete(some, ticket.AttrChannel)
	d := newTemporal(t, some)
	require.Equal(t, ok("Temporal at %s answers and has the namespace default.", d.TemporalAddress), d.temporal(t.Context()))
	elsewhere := &Doctor{Temporal: d.Temporal, TemporalAddress: d.TemporalAddress, Namespace: "nowhere"}
	f := elsewhere.temporal(t.Context())
	require.Equal(t, fail("Temporal at "+d.TemporalAddress+" has no namespace nowhere.", "Correct TEMPORAL_NAMESPACE, or make it with `temporal operator namespace create`."), f)

	require.Equal(t, fail("Search attributes are missing: Channel, Sentiment."), d.attributes(t.Context()))

	// Workers.
	for _, queue := range []string{ticket.QueueTickets, ticket.QueueModel} {
		require.Equal(t, fail("No worker polls the task queue "+queue+"."), d.pollers(queue)(t.Context()))
	}
	tickets := worker.New(d.Temporal, ticket.QueueTickets, worker.Options{})
	tickets.RegisterWorkflow(func(workflow.Context) error { return nil })
	model := worker.New(d.Temporal, ticket.QueueModel, worker.Options{DisableWorkflowWorker: true})
	model.RegisterActivity(func() error { return nil })
	for queue, w := range map[string]worker.Worker{ticket.QueueTickets: tickets, ticket.QueueModel: model} {
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
		require.Eventually(t, func() bool { return d.pollers(queue)(t.Context()).Verdict == OK }, patience, 20*time.Millisecond)
	}
	require.Equal(t, "1 worker polls the task queue tickets.", d.pollers(ticket.QueueTickets)(t.Context()).Found)
	require.Equal(t, Failed, d.pollers(ticket.QueueDelivery)(t.Context()).Verdict)

	// Workflows, on a queue that nobody polls.
	d.Mailbox, d.Number = "support@example.com", "+14155238886"
	for id, look := range map[string]func(context.Context) Finding{
		"mailbox/support@example.com": d.mailWorkflow, "whatsapp-reconcile/+14155238886": d.whatsAppWorkflow,
	} {
		require.Equal(t, fail("The workflow "+id+" does not run."), look(t.Context()))
		run, err := d.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: id, TaskQueue: "nobody", WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		}, "Any")
		require.NoError(t, err)
		require.Equal(t, ok("The workflow %s runs.", id), look(t.Context()))
		require.NoError(t, d.Temporal.TerminateWorkflow(t.Context(), id, run.GetRunID(), "test"))
		require.Equal(t, fail("The workflow "+id+" does not run: its last run is terminated."), look(t.Context()))
	}
}

func TestTemporalSearchAttributes(t *testing.T) {
	t.Parallel()
	all := ticket.SearchAttributes()
	d := newTemporal(t, all)
	require.Equal(t, ok("All %d search attributes are registered.", len(all)), d.attributes(t.Context()))
	all[ticket.AttrTurns] = "Keyword"
	d = newTemporal(t, all)
	f := d.attributes(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Equal(t, "Search attributes have the wrong type: Turns is Keyword and must be Int.", f.Found)
}

func TestTemporalIsNotThere(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Mend settings first.", (&Doctor{}).temporal(t.Context()).Do)
	f := (&Doctor{Temporal: lazy(t, "127.0.0.1:1"), TemporalAddress: "127.0.0.1:1", Namespace: "default"}).temporal(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Contains(t, f.Found, "Temporal at 127.0.0.1:1 does not answer: ")
}
