package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/digital-fte/fte/ticket"
)

// turnEvents counts what each turn cost: from WorkflowExecutionStarted, or the
// signal for a later turn, to ActivityTaskCompleted of SendReply, both counted.
func turnEvents(h *history.History) []int {
	var costs []int
	sends := map[int64]bool{}
	from := 0 // index of the turn's first event, -1 between turns
	for i, e := range h.GetEvents() {
		if from < 0 && e.GetWorkflowExecutionSignaledEventAttributes() != nil {
			from = i
		}
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			sends[e.GetEventId()] = a.GetActivityType().GetName() == ticket.ActivitySendReply
		}
		if a := e.GetActivityTaskCompletedEventAttributes(); sends[a.GetScheduledEventId()] {
			costs = append(costs, i-from+1)
			from = -1
		}
	}
	return costs
}

func TestTurnStaysWithinItsEvents(t *testing.T) {
	t.Parallel()
	for c, limit := range map[ticket.Channel]struct{ first, later int }{
		ticket.Email: {28, 26}, ticket.WebForm: {28, 26}, ticket.WhatsApp: {33, 31},
	} {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			s := startServer(t, c, nil)
			for i, name := range []string{"m1", "m2", "m3"} {
				s.deliver(msg(name, i))
				s.settles(i + 1)
			}
			h := s.history("")
			costs := turnEvents(h)
			t.Logf("%s: events of the first turn %d (at most %d), of later turns %v (at most %d)", c, costs[0], limit.first, costs[1:], limit.later)
			require.Len(t, costs, 3)
			require.LessOrEqual(t, costs[0], limit.first)
			for _, later := range costs[1:] {
				require.LessOrEqual(t, later, limit.later)
			}
			require.Less(t, proto.Size(h), 60<<10, "histories hold ids, not text")
		})
	}
}

// openTimers returns how long each timer that is still running was set for.
func openTimers(h *history.History) []time.Duration {
	open := map[int64]time.Duration{}
	for _, e := range h.GetEvents() {
		if a := e.GetTimerStartedEventAttributes(); a != nil {
			open[e.GetEventId()] = a.GetStartToFireTimeout().AsDuration()
		}
		delete(open, e.GetTimerFiredEventAttributes().GetStartedEventId())
		delete(open, e.GetTimerCanceledEventAttributes().GetStartedEventId())
	}
	var left []time.Duration
	for _, d := range open {
		left = append(left, d)
	}
	return left
}

func TestNoTimerOutlivesItsPurpose(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.WhatsApp, nil)
	requireOnlyTheClose := func() {
		t.Helper()
		timers := openTimers(s.history(""))
		require.Len(t, timers, 1)
		require.InDelta(t, closeAfter, timers[0], float64(time.Minute))
	}
	runID := s.deliver(msg("m1", 0))
	s.deliver(msg("m2", 1))
	s.settles(1)
	requireOnlyTheClose()

	for i, step := range []string{ticket.ActivityCallModel, ticket.ActivitySendReply} {
		begun, release := s.hold(step)
		s.deliver(msg("while "+step, 10+i))
		s.waitFor(begun)
		require.Len(t, openTimers(s.history("")), 1, "only the promise runs during a turn")
		release()
		s.settles(2 + i)
		requireOnlyTheClose()
	}
	// A repeat leaves the clock as it is.
	before := len(s.history("").GetEvents())
	s.deliver(msg("m1", 0))
	s.eventually(func() bool {
		h := s.history("")
		last := h.GetEvents()[len(h.GetEvents())-1]
		return len(h.GetEvents()) > before && last.GetWorkflowTaskCompletedEventAttributes() != nil && len(openTimers(h)) == 1
	}, "the repeat leaves no clock, or two")
	requireOnlyTheClose()

	s.mu.Lock()
	s.policy.CloseAfter = 200 * time.Millisecond
	s.mu.Unlock()
	s.deliver(msg("last", 100))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, s.ends(runID))
	h := s.history(runID)
	require.Empty(t, openTimers(h))
	require.Len(t, s.answered(), 4)
	last := h.GetEvents()[len(h.GetEvents())-1]
	require.Equal(t, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, last.GetEventType())
}

func has(h *history.History, kind enums.EventType) bool {
	return slices.ContainsFunc(h.GetEvents(), func(e *history.HistoryEvent) bool { return e.GetEventType() == kind })
}
