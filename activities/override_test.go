package activities_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// instruct asks for a turn again.
func (w *world) instruct(turnID uuid.UUID, change ...func(*schema.InsertInstructionParams)) uuid.UUID {
	w.t.Helper()
	p := schema.InsertInstructionParams{ID: uuid.New(), TurnID: turnID, Actor: "bo", Reason: "wrong"}
	for _, f := range change {
		f(&p)
	}
	_, err := w.db.InsertInstruction(w.t.Context(), p)
	require.NoError(w.t, err)
	return p.ID
}

func auto(p *schema.InsertInstructionParams) { p.Auto = true }

func (w *world) override(turnID, draftID, instructionID uuid.UUID) (ticket.SendReplyResult, error) {
	return run(w, w.acts().SendReply, ticket.SendReplyInput{TurnID: turnID, DraftID: draftID, InstructionID: instructionID})
}

func (w *world) keys(turnID uuid.UUID) []string {
	w.t.Helper()
	var keys []string
	for _, p := range w.parts(turnID) {
		keys = append(keys, p.SendKey[len(turnID.String())+1:])
	}
	return keys
}

func TestAnAnsweredTurnIsCorrectedOnceApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	w.answer(opened.TurnID)
	asked, better := w.instruct(opened.TurnID), w.draft(opened.TurnID, "Open the profile.")
	for range 2 {
		res, err := w.override(opened.TurnID, better, asked)
		require.NoError(t, err)
		require.Equal(t, ticket.SendHeld, res.State)
		require.Equal(t, ticket.ModeDraft, res.Mode, "in the mode auto as well")
		require.Equal(t, ticket.KindCorrection, res.Kind)
		require.Equal(t, better, w.pending(opened.TicketID))
	}
	require.Equal(t, []string{"answer/1"}, w.keys(opened.TurnID))
	w.approve(better)
	for range 2 {
		res, err := w.override(opened.TurnID, better, asked)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, ticket.KindCorrection, res.Kind)
		require.Equal(t, 1, res.Parts)
		require.Equal(t, ticket.WaitingCustomer, res.Status)
		require.Equal(t, []string{"answer/1", "correction/1"}, w.keys(opened.TurnID))
		require.Len(t, w.bodies(), 2)
		require.Contains(t, w.bodies()[1], "Open the profile.")
	}
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID))

	// An ordinary repeat is about the first answer.
	res, err := w.send(opened.TurnID, better)
	require.NoError(t, err)
	require.Equal(t, ticket.KindAnswer, res.Kind)

	again := w.instruct(opened.TurnID, auto)
	_, err = w.override(opened.TurnID, w.draft(opened.TurnID, "Open the menu."), again)
	require.NoError(t, err)
	_, err = w.override(opened.TurnID, w.draft(opened.TurnID, "Something else."), again)
	require.NoError(t, err)
	require.Equal(t, []string{"answer/1", "correction/1", "correction/2"}, w.keys(opened.TurnID), "one answer an instruction")
	require.Len(t, w.bodies(), 3)
}

func TestATurnThatWasHandedOverIsAnsweredAfterAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	_, err := w.escalate(opened.TurnID, ticket.EscalateModel, "medium")
	require.NoError(t, err)
	_, err = w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	asked, draft := w.instruct(opened.TurnID, auto), w.draft(opened.TurnID, "Open the settings.")
	for range 2 {
		res, err := w.override(opened.TurnID, draft, asked)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, ticket.KindAnswer, res.Kind)
		require.Equal(t, ticket.WaitingCustomer, res.Status, "a person has asked for it")
		require.Equal(t, []string{"notice/1", "answer/1"}, w.keys(opened.TurnID))
		require.Len(t, w.bodies(), 2)
	}
	row := w.ticket(opened.TicketID)
	require.Nil(t, row.EscalatedAt)
	require.Nil(t, row.WaitingSince)
	require.Equal(t, string(ticket.Human), w.outcome(opened.MessageIDs[0]), "what it was settled with stays")
	_, err = w.override(opened.TurnID, w.draft(opened.TurnID, "Better."), w.instruct(opened.TurnID, auto))
	require.NoError(t, err)
	require.Equal(t, []string{"notice/1", "answer/1", "correction/1"}, w.keys(opened.TurnID))
}

func TestAnOpenTurnIsAnsweredAsInstructed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	asked, draft := w.instruct(opened.TurnID), w.draft(opened.TurnID, "Open the settings.")
	res, err := w.override(opened.TurnID, draft, asked)
	require.NoError(t, err)
	require.Equal(t, ticket.SendHeld, res.State)
	w.approve(draft)
	for range 2 {
		res, err = w.override(opened.TurnID, draft, asked)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, ticket.KindAnswer, res.Kind)
		require.Equal(t, []string{"answer/1"}, w.keys(opened.TurnID))
	}
	require.Equal(t, string(ticket.Answered), w.outcome(opened.MessageIDs[0]))
	require.Len(t, w.bodies(), 1)
}

func TestAnOverrideGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 400})
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Never said."))
	requireRefused(t, err, ticket.CodeInvalid, true)
	asked := w.instruct(opened.TurnID, auto)
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 429})
	_, err = w.override(opened.TurnID, w.draft(opened.TurnID, "Open the profile."), asked)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	res, err := w.override(opened.TurnID, w.draft(opened.TurnID, "Something else."), asked)
	require.NoError(t, err, "what became of the first answer is no matter")
	require.Equal(t, ticket.SendDone, res.State)
	require.Len(t, w.bodies(), 1)
	require.Contains(t, w.bodies()[0], "Open the profile.")
}

func TestAnOverrideThatIsStoppedByTheModeOrAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	w.answer(opened.TurnID)
	asked, draft := w.instruct(opened.TurnID, auto), w.draft(opened.TurnID, "Open the profile.")
	w.mode(ticket.ModeOff, "")
	res, err := w.override(opened.TurnID, draft, asked)
	require.NoError(t, err)
	require.Equal(t, ticket.SendHeld, res.State)
	require.Equal(t, ticket.ModeOff, res.Mode)
	w.mode(ticket.ModeAuto, "")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	res, err = w.override(opened.TurnID, draft, asked)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Equal(t, ticket.WithHuman, res.Status)
	require.Equal(t, []string{"answer/1"}, w.keys(opened.TurnID))
}

func TestAnInstructionIsForItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	other := w.turn(w.conversation(ticket.WhatsApp), "hello")
	w.answer(opened.TurnID)
	_, err := w.override(opened.TurnID, w.draft(opened.TurnID, "x"), w.instruct(other.TurnID, auto))
	requireRefused(t, err, ticket.CodeInvalid, true)
	_, err = w.override(opened.TurnID, w.draft(opened.TurnID, "x"), uuid.New())
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Equal(t, []string{"answer/1"}, w.keys(opened.TurnID))
}

// A correction that waits is about an old turn; a new one does not outgrow it.
func TestACorrectionWaitsBesideANewTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	w.answer(opened.TurnID)
	asked, better := w.instruct(opened.TurnID), w.draft(opened.TurnID, "Open the profile.")
	_, err := w.override(opened.TurnID, better, asked)
	require.NoError(t, err)
	next := w.turn(c, "another thing")
	require.Equal(t, better, w.pending(opened.TicketID))
	w.answer(next.TurnID)
	require.Equal(t, better, w.pending(opened.TicketID))
	w.approve(better)
	res, err := w.override(opened.TurnID, better, asked)
	require.NoError(t, err)
	require.Equal(t, ticket.KindCorrection, res.Kind)
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID))
}
