package activities_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// awaited brings a draft to where it waits for approval, and asks for a person.
func (w *world) awaited(c schema.Conversation, body string) (opened ticket.CreateTicketResult, draft uuid.UUID) {
	w.t.Helper()
	require.NoError(w.t, w.db.PutMode(w.t.Context(), schema.PutModeParams{Channel: c.Channel, Mode: ticket.ModeDraft}))
	opened = w.turn(c, "how do I log in?")
	draft = w.draft(opened.TurnID, body)
	res, err := w.send(opened.TurnID, draft)
	require.NoError(w.t, err)
	require.Equal(w.t, ticket.SendHeld, res.State)
	_, err = run(w, w.acts().Escalate, ticket.EscalateInput{
		TicketID: opened.TicketID, TurnID: opened.TurnID, Code: ticket.EscalateApproval, DraftID: draft,
	})
	require.NoError(w.t, err)
	return opened, draft
}

func about(draft uuid.UUID) func(*ticket.ActionRequest) {
	return func(r *ticket.ActionRequest) { r.DraftID = draft }
}

func TestAnApprovedDraftIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened, draft := w.awaited(c, "Open the settings.")
	id := uuid.NewString()
	res := w.acted(c.ID, ticket.ActionApproveDraft, about(draft), under(id))
	require.Equal(t, ticket.Open, res.Status, "nobody is needed any more")
	require.Nil(t, w.ticket(opened.TicketID).EscalatedAt)
	require.Equal(t, res, w.acted(c.ID, ticket.ActionApproveDraft, about(draft), under(id)))
	require.Equal(t, "approved ana", w.scalar("SELECT concat_ws(' ', decision, decided_by) FROM drafts WHERE decided_at IS NOT NULL"))

	sent, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, sent.State)
	require.Equal(t, ticket.WaitingCustomer, sent.Status)
	require.Len(t, w.bodies(), 1)
	_, err = w.act(c.ID, ticket.ActionRejectDraft, about(draft), because("wrong"))
	requireSentence(t, err, ticket.CodeInvalid, "approved by ana")
}

func TestOfTwoDecisionsAboutADraftOneCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	_, draft := w.awaited(c, "Open the settings.")
	var approving, rejecting error
	var all sync.WaitGroup
	all.Go(func() { _, approving = w.act(c.ID, ticket.ActionApproveDraft, about(draft)) })
	all.Go(func() {
		_, rejecting = w.act(c.ID, ticket.ActionRejectDraft, about(draft), because("wrong"), by("ben"))
	})
	all.Wait()
	switch decision := w.scalar("SELECT decision FROM drafts"); decision {
	case "approved":
		require.NoError(t, approving)
		requireSentence(t, rejecting, ticket.CodeInvalid, "approved by ana")
	default:
		require.Equal(t, "rejected", decision)
		require.NoError(t, rejecting)
		requireSentence(t, approving, ticket.CodeInvalid, "rejected by ben")
	}
}

func TestARejectedDraftIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened, draft := w.awaited(c, "Open the settings.")
	_, err := w.act(c.ID, ticket.ActionRejectDraft, about(draft))
	requireSentence(t, err, ticket.CodeInvalid, "one word")
	res := w.acted(c.ID, ticket.ActionRejectDraft, about(draft), because("wrong"))
	require.Equal(t, ticket.NeedsHuman, res.Status)
	require.Nil(t, w.ticket(opened.TicketID).PendingDraftID)
	require.Equal(t, "rejected ana wrong", w.scalar("SELECT concat_ws(' ', decision, decided_by, reason_code) FROM drafts"))
	require.Equal(t, "wrong", w.scalar("SELECT reason FROM audit_log"))
	_, err = w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Empty(t, w.bodies())
}

func TestAnOutdatedDraftIsNotDecidedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened, draft := w.awaited(c, "Open the settings.")
	newer := w.draft(opened.TurnID, "Open the menu.")
	decisions := map[ticket.Action][]string{
		ticket.ActionApproveDraft: {"replaced", opened.TicketNumber}, ticket.ActionRejectDraft: {"replaced", opened.TicketNumber},
	}
	for action, words := range decisions {
		_, err := w.act(c.ID, action, about(newer), because("wrong"))
		requireSentence(t, err, ticket.CodeInvalid, words...)
	}
	m := w.message(c, "on the phone, I mean")
	_, err := w.act(c.ID, ticket.ActionApproveDraft, about(draft))
	requireSentence(t, err, ticket.CodeInvalid, "has written again")

	w.open(c, append(opened.MessageIDs, m)...)
	_, err = w.act(c.ID, ticket.ActionApproveDraft, about(draft))
	requireSentence(t, err, ticket.CodeInvalid, "No draft", "waits")
	_, err = w.act(c.ID, ticket.ActionApproveDraft, about(uuid.New()))
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Empty(t, w.scalar("SELECT string_agg(decision, '') FROM drafts"))
}

// What cannot be answered anyway is no reason to hold an answer back.
func TestAnAutomaticReplyDoesNotOutdateADraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.Email)
	_, draft := w.awaited(c, "Open the settings.")
	w.message(c, "I am on holiday", func(p *schema.InsertMessageParams) { p.SuppressReason = "auto_reply" })
	w.acted(c.ID, ticket.ActionApproveDraft, about(draft))
}

func TestATakeoverDropsTheDraftAndKeepsTheQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened, draft := w.awaited(c, "Open the settings.")
	w.acted(c.ID, ticket.ActionTakeover)
	require.Nil(t, w.ticket(opened.TicketID).PendingDraftID)
	require.Equal(t, string(ticket.Human), w.outcome(opened.MessageIDs[0]))
	_, err := w.act(c.ID, ticket.ActionApproveDraft, about(draft))
	requireSentence(t, err, ticket.CodeInvalid, "with a person")

	res := w.acted(c.ID, ticket.ActionRelease)
	require.Len(t, res.Unanswered, 1)
	require.Equal(t, opened.MessageIDs[0], res.Unanswered[0].MessageID)
	again := w.open(c, opened.MessageIDs...)
	require.Equal(t, opened.TurnID, again.TurnID, "the turn goes on where it was")
	held, err := w.send(again.TurnID, w.draft(again.TurnID, "Open the menu."))
	require.NoError(t, err)
	require.Equal(t, ticket.SendHeld, held.State)
}

func TestAResolvedTicketNeedsNoDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened, _ := w.awaited(c, "Open the settings.")
	res := w.resolved(c.ID)
	require.Equal(t, ticket.Resolved, res.Status)
	require.Nil(t, w.ticket(opened.TicketID).PendingDraftID)
	require.Equal(t, string(ticket.Human), w.outcome(opened.MessageIDs[0]), "it is settled with the ticket")
	require.Equal(t, "handed_over", w.scalar("SELECT state FROM turns"))
}

func TestAnOverrideNeedsItsInstruction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	stranger := w.turn(w.conversation(ticket.WebForm), "hello")
	asks := func(turn uuid.UUID) func(*ticket.ActionRequest) {
		id := uuid.New()
		_, err := w.db.InsertInstruction(t.Context(), schema.InsertInstructionParams{ID: id, TurnID: turn, Actor: "ana", Reason: "wrong"})
		require.NoError(t, err)
		return func(r *ticket.ActionRequest) { r.TurnID, r.InstructionID = turn, id }
	}
	before := w.standing(c)
	res := w.acted(c, ticket.ActionOverride, asks(opened.TurnID))
	before.Revision = res.Revision
	require.Equal(t, before, res.Standing)

	_, err := w.act(c, ticket.ActionOverride, func(r *ticket.ActionRequest) { r.TurnID, r.InstructionID = opened.TurnID, uuid.New() })
	requireSentence(t, err, ticket.CodeNotFound, "no such instruction")
	_, err = w.act(c, ticket.ActionOverride, asks(opened.TurnID), func(r *ticket.ActionRequest) { r.TurnID = stranger.TurnID })
	requireSentence(t, err, ticket.CodeNotFound, "no such instruction")
	_, err = w.act(c, ticket.ActionOverride, asks(stranger.TurnID))
	requireSentence(t, err, ticket.CodeInvalid, "does not belong to "+opened.TicketNumber)
	w.acted(c, ticket.ActionTakeover)
	_, err = w.act(c, ticket.ActionOverride, asks(opened.TurnID))
	requireSentence(t, err, ticket.CodeInvalid, "Release it first")
}
