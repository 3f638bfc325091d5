package activities_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// mode lets the assistant do so much on WhatsApp, about one category if it is named.
func (w *world) mode(m ticket.Mode, category string) {
	w.t.Helper()
	require.NoError(w.t, w.db.PutMode(w.t.Context(), schema.PutModeParams{Channel: ticket.WhatsApp, Category: category, Mode: m}))
}

// approve is what a person's approval leaves behind.
func (w *world) approve(draft uuid.UUID) {
	w.t.Helper()
	w.exec("UPDATE drafts SET decision = 'approved', decided_by = 'bo' WHERE id = '" + draft.String() + "'")
}

func (w *world) pending(ticketID uuid.UUID) uuid.UUID {
	w.t.Helper()
	if p := w.ticket(ticketID).PendingDraftID; p != nil {
		return *p
	}
	return uuid.Nil
}

// held asserts that a draft is kept back and that nothing of it was settled.
func (w *world) held(opened ticket.CreateTicketResult, draft uuid.UUID, m ticket.Mode) ticket.SendReplyResult {
	w.t.Helper()
	res, err := w.send(opened.TurnID, draft)
	require.NoError(w.t, err)
	require.Equal(w.t, ticket.SendHeld, res.State)
	require.Equal(w.t, m, res.Mode)
	require.Equal(w.t, ticket.KindAnswer, res.Kind)
	require.Zero(w.t, res.Parts)
	require.Empty(w.t, w.parts(opened.TurnID))
	require.Empty(w.t, w.outcome(opened.MessageIDs[0]))
	require.Empty(w.t, w.published.of(ticket.TopicMetrics))
	require.NotNil(w.t, w.ticket(opened.TicketID).WaitingSince, "the customer still waits")
	return res
}

func TestTheModeOfACategoryWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mode := func(category string) ticket.Mode {
		c := w.conversation(ticket.WhatsApp, func(p *schema.InsertConversationParams) { p.InitialCategory = category })
		return w.turn(c, "hello").Mode
	}
	require.Equal(t, ticket.ModeAuto, mode("billing"), "nobody has set one")
	w.mode(ticket.ModeDraft, "")
	require.Equal(t, ticket.ModeDraft, mode("billing"))
	w.mode(ticket.ModeAuto, "billing")
	require.Equal(t, ticket.ModeAuto, mode("billing"))
	require.Equal(t, ticket.ModeDraft, mode("technical"))
	w.mode(ticket.ModeOff, "technical")
	require.Equal(t, ticket.ModeOff, mode("technical"))
	require.Equal(t, ticket.ModeAuto, w.turn(w.conversation(ticket.Email), "hello").Mode, "another channel")
}

func TestADraftWaitsForApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.mode(ticket.ModeDraft, "")
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	draft := w.draft(opened.TurnID, "Open the settings.")
	revision := opened.Revision
	for range 2 {
		res := w.held(opened, draft, ticket.ModeDraft)
		require.Greater(t, res.Revision, revision)
		revision = res.Revision
		require.Equal(t, draft, w.pending(opened.TicketID))
	}
	_, err := w.escalate(opened.TurnID, ticket.EscalateApproval, "medium")
	require.NoError(t, err)
	require.Equal(t, ticket.NeedsHuman, w.ticket(opened.TicketID).Status)

	w.approve(draft)
	for range 2 {
		res, err := w.send(opened.TurnID, draft)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, ticket.KindAnswer, res.Kind)
		require.Equal(t, 1, res.Parts)
		require.Equal(t, ticket.WaitingCustomer, res.Status, "a person has acted")
		require.Len(t, w.bodies(), 1)
	}
	row := w.ticket(opened.TicketID)
	require.Nil(t, row.PendingDraftID)
	require.Nil(t, row.EscalatedAt)
	require.Nil(t, row.WaitingSince)
	require.NotNil(t, row.FirstRepliedAt)
}

func TestAModeThatChangesWhileATurnRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	require.Equal(t, ticket.ModeAuto, opened.Mode)
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.mode(ticket.ModeOff, "")
	w.held(opened, draft, ticket.ModeOff)
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID), "there is nothing to approve")
	w.mode(ticket.ModeDraft, "")
	w.held(opened, draft, ticket.ModeDraft)
	w.mode(ticket.ModeAuto, "")
	require.Equal(t, ticket.SendDone, w.answer(opened.TurnID).State)
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID), "another answer has settled the turn")
}

func TestTheModeFollowsWhatTheMatterTurnsOutToBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.mode(ticket.ModeDraft, "billing")
	opened := w.turn(w.conversation(ticket.WhatsApp), "my invoice")
	require.Equal(t, ticket.ModeAuto, opened.Mode)
	require.NoError(t, w.db.ClassifyTicket(t.Context(), schema.ClassifyTicketParams{ID: opened.TicketID, Category: "billing", Priority: "low"}))
	w.held(opened, w.draft(opened.TurnID, "It is in the settings."), ticket.ModeDraft)
}

func TestAPersonsWordCountsInEveryMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.mode(ticket.ModeOff, "")
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.approve(draft)
	res, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Len(t, w.bodies(), 1)
}

func TestANoticeIsNeverHeld(t *testing.T) {
	t.Parallel()
	for _, m := range []ticket.Mode{ticket.ModeOff, ticket.ModeDraft} {
		w := newWorld(t).withTwilio()
		w.mode(m, "")
		opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
		require.Equal(t, m, opened.Mode)
		res, err := w.send(opened.TurnID, uuid.Nil)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, ticket.KindNotice, res.Kind)
		require.Len(t, w.bodies(), 1)
	}
}

func TestARejectedDraftNeverGoesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.mode(ticket.ModeDraft, "")
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.held(opened, draft, ticket.ModeDraft)
	w.exec("UPDATE drafts SET decision = 'rejected'; UPDATE tickets SET pending_draft_id = NULL")
	w.mode(ticket.ModeAuto, "")
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID))
	res, err := w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.KindNotice, res.Kind)
}

// A draft that waits answers what had been written when it was made.
func TestANewMessageSupersedesTheDraftThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.mode(ticket.ModeDraft, "")
	c := w.conversation(ticket.WhatsApp)
	first := w.message(c, "hello")
	opened := w.open(c, first)
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.held(opened, draft, ticket.ModeDraft)
	w.open(c, first)
	require.Equal(t, draft, w.pending(opened.TicketID), "the same batch once more changes nothing")

	second := w.message(c, "and one more thing")
	grown := w.open(c, first, second)
	require.Equal(t, opened.TurnID, grown.TurnID)
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID))
	better := w.draft(grown.TurnID, "Open the settings, and the profile.")
	w.held(grown, better, ticket.ModeDraft)
	require.Equal(t, better, w.pending(opened.TicketID))

	w.open(c, second)
	require.Equal(t, uuid.Nil, w.pending(opened.TicketID), "also when the workflow names the new one alone")
}
