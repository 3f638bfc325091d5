package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// next is the input that a run which continues as new hands over.
func next(t *testing.T, err error) ticket.TicketInput {
	t.Helper()
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &again)
	require.Equal(t, ticket.TicketWorkflow, again.WorkflowType.Name)
	var in ticket.TicketInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	return in
}

// golden is the input of a continued run as version 1 wrote it. The file is
// never rewritten: runs of that version may be waiting for months.
func golden(t *testing.T) ticket.TicketInput {
	t.Helper()
	return goldenOf(t, 1)
}

func goldenOf(t *testing.T, version int) ticket.TicketInput {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("testdata/carry-v%d.json", version))
	require.NoError(t, err)
	var in ticket.TicketInput
	require.NoError(t, json.Unmarshal(raw, &in))
	return in
}

func TestLongRunContinuesAfterItsTurn(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivityCallModel] = func(context.Context, int) error {
		b.at(0, func() { b.env.SetContinueAsNewSuggested(true) })
		return nil
	}
	in := next(t, b.run())
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered(), "the turn is finished first")
	require.Equal(t, id("conversation"), in.ConversationID)
	require.Equal(t, ticket.Email, in.Channel)
	c := in.Carry
	require.Empty(t, c.Inbox)
	require.Equal(t, ids("m1"), c.Seen)
	require.Len(t, c.Timeline, 1)
	require.Equal(t, explain(b), c.Last)
	require.Equal(t, ticket.ClockClose, c.Standing.Clocks[0].Name)
	require.WithinDuration(t, noon().Add(closeAfter), c.Standing.Clocks[0].DueAt, time.Minute)
	c.Timeline, c.Last, c.Standing.Clocks, c.Standing.Revision = nil, ticket.Explanation{}, nil, 0
	require.Equal(t, &ticket.Carry{
		Version: 3, Inbox: c.Inbox, Seen: ids("m1"), Turns: 1, CustomerRef: "c0ffee", Sentiment: 0.75,
		Standing: ticket.Standing{
			TicketID: id("ticket 1"), TicketNumber: "T-1", Status: ticket.WaitingCustomer, Owner: ticket.OwnerAI,
			Priority: "high", Category: "billing",
		},
	}, c)
}

func TestContinuedRunTakesTheRestWithIt(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivitySendReply] = func(context.Context, int) error {
		b.at(0, func() { b.env.SetContinueAsNewSuggested(true) })
		b.signal(msg("m3", 3))
		b.signal(msg("m2", 2), msg("m1", 0))
		return nil
	}
	in := next(t, b.run())
	require.Equal(t, []ticket.MessageRef{msg("m3", 3), msg("m2", 2)}, in.Carry.Inbox)

	b2 := newBench(t, ticket.Email)
	b2.desk = b.desk
	b2.before = map[string]func(context.Context, int) error{}
	b2.register(nil, b2.env)
	b2.arrive(time.Minute, msg("m1", 0), msg("m2", 2), msg("m3", 3))
	require.NoError(t, b2.runFrom(in))
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2", "m3")}}, b.answered())
	require.Equal(t, 1, b.tickets)
	require.Len(t, ask[[]ticket.Event](b2, ticket.QueryTimeline), 3)
}

func TestRunContinuesWhileItCollects(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.arrive(0, msg("m1", 0))
	b.at(time.Second, func() {
		b.env.SignalWorkflowSkippingWorkflowTask(ticket.SignalMessage, ticket.MessageSignal{Messages: []ticket.MessageRef{msg("m2", 1)}})
	})
	b.at(time.Second+time.Millisecond, func() { b.env.SetContinueAsNewSuggested(true) })
	in := next(t, b.run())
	require.Empty(t, b.names())
	require.Equal(t, []ticket.MessageRef{msg("m1", 0), msg("m2", 1)}, in.Carry.Inbox)
	require.Equal(t, ids("m1", "m2"), in.Carry.Seen)
}

func TestSettledRunEndsRatherThanContinues(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.settle(id("m1"))
	b.before[ticket.ActivityCreateTicket] = func(context.Context, int) error {
		b.at(0, func() { b.env.SetContinueAsNewSuggested(true) })
		return nil
	}
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())
}

func TestCarryOfAnEarlierVersionIsUnderstood(t *testing.T) {
	t.Parallel()
	const newest = 3
	requireFilled(t, reflect.ValueOf(*goldenOf(t, newest).Carry), "carry")

	// Handed on unchanged: nothing of it is dropped on the way.
	for version := 1; version <= newest; version++ {
		in := goldenOf(t, version)
		b := newBench(t, in.Channel)
		b.env.SetContinueAsNewSuggested(true)
		again := next(t, b.runFrom(in))
		require.Equal(t, newest, again.Carry.Version)
		again.Carry.Version = version
		require.Equal(t, in, again)
	}
}

// requireFilled fails for a field that the golden file has no value for, so
// that a field which is added gets one in a file of its own version.
func requireFilled(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	for i := range v.NumField() {
		name := path + "." + v.Type().Field(i).Name
		require.False(t, v.Field(i).IsZero(), "%s is not in the golden file", name)
		if name == "carry.Standing" {
			requireFilled(t, v.Field(i), name)
		}
	}
}

func TestCarriedRunGoesOnWhereTheLastOneStopped(t *testing.T) {
	t.Parallel()
	in := golden(t)
	b := newBench(t, in.Channel)
	b.tickets, b.status, b.revision = 1, ticket.WaitingCustomer, in.Carry.Standing.Revision
	b.facts = b.newFacts()
	b.arrive(time.Minute, ticket.MessageRef{MessageID: in.Carry.Seen[0], ReceivedAt: noon()})
	b.before[ticket.ActivityCreateTicket] = func(context.Context, int) error {
		view := b.view()
		require.Equal(t, "T-0123456789", view.TicketNumber)
		require.Equal(t, "the model was down", view.LastError)
		require.Equal(t, in.Carry.Last, explain(b))
		require.Contains(t, b.details(), "| Channel | email |")
		require.Contains(t, b.details(), "| Ticket | T-0123456789 |")
		return nil
	}
	require.NoError(t, b.runFrom(in))
	require.Equal(t, []reply{{ticket.KindAnswer, []uuid.UUID{in.Carry.Seen[1], in.Carry.Seen[2]}}}, b.answered(),
		"what waited is answered, with what a draft was to answer; what had been seen is not")
	require.EqualValues(t, 8, b.attr(ticket.AttrTurns))
}

func TestCarriedClockGoesOn(t *testing.T) {
	t.Parallel()
	in := golden(t)
	closing := &in.Carry.Standing.Clocks[0]
	closing.Name, closing.WarnAt = ticket.ClockClose, time.Time{}
	in.Carry.Inbox, in.Carry.Pending = nil, nil
	b := newBench(t, in.Channel)
	b.revision = in.Carry.Standing.Revision
	b.env.SetStartTime(closing.DueAt.Add(-time.Hour))
	require.NoError(t, b.runFrom(in))
	require.Equal(t, []string{ticket.ActivityCloseTicket}, b.names())
	require.WithinDuration(t, closing.DueAt, b.env.Now(), time.Minute)
}
