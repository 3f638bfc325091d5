package workflows_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// drafting is a conversation in which a person approves every answer.
func drafting(t *testing.T, c ticket.Channel) *bench {
	t.Helper()
	b := newBench(t, c)
	b.mode = ticket.ModeDraft
	b.promise(1000 * time.Hour)
	b.arrive(0, msg("m1", 0))
	return b
}

func TestApprovedDraftIsSent(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	var draft uuid.UUID
	b.at(time.Hour, func() {
		require.Empty(t, b.answered())
		require.Equal(t, ticket.NeedsHuman, b.view().Status)
		draft = b.pending
		require.Contains(t, b.details(), "| Now | draft "+draft.String()+" waits for a person's approval |")
		require.Equal(t, ticket.EscalateApproval, b.attr(ticket.AttrEscalationReason))
		b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: draft})
	})
	b.at(2*time.Hour, func() { b.act("again", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: draft}) })
	require.NoError(t, b.run())
	b.done("a")
	require.Contains(t, b.refused("again"), "may have been decided about")
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
	require.Equal(t, []string{ticket.EscalateApproval}, b.escalations())
	require.Equal(t, "approved by a person", explain(b).Rule)
	require.Len(t, inputs[ticket.CallModelInput](b.desk, ticket.ActivityCallModel), 1, "the model is not asked again")
}

func TestRejectedDraftGoesToAPerson(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	b.at(time.Hour, func() {
		b.act("r", ticket.ActionRejectDraft, ticket.ActionRequest{DraftID: b.pending, ReasonCode: "wrong"})
	})
	b.at(2*time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
	require.Equal(t, []string{ticket.EscalateApproval, ticket.EscalateRejected}, b.escalations())
}

// A message that comes while a draft waits makes the draft outdated: the answer
// must cover both.
func TestDraftIsReplacedWhenTheCustomerWritesMore(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.WhatsApp)
	var first, second uuid.UUID
	b.at(time.Hour, func() { first = b.pending })
	b.arrive(2*time.Hour, msg("m2", 7200))
	b.at(3*time.Hour, func() {
		second = b.pending
		require.NotEqual(t, first, second)
		b.act("old", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: first})
		b.act("new", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: second})
	})
	require.NoError(t, b.run())
	require.Contains(t, b.refused("old"), "replaced by a newer one")
	b.done("new")
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1", "m2")}}, b.answered())
	require.Len(t, b.turns, 1)
}

func TestTakeoverDropsTheDraft(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	var draft uuid.UUID
	b.at(time.Hour, func() { draft = b.pending; b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
	b.at(2*time.Hour, func() {
		b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: draft})
		require.Equal(t, ticket.Human, b.settled[id("m1")])
	})
	b.at(3*time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Contains(t, b.refused("a"), "with a person now")
	require.Empty(t, b.answered())
}

func TestResolveSettlesWhatWaitedForApproval(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	b.at(time.Hour, func() { b.act("r", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")}) })
	require.NoError(t, b.run())
	b.done("r")
	require.Empty(t, b.answered())
	require.Equal(t, ticket.Human, b.settled[id("m1")])
}

func TestPendingDraftIsCarriedOn(t *testing.T) {
	t.Parallel()
	b := drafting(t, ticket.Email)
	b.at(time.Hour, func() {
		b.env.SetContinueAsNewSuggested(true)
		b.signal(msg("m1", 0))
	})
	in := next(t, b.run())
	require.Equal(t, b.pending, in.Carry.Pending.DraftID)

	b2 := newBench(t, ticket.Email)
	b2.desk = b.desk
	b2.now = b2.env.Now
	b2.register(nil, b2.env)
	b2.at(time.Hour, func() { b2.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: b.pending}) })
	require.NoError(t, b2.runFrom(in))
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
}

// Switched off means that nothing of the assistant's leaves, not even what was
// under way.
func TestAssistantThatIsOffHandsOver(t *testing.T) {
	t.Parallel()
	t.Run("before the turn", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.mode = ticket.ModeOff
		b.arrive(0, msg("m1", 0))
		b.at(time.Minute, b.env.CancelWorkflow)
		requireCanceled(t, b.run())
		require.Equal(t, []string{ticket.ActivityCreateTicket, ticket.ActivityEscalate, ticket.ActivitySendReply}, b.names())
		require.Equal(t, []string{ticket.EscalateOff}, b.escalations())
		require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
	})
	t.Run("while it thinks", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ticket.Email)
		b.review = func(int) bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.mode = ticket.ModeOff
			return true
		}
		b.arrive(0, msg("m1", 0))
		b.at(time.Minute, b.env.CancelWorkflow)
		requireCanceled(t, b.run())
		require.Equal(t, []string{ticket.EscalateOff}, b.escalations())
		require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
	})
}

// A correction that waits for approval does not get lost in a new question.
func TestCorrectionWaitsBesideANewQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() {
		b.act("o", ticket.ActionOverride, ticket.ActionRequest{TurnID: id("turn of " + id("m1").String()), InstructionID: id("instruction")})
	})
	var correction uuid.UUID
	b.at(2*time.Hour, func() { correction = b.pending })
	b.arrive(3*time.Hour, msg("m2", 1))
	b.at(4*time.Hour, func() {
		require.Len(t, b.answered(), 2, "the question is answered meanwhile")
		b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: correction})
	})
	require.NoError(t, b.run())
	b.done("a")
	require.Equal(t, []ticket.Kind{ticket.KindAnswer, ticket.KindAnswer, ticket.KindCorrection},
		[]ticket.Kind{b.answered()[0].Kind, b.answered()[1].Kind, b.answered()[2].Kind})
}
