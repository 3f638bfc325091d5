package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/proto"

	"github.com/digital-fte/fte/ticket"
)

// settledMessages counts the messages that replies of the assistant cover.
func (d *desk) settledMessages() map[uuid.UUID]int {
	counts := map[uuid.UUID]int{}
	for _, r := range d.answered() {
		for _, m := range r.Messages {
			counts[m]++
		}
	}
	return counts
}

// chain returns the histories of a conversation's runs, from one of them on.
func (s *server) chain(run string) (runs []*history.History) {
	s.t.Helper()
	for run != "" {
		h := s.history(run)
		runs = append(runs, h)
		run = h.GetEvents()[len(h.GetEvents())-1].GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return runs
}

// A burst of messages, each repeated, and people's actions meet runs that must
// continue as new every few events, while cached workflows are thrown out again
// and again.
func TestNothingIsLostOrDoubledWhileRunsContinueAsNew(t *testing.T) {
	t.Parallel()
	const total = 300
	s := startServer(t, ticket.Email, map[string]string{"limit.historyCount.suggestContinueAsNew": "20"})
	// Turns of every length, and sends that fail at first.
	s.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		if n%3 == 0 {
			return search()
		}
		return respond()
	}
	s.review = func(n int) bool { return n%4 != 0 }
	s.before[ticket.ActivitySendReply] = func(_ context.Context, n int) error {
		if n%3 == 0 {
			return errors.New("the provider is down")
		}
		return nil
	}
	first := s.deliver(msg("0", 0))
	s.settles(1)
	done, asks := make(chan struct{}), 0
	var people sync.WaitGroup
	people.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				asks = i
				return
			default:
				s.insists(fmt.Sprint("priority ", i), ticket.ActionSetPriority, ticket.ActionRequest{Priority: []string{"low", "high"}[i%2]})
			}
		}
	})
	for i := 1; i < total; i++ {
		s.deliver(msg(fmt.Sprint(i), i))
		if i%3 == 0 {
			s.deliver(msg(fmt.Sprint(i-1), i-1), msg(fmt.Sprint(i), i))
		}
		if i%10 == 0 {
			worker.PurgeStickyWorkflowCache()
		}
	}
	s.eventually(func() bool { return len(s.settledMessages()) == total }, "messages are lost")
	close(done)
	people.Wait()
	counts := s.settledMessages()
	for i := range total {
		require.Equal(t, 1, counts[id(fmt.Sprint(i))], "message %d", i)
	}
	require.Equal(t, 1, s.tickets)
	happened := map[string]int{}
	s.mu.Lock()
	for _, a := range s.done {
		happened[a.ActionID]++
	}
	s.mu.Unlock()
	require.Len(t, happened, asks)
	s.refusals.Range(func(why, _ any) bool {
		t.Log("an action that met the end of a run:", why)
		require.NotContains(t, why, "deadline", "whoever asked was left waiting")
		return true
	})
	for actionID, n := range happened {
		require.Equal(t, 1, n, actionID)
	}

	require.NotContains(t, s.warnings.String(), "nhandled signal")
	runs := s.chain(first)
	require.Greater(t, len(runs), 2)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, s.outcome(""))
	t.Logf("%d messages, %d turns, %d actions, %d runs", total, len(s.answered()), asks, len(runs))
}

// insists asks for an action until it is done, under one action id. Whoever
// meets the end of a run gets an error that says so.
func (s *server) insists(actionID string, action ticket.Action, req ticket.ActionRequest) {
	req.ActionID = actionID
	options := s.updateOf(action, req)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		// A repeat is an update of its own: only the action's id stays the same.
		options.UpdateID = uuid.NewString()
		handle, err := s.client.UpdateWorkflow(s.t.Context(), options)
		if err == nil {
			err = handle.Get(s.t.Context(), nil)
		}
		if err == nil {
			return
		}
		s.refusals.Store(err.Error(), true)
	}
	s.t.Errorf("action %s was not done", actionID)
}

// A conversation of many turns stays far below the limits of the server.
func TestLongConversationStaysWithinTheServersLimits(t *testing.T) {
	t.Parallel()
	const turns, maxEvents, maxBytes, maxCarry = 200, 10_240, 10 << 20, 256 << 10
	s := startServer(t, ticket.Email, nil) // continue-as-new where the server suggests it
	first := s.deliver(msg("0", 0))
	for i := 1; i < turns; i++ {
		s.eventually(func() bool { return len(s.answered()) == i }, "a turn does not end")
		s.deliver(msg(fmt.Sprint(i), i))
	}
	s.eventually(func() bool { return len(s.answered()) == turns }, "the last turn does not end")
	runs := s.chain(first)
	require.Greater(t, len(runs), 1, "no run was continued")
	for i, h := range runs {
		events, bytes := len(h.GetEvents()), proto.Size(h)
		t.Logf("run %d: %d events, %d KB", i+1, events, bytes>>10)
		require.Less(t, events, maxEvents)
		require.Less(t, bytes, maxBytes)
		started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
		if i == 0 {
			continue
		}
		input := started.GetInput().GetPayloads()[0].GetData()
		var in ticket.TicketInput
		require.NoError(t, json.Unmarshal(input, &in))
		t.Logf("carried state: %d bytes, %d messages seen", len(input), len(in.Carry.Seen))
		require.Less(t, len(input), maxCarry)
	}
	for m, n := range s.settledMessages() {
		require.Equal(t, 1, n, m)
	}
}
