package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/digital-fte/fte/ticket"
)

// search is a model that wants more knowledge.
func search() ticket.CallModelResult {
	return ticket.CallModelResult{Decision: ticket.DecideSearch}
}

func respond() ticket.CallModelResult {
	return ticket.CallModelResult{Decision: ticket.DecideRespond}
}

func TestModelDecides(t *testing.T) {
	t.Parallel()
	const (
		search0, ask, review = ticket.ActivitySearchKnowledge, ticket.ActivityCallModel, ticket.ActivityReviewReply
		hand, send           = ticket.ActivityEscalate, ticket.ActivitySendReply
	)
	for name, tc := range map[string]struct {
		model  func(n int) ticket.CallModelResult
		review func(n int) bool
		steps  []string // between FetchHistory and CloseTicket
		why    string   // the escalation
	}{
		"answers": {steps: []string{search0, ask, review, send}},
		"searches once more, then answers": {
			model: func(n int) ticket.CallModelResult {
				if n == 1 {
					return search()
				}
				return respond()
			},
			steps: []string{search0, ask, search0, ask, review, send},
		},
		"searches and finds nothing": {
			model: func(int) ticket.CallModelResult { return search() },
			steps: []string{search0, ask, search0, ask, search0, ask, hand, send},
			why:   ticket.EscalateNoAnswer,
		},
		"asks for a person": {
			model: func(int) ticket.CallModelResult {
				return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request", Urgency: "high"}
			},
			steps: []string{search0, ask, hand, send}, why: "refund_request",
		},
		"asks for a person without a reason": {
			model: func(int) ticket.CallModelResult { return ticket.CallModelResult{Decision: ticket.DecideEscalate} },
			steps: []string{search0, ask, hand, send}, why: "other",
		},
		"decides what nobody knows": {
			model: func(int) ticket.CallModelResult { return ticket.CallModelResult{Decision: "sing"} },
			steps: []string{search0, ask, hand, send}, why: "other",
		},
		"mends its answer": {
			review: func(n int) bool { return n == 2 },
			steps:  []string{search0, ask, review, ask, review, send},
		},
		"cannot mend its answer": {
			review: func(int) bool { return false },
			steps:  []string{search0, ask, review, ask, review, hand, send}, why: ticket.EscalateReview,
		},
		"searches to mend its answer": {
			model: func(n int) ticket.CallModelResult {
				if n == 2 {
					return search()
				}
				return respond()
			},
			review: func(n int) bool { return n == 2 },
			steps:  []string{search0, ask, review, ask, search0, ask, review, send},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			if tc.model != nil {
				b.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult { return tc.model(n) }
			}
			b.review = tc.review
			b.arrive(0, msg("m1", 0))
			// A ticket that needs a person does not close, and its run goes on.
			b.at(90*24*time.Hour, b.env.CancelWorkflow)
			err := b.run()

			want := append([]string{ticket.ActivityCreateTicket, ticket.ActivityFetchHistory}, tc.steps...)
			if tc.why == "" {
				require.NoError(t, err)
				require.Equal(t, append(want, ticket.ActivityCloseTicket), b.names())
				require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
				require.Empty(t, b.escalations())
				return
			}
			require.Error(t, err)
			require.Equal(t, want, b.names())
			require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
			require.Equal(t, []string{tc.why}, b.escalations())
			require.Equal(t, ticket.NeedsHuman, b.view().Status)
			require.Equal(t, "escalate:"+tc.why, explain(b).Rule)
		})
	}
}

func explain(b *bench) ticket.Explanation {
	return ask[ticket.Explanation](b, ticket.QueryExplain)
}

func TestModelIsToldWhatItSearchedAndWhatWasRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		if n == 1 {
			return search()
		}
		return respond()
	}
	b.review = func(n int) bool { return n == 2 }
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())

	turn := id("turn of " + id("m1").String())
	first := ticket.Round{SearchID: id("search " + turn.String() + uuid.Nil.String())}
	second := ticket.Round{SearchID: id("search " + turn.String() + id("call 1").String()), ModelCallID: id("call 1")}
	history := ids("earlier")
	require.Equal(t, []ticket.CallModelInput{
		{TurnID: turn, History: history, Rounds: []ticket.Round{first}},
		{TurnID: turn, History: history, Rounds: []ticket.Round{first, second}},
		{TurnID: turn, History: history, Rounds: []ticket.Round{first, second}, RejectedDraftID: id("draft of " + id("call 2").String())},
	}, inputs[ticket.CallModelInput](b.desk, ticket.ActivityCallModel))
	require.Len(t, explain(b).Chunks, 2)
}

func TestEscalationCarriesTheModelsUrgency(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.model = func(int, ticket.CallModelInput) ticket.CallModelResult {
		return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "safety", Urgency: "high"}
	}
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, b.env.CancelWorkflow)
	require.Error(t, b.run())
	require.Equal(t, []ticket.EscalateInput{{
		TicketID: id("ticket 1"), TurnID: id("turn of " + id("m1").String()), Code: "safety", Urgency: "high", ModelCallID: id("call 1"),
	}}, inputs[ticket.EscalateInput](b.desk, ticket.ActivityEscalate)[:1])
}

// A step that gives up never fails the run: a person is asked and the customer
// is told so.
func TestStepThatGivesUpAsksForAPerson(t *testing.T) {
	t.Parallel()
	for step, why := range map[string]string{
		ticket.ActivityFetchHistory:    ticket.EscalateFault,
		ticket.ActivitySearchKnowledge: ticket.EscalateFault,
		ticket.ActivityCallModel:       ticket.EscalateModel,
		ticket.ActivityReviewReply:     ticket.EscalateFault,
		ticket.ActivitySendReply:       ticket.EscalateNotDelivered,
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.before[step] = once(bad("the account is exhausted"))
			b.arrive(0, msg("m1", 0))
			b.at(90*24*time.Hour, b.env.CancelWorkflow)
			require.Error(t, b.run())
			require.Equal(t, []string{why}, b.escalations())
			require.Equal(t, ticket.NeedsHuman, b.view().Status)
			require.Equal(t, "the account is exhausted", b.view().LastError)
			if step == ticket.ActivitySendReply {
				require.Empty(t, b.answered(), "what could not be sent is not sent differently")
				return
			}
			require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
		})
	}
}

func TestStepThatFailsForTooLongAsksForAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.before[ticket.ActivityCallModel] = func(context.Context, int) error { return errors.New("the model is down") }
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, b.env.CancelWorkflow)
	require.Error(t, b.run())
	require.Equal(t, []string{ticket.EscalateModel}, b.escalations())
	tries := len(inputs[ticket.CallModelInput](b.desk, ticket.ActivityCallModel))
	require.Greater(t, tries, 5, "it is tried for ten minutes")
	require.Less(t, tries, 30)
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
}

func TestAnswerAfterAnEscalationLeavesTheTicketToPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		if n == 1 {
			return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request"}
		}
		return respond()
	}
	b.arrive(0, msg("m1", 0))
	b.arrive(time.Hour, msg("m2", 3600))
	b.at(90*24*time.Hour, b.env.CancelWorkflow)
	require.Error(t, b.run())
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, b.answered())
	require.Equal(t, ticket.NeedsHuman, b.view().Status)
}

func TestStaleSendReadsTheTurnAgain(t *testing.T) {
	t.Parallel()
	t.Run("nothing is left", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.before[ticket.ActivitySendReply] = func(context.Context, int) error { b.settle(id("m1")); return nil }
		b.arrive(0, msg("m1", 0))
		b.at(time.Hour, b.env.CancelWorkflow)
		require.Error(t, b.run(), "the ticket stays open: whoever settled the message decides")
		require.Empty(t, b.answered())
		require.Len(t, inputs[ticket.CreateTicketInput](b.desk, ticket.ActivityCreateTicket), 2)
		require.Len(t, inputs[ticket.SendReplyInput](b.desk, ticket.ActivitySendReply), 1)
	})
	t.Run("a part is left", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.WhatsApp)
		b.before[ticket.ActivitySendReply] = func(_ context.Context, n int) error {
			if n == 1 {
				b.settle(id("m1"))
			}
			return nil
		}
		b.arrive(0, msg("m1", 0), msg("m2", 1))
		require.NoError(t, b.run())
		require.Equal(t, []reply{{ticket.KindAnswer, ids("m2")}}, b.answered())
	})
	t.Run("again and again", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.before[ticket.ActivityFetchHistory] = func(context.Context, int) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			delete(b.settled, id("m1"))
			return nil
		}
		b.before[ticket.ActivitySendReply] = func(context.Context, int) error { b.settle(id("m1")); return nil }
		// The desk forgets what it settled, as if two runs were at it for ever.
		b.before[ticket.ActivityCreateTicket] = b.before[ticket.ActivityFetchHistory]
		b.arrive(0, msg("m1", 0))
		b.at(time.Hour, b.env.CancelWorkflow)
		require.Error(t, b.run())
		require.Equal(t, []string{ticket.EscalateFault}, b.escalations())
		require.Len(t, inputs[ticket.SendReplyInput](b.desk, ticket.ActivitySendReply), 10)
		require.Equal(t, ticket.NeedsHuman, b.view().Status)
	})
}

func TestMutedSendLeavesTheConversationToItsOwner(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.takeOver()
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, b.env.CancelWorkflow)
	require.Error(t, b.run())
	require.Empty(t, b.answered())
	require.Empty(t, b.escalations())
	view := b.view()
	require.Equal(t, ticket.WithHuman, view.Status)
	require.Equal(t, ticket.OwnerHuman, view.Owner)
}

// outage is a database that a local activity cannot reach in its time.
func outage(ctx context.Context, _ int) error {
	if activity.GetInfo(ctx).IsLocalActivity {
		return errors.New("the database did not answer")
	}
	return nil
}

func TestLocalStepFallsBackToAnOrdinaryOne(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		ticket.ActivityCreateTicket, ticket.ActivityFetchHistory, ticket.ActivityReviewReply, ticket.ActivityCloseTicket,
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			var ordinary []string
			b.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				ordinary = append(ordinary, info.ActivityType.Name)
			})
			b.before[step] = outage
			b.arrive(0, msg("m1", 0))
			require.NoError(t, b.run())
			require.Contains(t, ordinary, step)
			require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
		})
	}
}

func TestBugFailsTheRun(t *testing.T) {
	t.Parallel()
	for step, model := range map[string]func(int, ticket.CallModelInput) ticket.CallModelResult{
		ticket.ActivityCreateTicket: nil,
		ticket.ActivityCloseTicket:  nil,
		ticket.ActivityEscalate: func(int, ticket.CallModelInput) ticket.CallModelResult {
			return ticket.CallModelResult{Decision: ticket.DecideEscalate}
		},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.model = model
			b.before[step] = func(context.Context, int) error { return bad("no such row") }
			b.arrive(0, msg("m1", 0))
			require.ErrorContains(t, b.run(), "no such row")
		})
	}
}
