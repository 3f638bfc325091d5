package lab

import (
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/digital-fte/fte/ticket"
)

// WorkflowsByChannel returns the workflow of the one conversation that each
// channel has in a lab.
func (l *Lab) WorkflowsByChannel() map[ticket.Channel]string {
	l.t.Helper()
	type row struct {
		Channel    ticket.Channel
		WorkflowID string
	}
	ids := map[ticket.Channel]string{}
	for _, r := range query[row](l.t.Context(), l, `SELECT channel, workflow_id FROM conversations`) {
		require.Empty(l.t, ids[r.Channel], "%s has more than one conversation", r.Channel)
		ids[r.Channel] = r.WorkflowID
	}
	return ids
}

// History returns the events of a workflow's latest run.
func (l *Lab) History(workflowID string) []*historypb.HistoryEvent {
	l.t.Helper()
	var events []*historypb.HistoryEvent
	it := l.Temporal.GetWorkflowHistory(l.t.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		require.NoError(l.t, err)
		events = append(events, e)
	}
	return events
}

// Explain asks a workflow why its last reply was what it was.
func (l *Lab) Explain(workflowID string) ticket.Explanation {
	l.t.Helper()
	value, err := l.Temporal.QueryWorkflow(l.t.Context(), workflowID, "", ticket.QueryExplain)
	require.NoError(l.t, err)
	var e ticket.Explanation
	require.NoError(l.t, value.Get(&e))
	return e
}

// Signals returns how many signals the runs of a customer's WhatsApp
// conversation have got.
func (l *Lab) Signals(phone string) (n int) {
	l.t.Helper()
	type row struct{ WorkflowID, ReplyTo string }
	for _, r := range query[row](l.t.Context(), l, `SELECT workflow_id, reply_to FROM conversations WHERE channel = 'whatsapp'`) {
		if r.ReplyTo != phone {
			continue
		}
		runs, err := l.Temporal.ListWorkflow(l.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = '" + r.WorkflowID + "'"})
		require.NoError(l.t, err)
		for _, run := range runs.GetExecutions() {
			it := l.Temporal.GetWorkflowHistory(l.t.Context(), r.WorkflowID, run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for it.HasNext() {
				e, err := it.Next()
				require.NoError(l.t, err)
				if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED {
					n++
				}
			}
		}
	}
	require.NotZero(l.t, n, "%s has no conversation", phone)
	return n
}
