package workers

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

func TestReconcilerStarter(t *testing.T) {
	t.Parallel()
	server := newTemporal(t, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	starter := ReconcilerStarter{Temporal: c}
	const number = "+14155238886"
	id := ReconcilerID(number)
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
	require.Equal(t, workflows.WhatsAppReconcileInput{Number: number}, only[workflows.WhatsAppReconcileInput](t, began.GetInput()))
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
