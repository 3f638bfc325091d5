package workers

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func received(channel ticket.Channel, workflowID string) ticket.MessageReceived {
	return ticket.MessageReceived{
		MessageID: uuid.New(), ConversationID: uuid.New(), CustomerID: uuid.New(), Channel: channel, WorkflowID: workflowID, ReceivedAt: start,
	}
}

// historyOf returns the events of a workflow's current run.
func historyOf(tb testing.TB, c client.Client, workflowID string) (events []*history.HistoryEvent) {
	tb.Helper()
	all := c.GetWorkflowHistory(tb.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for all.HasNext() {
		event, err := all.Next()
		require.NoError(tb, err)
		events = append(events, event)
	}
	return events
}

func only[T any](t *testing.T, payloads *common.Payloads) (value T) {
	t.Helper()
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(payloads, &value))
	return value
}

// signals returns the messages that a history was signalled with.
func signals(t *testing.T, events []*history.HistoryEvent) (all []ticket.MessageRef) {
	t.Helper()
	for _, e := range events {
		if s := e.GetWorkflowExecutionSignaledEventAttributes(); s != nil {
			require.Equal(t, ticket.SignalMessage, s.GetSignalName())
			all = append(all, only[ticket.MessageSignal](t, s.GetInput()).Messages...)
		}
	}
	return all
}

// attributesOf returns the search attributes that a run began with.
func attributesOf(t *testing.T, events []*history.HistoryEvent) map[string]any {
	t.Helper()
	attributes := map[string]any{}
	for name, payload := range events[0].GetWorkflowExecutionStartedEventAttributes().GetSearchAttributes().GetIndexedFields() {
		var value any
		require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &value))
		attributes[name] = value
	}
	return attributes
}

func TestBridge(t *testing.T) {
	t.Parallel()
	server := newTemporal(t, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	bridge := &Bridge{Temporal: c}
	const id = "ticket/whatsapp/0123"
	first, second := received(ticket.WhatsApp, id), received(ticket.WhatsApp, id)
	second.ConversationID = first.ConversationID

	require.NoError(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, first)}))
	require.NoError(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, second)}))
	require.NoError(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, second)}))

	events := historyOf(t, c, id)
	began := events[0].GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, ticket.TicketWorkflow, began.GetWorkflowType().GetName())
	require.Equal(t, ticket.QueueTickets, began.GetTaskQueue().GetName())
	require.EqualValues(t, 3, began.GetPriority().GetPriorityKey())
	require.Equal(t, ticket.CustomerRef(first.CustomerID), began.GetPriority().GetFairnessKey())
	require.Equal(t, ticket.TicketInput{ConversationID: first.ConversationID, Channel: ticket.WhatsApp}, only[ticket.TicketInput](t, began.GetInput()))
	require.Equal(t, map[string]any{
		ticket.AttrChannel: "whatsapp", ticket.AttrTicketStatus: "open", ticket.AttrLastInboundAt: "2026-03-02T09:00:00Z",
	}, attributesOf(t, events))
	refs := []ticket.MessageRef{
		{MessageID: first.MessageID, Author: ticket.Customer, ReceivedAt: start},
		{MessageID: second.MessageID, Author: ticket.Customer, ReceivedAt: start},
	}
	require.Equal(t, append(refs, refs[1]), signals(t, events), "one run got all of them; what came twice is the workflow's to notice")

	res, err := c.WorkflowService().DescribeWorkflowExecution(t.Context(), &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: server.Namespace, Execution: &common.WorkflowExecution{WorkflowId: id},
	})
	require.NoError(t, err)
	var summary string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(res.GetExecutionConfig().GetUserMetadata().GetSummary(), &summary))
	require.Equal(t, "Conversation on whatsapp", summary)

	t.Log("after a run has ended, a message begins another")
	require.NoError(t, c.TerminateWorkflow(t.Context(), id, "", "test"))
	third := received(ticket.WhatsApp, id)
	require.NoError(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, third)}))
	require.Len(t, signals(t, historyOf(t, c, id)), 1)
}

func TestBridgeSignalsABatchAtOnce(t *testing.T) {
	t.Parallel()
	server := newTemporal(t, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	bridge := &Bridge{Temporal: c}
	conversation, customer := uuid.New(), uuid.New()
	message := func(workflowID string, author ticket.Author, minute int) ticket.MessageReceived {
		m := received(ticket.Email, workflowID)
		m.ConversationID, m.CustomerID, m.Author, m.ReceivedAt = conversation, customer, author, start.Add(time.Duration(minute)*time.Minute)
		return m
	}
	handle := func(all ...ticket.MessageReceived) (refs []ticket.MessageRef) {
		t.Helper()
		var batch []stream.Record
		for _, m := range all {
			batch = append(batch, record(t, ticket.TypeMessageReceived, m))
			refs = append(refs, ticket.MessageRef{MessageID: m.MessageID, Author: cmp.Or(m.Author, ticket.Customer), ReceivedAt: m.ReceivedAt})
		}
		require.NoError(t, bridge.HandleBatch(t.Context(), batch))
		return refs
	}
	signalled := func(events []*history.HistoryEvent) (n int) {
		for _, e := range events {
			if e.GetWorkflowExecutionSignaledEventAttributes() != nil {
				n++
			}
		}
		return n
	}

	refs := handle(message("ticket/email/1", "", 1), message("ticket/email/1", ticket.Customer, 3),
		message("ticket/email/1", "", 2), message("ticket/email/1", ticket.Staff, 4))
	events := historyOf(t, c, "ticket/email/1")
	require.Equal(t, 1, signalled(events))
	require.Equal(t, refs, signals(t, events), "in the order of the events; the workflow orders them by time")
	require.Equal(t, "2026-03-02T09:03:00Z", attributesOf(t, events)[ticket.AttrLastInboundAt], "the newest of the customer")

	t.Log("what only we have written starts the workflow too: it looks at the database")
	refs = handle(message("ticket/email/2", ticket.Staff, 1), message("ticket/email/2", ticket.Assistant, 2))
	events = historyOf(t, c, "ticket/email/2")
	require.Equal(t, refs, signals(t, events))
	require.NotContains(t, attributesOf(t, events), ticket.AttrLastInboundAt)
}

func TestBridgePoison(t *testing.T) {
	t.Parallel()
	bridge := &Bridge{} // it never gets as far as calling
	valid := received(ticket.Email, "ticket/email/1")
	event := func(change func(*ticket.MessageReceived)) stream.Record {
		m := valid
		change(&m)
		return record(t, ticket.TypeMessageReceived, m)
	}
	unknown := record(t, ticket.TypeTurnFinished, valid)
	requirePoison(t, bridge.HandleBatch(t.Context(), []stream.Record{unknown}), "unknown_type")
	broken := record(t, ticket.TypeMessageReceived, valid)
	broken.Value = broken.Value[:20]
	requirePoison(t, bridge.HandleBatch(t.Context(), []stream.Record{broken}), "malformed")
	for _, r := range []stream.Record{
		event(func(m *ticket.MessageReceived) { m.MessageID = uuid.Nil }),
		event(func(m *ticket.MessageReceived) { m.ConversationID = uuid.Nil }),
		event(func(m *ticket.MessageReceived) { m.WorkflowID = "" }),
		event(func(m *ticket.MessageReceived) { m.Channel = "telex" }),
		event(func(m *ticket.MessageReceived) { m.Author = "ghost" }),
	} {
		requirePoison(t, bridge.HandleBatch(t.Context(), []stream.Record{r}), "invalid")
		good := record(t, ticket.TypeMessageReceived, valid)
		requirePoison(t, bridge.HandleBatch(t.Context(), []stream.Record{good, r}), "invalid")
	}
	other := event(func(m *ticket.MessageReceived) { m.WorkflowID = "ticket/email/2" })
	requirePoison(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, valid), other}), "mixed")
}

func TestBridgeWhileTemporalIsAway(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	server := newTemporal(t, part.TemporalOptions{DBFile: file, SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	bridge := &Bridge{Temporal: c}
	m := received(ticket.Email, "ticket/email/1")
	require.NoError(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, m)}))
	server.Kill()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := bridge.HandleBatch(ctx, []stream.Record{record(t, ticket.TypeMessageReceived, m)})
	requireBlocks(t, err)
	require.NoError(t, ctx.Err(), "the lane hears of it soon")

	again := newTemporal(t, part.TemporalOptions{DBFile: file})
	require.Equal(t, server.Address, again.Address)
	eventually(t, func(ctx context.Context) error {
		return bridge.HandleBatch(ctx, []stream.Record{record(t, ticket.TypeMessageReceived, m)})
	})
	require.GreaterOrEqual(t, len(signals(t, historyOf(t, c, m.WorkflowID))), 2, "the run from before the restart")
}

func TestBridgeSaysWhatTemporalMisses(t *testing.T) {
	t.Parallel()
	server := newTemporal(t, part.TemporalOptions{})
	r := record(t, ticket.TypeMessageReceived, received(ticket.Email, "ticket/email/1"))
	err := (&Bridge{Temporal: dial(t, server.Address)}).HandleBatch(t.Context(), []stream.Record{r})
	requireBlocks(t, err)
	require.ErrorContains(t, err, "fte migrate")

	elsewhere, err := client.NewLazyClient(client.Options{HostPort: server.Address, Namespace: "nowhere", Logger: quiet{}})
	require.NoError(t, err)
	t.Cleanup(elsewhere.Close)
	err = (&Bridge{Temporal: elsewhere}).HandleBatch(t.Context(), []stream.Record{r})
	requireBlocks(t, err)
	require.ErrorContains(t, err, "TEMPORAL_NAMESPACE")
}

func TestMailboxStarter(t *testing.T) {
	t.Parallel()
	server := newTemporal(t, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	c := dial(t, server.Address)
	starter := MailboxStarter{Temporal: c}
	const id = "mailbox/" + mailbox
	pushes := func() (n int) {
		for _, e := range historyOf(t, c, id) {
			if s := e.GetWorkflowExecutionSignaledEventAttributes(); s != nil {
				require.Equal(t, ticket.SignalPush, s.GetSignalName())
				n++
			}
		}
		return n
	}
	run := func() string {
		res, err := c.DescribeWorkflowExecution(t.Context(), id, "")
		require.NoError(t, err)
		return res.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	}

	require.NoError(t, starter.Wake(t.Context(), mailbox), "a push starts it")
	first := run()
	began := historyOf(t, c, id)[0].GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, ticket.MailboxWorkflow, began.GetWorkflowType().GetName())
	require.Equal(t, ticket.QueueTickets, began.GetTaskQueue().GetName())
	require.Equal(t, ticket.MailboxInput{Mailbox: mailbox}, only[ticket.MailboxInput](t, began.GetInput()))
	require.Equal(t, 1, pushes())

	for range 3 {
		require.NoError(t, starter.Start(t.Context(), mailbox), "one that runs is left alone")
		require.NoError(t, starter.Wake(t.Context(), mailbox))
	}
	require.Equal(t, first, run())
	require.Equal(t, 4, pushes())

	t.Log("one that somebody has ended is started again")
	require.NoError(t, c.TerminateWorkflow(t.Context(), id, "", "test"))
	require.NoError(t, starter.Start(t.Context(), mailbox))
	require.NotEqual(t, first, run())
	require.Equal(t, 0, pushes())
}

func TestMailboxStarterWithoutServer(t *testing.T) {
	t.Parallel()
	port, err := part.FreePort()
	require.NoError(t, err)
	starter := MailboxStarter{Temporal: dial(t, fmt.Sprintf("127.0.0.1:%d", port))}
	requireBlocks(t, starter.Wake(t.Context(), mailbox))
	requireBlocks(t, starter.Start(t.Context(), mailbox))
}
