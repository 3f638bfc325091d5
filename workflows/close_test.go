package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

func TestTicketClosesAfterItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WebForm)
	b.arrive(0, msg("m1", 0))
	b.at(closeAfter-time.Minute, func() {
		require.Equal(t, ticket.WaitingCustomer, b.view().Status)
		require.Empty(t, inputs[ticket.CloseTicketInput](b.desk, ticket.ActivityCloseTicket))
	})
	require.NoError(t, b.run())
	require.InDelta(t, closeAfter, b.elapsed(), float64(time.Minute))
	require.Equal(t, ticket.Closed, b.view().Status)
}

func TestMessageThatMeetsTheCloseKeepsTheRunAlive(t *testing.T) {
	t.Parallel()
	for _, c := range []ticket.Channel{ticket.Email, ticket.WhatsApp} {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c)
			b.arrive(0, msg("m1", 0))
			b.before[ticket.ActivityCloseTicket] = func(_ context.Context, n int) error {
				if n == 1 {
					b.signal(msg("m2", 3600))
				}
				return nil
			}
			require.NoError(t, b.run())
			require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, b.answered())
			require.Equal(t, 2, b.tickets, "a message after the close has a ticket of its own")
			require.Equal(t, []ticket.CloseTicketInput{{TicketID: id("ticket 1")}, {TicketID: id("ticket 2")}},
				inputs[ticket.CloseTicketInput](b.desk, ticket.ActivityCloseTicket))
		})
	}
}

func TestRepeatThatMeetsTheCloseLetsTheRunEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivityCloseTicket] = func(context.Context, int) error {
		b.signal(msg("m1", 0))
		return nil
	}
	require.NoError(t, b.run())
	require.Len(t, inputs[ticket.CreateTicketInput](b.desk, ticket.ActivityCreateTicket), 1)
}

func TestNewTicketInTheSameRunStartsAfresh(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		if n == 1 {
			return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request"}
		}
		return respond()
	}
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() {
		// A person has settled the matter, and then it closes.
		b.act("settled", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
	})
	b.arrive(2*time.Hour, msg("m2", 7200))
	b.before[ticket.ActivityCloseTicket] = func(_ context.Context, n int) error {
		if n == 1 {
			b.signal(msg("m3", 7300))
		}
		return nil
	}
	var reasons []any
	b.before[ticket.ActivityCreateTicket] = func(_ context.Context, n int) error {
		if n == 2 {
			reasons = append(reasons, b.attr(ticket.AttrEscalationReason))
		}
		return nil
	}
	require.NoError(t, b.run())
	require.Equal(t, []any{"refund_request"}, reasons)
	require.Nil(t, b.attr(ticket.AttrEscalationReason), "the second ticket was not escalated")
	require.Equal(t, 2, b.tickets)
}

func TestCancelEndsTheRun(t *testing.T) {
	t.Parallel()
	t.Run("while it waits", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.arrive(0, msg("m1", 0))
		b.at(time.Hour, b.env.CancelWorkflow)
		requireCanceled(t, b.run())
		require.Len(t, b.answered(), 1)
	})
	t.Run("while it collects", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.WhatsApp)
		b.arrive(0, msg("m1", 0))
		b.at(time.Second, b.env.CancelWorkflow)
		requireCanceled(t, b.run())
		require.Empty(t, b.names())
	})
	t.Run("while the model thinks", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.arrive(0, msg("m1", 0))
		b.whenStopped(ticket.ActivityCallModel, func(int) bool { b.env.CancelWorkflow(); return true })
		requireCanceled(t, b.run())
		require.Empty(t, b.answered())
		require.Empty(t, b.escalations())
	})
	t.Run("while a send is under way", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.arrive(0, msg("m1", 0))
		b.before[ticket.ActivitySendReply] = func(_ context.Context, n int) error {
			if n == 1 {
				b.env.CancelWorkflow()
				return errors.New("the provider is down")
			}
			return nil
		}
		requireCanceled(t, b.run())
		require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered(), "the send is seen through")
	})
	t.Run("while it closes", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.arrive(0, msg("m1", 0))
		b.before[ticket.ActivityCloseTicket] = func(context.Context, int) error { b.env.CancelWorkflow(); return errors.New("down") }
		requireCanceled(t, b.run())
	})
}

func requireCanceled(t *testing.T, err error) {
	t.Helper()
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
}
