package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

func TestQueriesTellTheTicketsStory(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivityCallModel] = func(_ context.Context, n int) error {
		require.Equal(t, ticket.TicketView{
			TicketID: id("ticket 1"), TicketNumber: "T-1", Status: ticket.Open, Owner: ticket.OwnerAI,
			Channel: ticket.WhatsApp, Priority: "medium", SLA: "first response due Mon 2 Mar 12:05 UTC",
		}, b.view())
		return nil
	}
	b.at(time.Hour, func() {
		require.Equal(t, ticket.TicketView{
			TicketID: id("ticket 1"), TicketNumber: "T-1", Status: ticket.WaitingCustomer, Owner: ticket.OwnerAI,
			Channel: ticket.WhatsApp, Priority: "high",
		}, b.view())
	})
	require.NoError(t, b.run())

	turn := id("turn of " + id("m1").String())
	events := ask[[]ticket.Event](b, ticket.QueryTimeline)
	require.Len(t, events, 2)
	require.Equal(t, ticket.Event{At: events[0].At, What: "answered", TurnID: turn, MessageIDs: ids("m1")}, events[0])
	require.WithinRange(t, events[0].At, noon().Add(time.Second), noon().Add(time.Minute))
	require.Equal(t, "closed without a further message", events[1].What)
	require.Equal(t, ticket.Explanation{
		TurnID: turn, PromptVersion: "v1", Model: "small",
		Chunks:   []ticket.ChunkScore{{ID: id("chunk " + turn.String() + uuid.Nil.String()), Score: 0.5}},
		Verdicts: []ticket.Verdict{{Rule: "citations", Passed: true}},
	}, explain(b))
}

func TestExplanationIsOfTheLastReplyWhileTheNextIsMade(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.arrive(time.Hour, msg("m2", 3600))
	b.before[ticket.ActivitySendReply] = func(_ context.Context, n int) error {
		if n == 2 {
			require.Equal(t, id("turn of "+id("m1").String()), explain(b).TurnID)
		}
		return nil
	}
	require.NoError(t, b.run())
	require.Equal(t, id("turn of "+id("m2").String()), explain(b).TurnID)
}

func TestTimelineKeepsTheLastFifty(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	for i := range 60 {
		b.arrive(time.Duration(i)*time.Hour, msg(fmt.Sprint(i), i))
	}
	require.NoError(t, b.run())
	events := ask[[]ticket.Event](b, ticket.QueryTimeline)
	require.Len(t, events, 50)
	require.Equal(t, ids("59"), events[48].MessageIDs)
}

func TestSearchAttributesAreSetOnceATurn(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.arrive(time.Hour, msg("m2", 3600))
	require.NoError(t, b.run())
	require.Len(t, b.upserts, 3, "two turns and the close")
	require.Equal(t, map[string]any{
		ticket.AttrTicketNumber: "T-1", ticket.AttrChannel: "email", ticket.AttrTicketStatus: "waiting_customer",
		ticket.AttrCustomerRef: "c0ffee", ticket.AttrAssignedTo: "ai", ticket.AttrCategory: "billing",
		ticket.AttrPromptVersion: "v1", ticket.AttrTicketPriority: int64(2), ticket.AttrTurns: int64(2),
		ticket.AttrSentiment: 0.75, ticket.AttrNeedsHuman: false, ticket.AttrLastInboundAt: noon().Add(time.Hour),
	}, b.upserts[1])
	require.Equal(t, "closed", b.attr(ticket.AttrTicketStatus))
}

func TestPriorityIsANumberThatSorts(t *testing.T) {
	t.Parallel()
	for priority, rank := range map[string]int64{"urgent": 1, "high": 2, "medium": 3, "low": 4} {
		t.Run(priority, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.model = func(int, ticket.CallModelInput) ticket.CallModelResult {
				return ticket.CallModelResult{Decision: ticket.DecideRespond, Priority: priority}
			}
			b.arrive(0, msg("m1", 0))
			require.NoError(t, b.run())
			require.Equal(t, rank, b.attr(ticket.AttrTicketPriority))
		})
	}
}

func TestPageOfTheRunSaysWhatMendsTheLastProblem(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.before[ticket.ActivityCallModel] = once(temporal.NewApplicationErrorWithOptions("the model's server answered 401", string(ticket.CodeUnauthorized),
		temporal.ApplicationErrorOptions{
			NonRetryable: true,
			Details:      []any{ticket.FailureDetails{Code: ticket.CodeUnauthorized, Mend: "check OPENAI_API_KEY, then `fte ticket show NUMBER`"}},
		}))
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		require.Contains(t, b.details(), "| Last problem | the model's server answered 401 |")
		require.Contains(t, b.details(), "| What mends it | check OPENAI_API_KEY, then `fte ticket show T-1` |")
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
}

func TestPageOfTheRunSaysFirstWhatALeadActsOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.model = func(int, ticket.CallModelInput) ticket.CallModelResult {
		return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request"}
	}
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		require.Equal(t, []string{
			"Ticket: T-1",
			"Status: needs_human",
			"Now: waits for a person to take over",
			"Answered by: the assistant, until a person takes over",
			"Why a person: The customer asks for money back or disputes a payment.",
			"Customer wrote: Mon 2 Mar 12:00 UTC",
		}, b.rows()[:6])
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
}

// rows are those of the table on the page of the run, as "name: value".
func (b *bench) rows() []string {
	b.t.Helper()
	var rows []string
	for line := range strings.Lines(b.details()) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		if len(cells) == 2 {
			rows = append(rows, cells[0]+": "+cells[1])
		}
	}
	return rows
}

func TestPageOfTheRunShowsNoMarkupOfOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.before[ticket.ActivityCallModel] = once(bad("refused | with a table\n| of its own |"))
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() {
		details := b.details()
		require.Contains(t, details, "| Last problem | refused / with a table / of its own / |")
		require.Contains(t, details, "| Status | needs_human |")
		require.Contains(t, details, "The language model could not be reached or used.")
		for line := range strings.Lines(details) {
			require.Equal(t, 3, strings.Count(line, "|"), line)
		}
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
}
