package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// lasts makes an activity take so much virtual time before it does anything.
func lasts[I, R any](b *bench, name string, d time.Duration, do func(context.Context, I) (R, error)) {
	b.env.OnActivity(name, mock.Anything, mock.Anything).After(d).Return(do)
}

// News from elsewhere that reaches a run in the moment in which it would
// continue as new are seen to first: the next run would not know of them.
func TestNewsThatMeetContinueAsNewAreSeenToFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		b.takeOver()
		b.env.SignalWorkflowSkippingWorkflowTask(ticket.SignalMessage, ticket.MessageSignal{
			Messages: []ticket.MessageRef{{MessageID: id("their mail"), Author: ticket.Staff, ReceivedAt: noon()}},
		})
	})
	b.at(time.Minute+time.Millisecond, func() { b.env.SetContinueAsNewSuggested(true) })
	in := next(t, b.run())
	require.Equal(t, ticket.OwnerHuman, in.Carry.Standing.Owner)
	require.EqualValues(t, 1, in.Carry.Standing.Epoch)
}

// A run that has only collected messages does not claim to know what is open.
func TestContinuedRunThatHasNotAskedLooksAtTheTicket(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.openTicket()
	b.takeOver()
	b.env.SetContinueAsNewSuggested(true)
	in := next(t, b.run())
	require.Zero(t, in.Carry.Standing.Revision)

	b2 := newBench(t, ticket.WhatsApp)
	b2.desk = b.desk
	b2.now = b2.env.Now
	b2.register(nil, b2.env)
	b2.at(time.Second, func() { b2.act("p", ticket.ActionSetPriority, ticket.ActionRequest{Priority: "urgent"}) })
	b2.at(time.Minute, func() { b2.done("p"); b2.env.CancelWorkflow() })
	requireCanceled(t, b2.runFrom(in))
}

// A person who takes over while the approval of a draft is being stored is
// found out from another answer of the database: the verdict stands, and nothing
// is sent.
func TestTakeoverThatMeetsAnApproval(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	d := b.desk
	lasts(b, ticket.ActivityReadTicket, 2*time.Second, d.readTicket)
	lasts(b, ticket.ActivityApplyAction, 0, func(ctx context.Context, in ticket.ApplyActionInput) (ticket.ApplyActionResult, error) {
		res, err := d.applyAction(ctx, in)
		d.takeOver()
		b.signal(ticket.MessageRef{MessageID: id("their mail"), Author: ticket.Staff, ReceivedAt: noon()})
		select { // the result is on its way until the news are known
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
		return res, err
	})
	b.at(time.Hour, func() { b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: b.pending}) })
	b.at(3*time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	b.done("a")
	require.Empty(t, b.answered())
	require.Equal(t, ticket.Human, b.settled[id("m1")])
}

// A draft that was held for an owner who has changed since is not waited for.
func TestDraftHeldWhileTheOwnerChangesIsForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.mode = ticket.ModeDraft
	b.promise(1000 * time.Hour)
	lasts(b, ticket.ActivityEscalate, time.Minute, b.escalate)
	b.arrive(0, msg("m1", 0))
	b.at(20*time.Second, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
	b.at(40*time.Second, func() { b.act("r", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")}) })
	b.at(time.Hour, func() {
		require.NotContains(t, b.details(), "waits for a person's approval")
		b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: id("draft of " + id("call 1").String())})
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
	b.done("t")
	b.done("r")
	require.Equal(t, ticket.Human, b.settled[id("m1")])
}

// Whoever answers from elsewhere withdraws the draft; when the ticket is
// resolved before the run has heard of it, what the draft was to answer is not
// lost.
func TestResolveDoesNotForgetAWithdrawnDraft(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	b.at(time.Hour, func() {
		b.takeOver()
		b.act("r", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
	})
	b.at(2*time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	b.done("r")
	require.NotEqual(t, uuid.Nil, b.pending, "the message waits for approval again, or is settled")
}

// What a person was told had been done is seen through when a run is cancelled,
// also what the loop has not begun yet.
func TestCanceledRunSendsWhatWasApproved(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	lasts(b, ticket.ActivityApplyAction, time.Second, b.applyAction)
	b.at(time.Hour, func() {
		b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: b.pending})
		b.act("p", ticket.ActionSetPriority, ticket.ActionRequest{Priority: "low"})
	})
	b.at(time.Hour+1500*time.Millisecond, func() { b.done("a"); b.env.CancelWorkflow() })
	requireCanceled(t, b.run())
	require.Error(t, b.outcome("p").failed)
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
}
