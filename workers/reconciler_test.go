package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/ticket"
)

func TestReconcilerStarter(t *testing.T) {
	t.Parallel()
	server := newTemporal(t, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	starter := ReconcilerStarter{Temporal: c}
	const number = "+14155238886"
	id := ticket.ReconcilerID(number)
	require.Equal(t, "whatsapp-reconcile/+14155238886", id)
	run := func() string {
		res, err := c.DescribeWorkflowExecution(t.Context(), id, "")
		require.NoError(t, err)
		return res.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	}
	require.NoError(t, starter.Start(t.Context(), number))
	first := run()
	began := historyOf(t, c, id)[0].GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, ticket.WhatsAppReconcileWorkflow, began.GetWorkflowType().GetName())
	require.Equal(t, ticket.QueueTickets, began.GetTaskQueue().GetName())
	require.Equal(t, ticket.WhatsAppReconcileInput{Number: number}, only[ticket.WhatsAppReconcileInput](t, began.GetInput()))
	require.Contains(t, string(historyOf(t, c, id)[0].GetUserMetadata().GetSummary().GetData()), "webhook never arrived")

	require.NoError(t, starter.Start(t.Context(), number), "one that runs is left alone")
	require.Equal(t, first, run())
	require.NoError(t, c.TerminateWorkflow(t.Context(), id, "", "test"))
	require.NoError(t, starter.Start(t.Context(), number), "one that somebody has ended is started again")
	require.NotEqual(t, first, run())
}

func TestReconcilerStarterWithoutServer(t *testing.T) {
	t.Parallel()
	port, err := part.FreePort()
	require.NoError(t, err)
	requireBlocks(t, ReconcilerStarter{Temporal: dial(t, fmt.Sprintf("127.0.0.1:%d", port))}.Start(t.Context(), "+14155238886"))
}

// TestReconcilerHandsInWhatTheWebhookMissed runs workflow and activity as they
// are registered, on a real server.
func TestReconcilerHandsInWhatTheWebhookMissed(t *testing.T) {
	t.Parallel()
	const number, account, token = "+14155238886", "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef"
	server := newTemporal(t, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	b := setup(t)
	sim, err := twilio.New(twilio.Options{AccountSID: account, AuthToken: token, From: "whatsapp:" + number})
	require.NoError(t, err)
	web := httptest.NewServer(sim)
	t.Cleanup(func() {
		_ = sim.Close()
		web.Close()
	})
	line, err := whatsapp.NewClient(whatsapp.Options{AccountSID: account, AuthToken: token, From: number, BaseURL: web.URL})
	require.NoError(t, err)
	acts := activities.New(activities.Options{
		DB: b.DB, Publisher: b.published, WhatsApp: line, Secrets: b.Secrets, Logger: slog.New(slog.DiscardHandler),
	})
	fatal := func(err error) { t.Errorf("the worker was turned away: %v", err) }
	for _, w := range []worker.Worker{
		NewTicketsWorker(c, acts, worker.WorkerDeploymentVersion{}, fatal), NewDeliveryWorker(c, acts, worker.WorkerDeploymentVersion{}, fatal),
	} {
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	receipt, err := sim.Inbound(t.Context(), ana, "hello", twilio.InboundOptions{NoWebhook: true, At: time.Now().Add(-5 * time.Minute)})
	require.NoError(t, err)
	require.NoError(t, ReconcilerStarter{Temporal: c}.Start(t.Context(), number))

	var details string
	eventually(t, func(ctx context.Context) error {
		value, err := c.QueryWorkflow(ctx, ticket.ReconcilerID(number), "", "__temporal_workflow_metadata")
		if err != nil {
			return err
		}
		var metadata sdk.WorkflowMetadata
		if err := value.Get(&metadata); err != nil {
			return err
		}
		if details = metadata.GetCurrentDetails(); details == "" {
			return errors.New("it has not looked yet")
		}
		return nil
	})
	require.Contains(t, details, "1 message of customers whose webhook never came, 0 messages that somebody sent")
	require.Contains(t, details, "Complete until "+time.Now().UTC().Format("2006-01-02"))
	b.published.mu.Lock()
	defer b.published.mu.Unlock()
	require.Len(t, b.published.events, 1)
	require.Equal(t, whatsapp.EventID(receipt.SID, ""), b.published.events[0].ID)
}
