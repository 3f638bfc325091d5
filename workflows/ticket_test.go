package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"github.com/digital-fte/fte/ticket"
)

func TestPlainTurnTakesItsStepsInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range ticket.Channels() {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c)
			b.arrive(0, msg("m1", 0))
			require.NoError(t, b.run())

			turn := id("turn of " + id("m1").String())
			search := id("search " + turn.String() + uuid.Nil.String())
			draft := id("draft of " + id("call 1").String())
			require.Equal(t, []call{
				{ticket.ActivityCreateTicket, ticket.CreateTicketInput{ConversationID: id("conversation"), MessageIDs: ids("m1")}},
				{ticket.ActivityFetchHistory, ticket.FetchHistoryInput{TurnID: turn}},
				{ticket.ActivitySearchKnowledge, ticket.SearchKnowledgeInput{TurnID: turn}},
				{ticket.ActivityCallModel, ticket.CallModelInput{
					TurnID: turn, History: ids("earlier"), Rounds: []ticket.Round{{SearchID: search}},
				}},
				{ticket.ActivityReviewReply, ticket.ReviewReplyInput{DraftID: draft}},
				{ticket.ActivitySendReply, ticket.SendReplyInput{TurnID: turn, DraftID: draft}},
				{ticket.ActivityCloseTicket, ticket.CloseTicketInput{TicketID: id("ticket 1")}},
			}, b.calls)
			require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
		})
	}
}

func TestTurnWaitsForFragmentsOnWhatsAppOnly(t *testing.T) {
	t.Parallel()
	const slack = 500 * time.Millisecond
	for name, tc := range map[string]struct {
		channel ticket.Channel
		gaps    []time.Duration // between the messages
		batches [][]uuid.UUID
		first   time.Duration // when the first turn begins
	}{
		"one message": {ticket.WhatsApp, nil, [][]uuid.UUID{ids("m0")}, 1500 * time.Millisecond},
		"fragments slide the window": {
			ticket.WhatsApp,
			[]time.Duration{time.Second, time.Second},
			[][]uuid.UUID{ids("m0", "m1", "m2")},
			3500 * time.Millisecond,
		},
		"ten seconds is the cap": {
			ticket.WhatsApp,
			[]time.Duration{
				1400 * time.Millisecond, 1400 * time.Millisecond, 1400 * time.Millisecond, 1400 * time.Millisecond,
				1400 * time.Millisecond, 1400 * time.Millisecond, 1400 * time.Millisecond, 5 * time.Second,
			},
			[][]uuid.UUID{ids("m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"), ids("m8")},
			10 * time.Second,
		},
		"a pause ends the batch": {
			ticket.WhatsApp,
			[]time.Duration{time.Minute},
			[][]uuid.UUID{ids("m0"), ids("m1")},
			1500 * time.Millisecond,
		},
		"a mail is answered at once":    {ticket.Email, []time.Duration{time.Second}, [][]uuid.UUID{ids("m0"), ids("m1")}, 0},
		"a form is answered at once":    {ticket.WebForm, []time.Duration{time.Second}, [][]uuid.UUID{ids("m0"), ids("m1")}, 0},
		"a later message reopens it":    {ticket.Email, []time.Duration{71 * time.Hour}, [][]uuid.UUID{ids("m0"), ids("m1")}, 0},
		"the clock begins at an answer": {ticket.Email, []time.Duration{71 * time.Hour, 71 * time.Hour}, [][]uuid.UUID{ids("m0"), ids("m1"), ids("m2")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tc.channel)
			var when time.Duration
			for i := range len(tc.gaps) + 1 {
				if i > 0 {
					when += tc.gaps[i-1]
				}
				b.arrive(when, msg("m"+string(rune('0'+i)), i))
			}
			var began []time.Duration
			b.before[ticket.ActivityFetchHistory] = func(context.Context, int) error {
				began = append(began, b.elapsed())
				return nil
			}
			require.NoError(t, b.run())
			var batches [][]uuid.UUID
			for _, r := range b.answered() {
				batches = append(batches, r.Messages)
			}
			require.Equal(t, tc.batches, batches)
			require.InDelta(t, tc.first, began[0], float64(slack))
			require.Equal(t, 1, b.tickets, "all of it is one ticket")
		})
	}
}

func TestBatchIsOrderedByTheProvidersTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.arrive(0, msg("third", 3))
	b.arrive(time.Second, msg("first", 1), msg("second", 2))
	require.NoError(t, b.run())
	require.Equal(t, []reply{{ticket.KindAnswer, ids("first", "second", "third")}}, b.answered())
}

func TestRepeatedMessagesCostNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0), msg("m1", 0))
	b.arrive(time.Minute, msg("m1", 0))
	b.arrive(time.Hour, msg("m1", 0), msg("m2", 60))
	require.NoError(t, b.run())
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, b.answered())
	require.Len(t, inputs[ticket.CreateTicketInput](b.desk, ticket.ActivityCreateTicket), 2)
}

func TestMessageDuringASendIsATurnOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivitySendReply] = func(_ context.Context, n int) error {
		if n == 1 {
			b.signal(msg("m2", 1))
		}
		return nil
	}
	require.NoError(t, b.run())
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, b.answered())
}

// whenStopped returns a wait for the moment at which the workflow gives up on
// an activity, and lets the nth call of that activity wait for it after it has
// done something.
func (b *bench) whenStopped(name string, do func(n int) bool) {
	var mu sync.Mutex
	stopped := make(chan struct{}, 16)
	b.env.SetOnActivityCanceledListener(func(*activity.Info) {
		mu.Lock()
		defer mu.Unlock()
		stopped <- struct{}{}
	})
	b.before[name] = func(ctx context.Context, n int) error {
		if !do(n) {
			return nil
		}
		select {
		case <-stopped:
			return nil
		case <-b.t.Context().Done():
			return b.t.Context().Err()
		}
	}
}

func TestMessageDuringTheModelCallStartsTheTurnAgain(t *testing.T) {
	t.Parallel()
	for _, step := range []string{ticket.ActivitySearchKnowledge, ticket.ActivityCallModel} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.arrive(0, msg("m1", 0))
			b.whenStopped(step, func(n int) bool {
				if n == 1 {
					b.signal(msg("m2", 1))
				}
				return n == 1
			})
			require.NoError(t, b.run())
			require.Equal(t, []reply{{ticket.KindAnswer, ids("m1", "m2")}}, b.answered())
			require.Len(t, b.turns, 1, "the turn of the first message has grown")
			require.Equal(t, []ticket.CreateTicketInput{
				{ConversationID: id("conversation"), MessageIDs: ids("m1")},
				{ConversationID: id("conversation"), MessageIDs: ids("m1", "m2")},
			}, inputs[ticket.CreateTicketInput](b.desk, ticket.ActivityCreateTicket))
			require.Len(t, ask[[]ticket.Event](b, ticket.QueryTimeline), 2, "one turn and the close")
		})
	}
}

func TestTurnStartsAgainThreeTimesAtMost(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.whenStopped(ticket.ActivityCallModel, func(n int) bool {
		if n <= 4 {
			b.signal(msg("m"+string(rune('1'+n)), n))
		}
		return n <= 3
	})
	require.NoError(t, b.run())
	require.Equal(t, []reply{
		{ticket.KindAnswer, ids("m1", "m2", "m3", "m4")},
		{ticket.KindAnswer, ids("m5")},
	}, b.answered())
}

func TestRepeatDuringTheModelCallStopsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivityCallModel] = func(context.Context, int) error {
		b.signal(msg("m1", 0))
		return nil
	}
	require.NoError(t, b.run())
	require.Len(t, inputs[ticket.CallModelInput](b.desk, ticket.ActivityCallModel), 1)
	require.Len(t, b.answered(), 1)
}

func TestOldMessageAloneCompletesAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.settle(id("m1"))
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())
	require.Equal(t, []string{ticket.ActivityCreateTicket}, b.names())
	require.Less(t, b.elapsed(), time.Minute)
}

func TestOldMessageOnAnOpenTicketKeepsItsClock(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.settle(id("m1"))
	b.openTicket()
	b.answers(false)
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())
	require.Equal(t, []string{ticket.ActivityCreateTicket, ticket.ActivityCloseTicket}, b.names())
	require.InDelta(t, closeAfter, b.elapsed(), float64(time.Minute))
}
