package activities_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// How old messages were settled is forgotten in the end; they are not new again.
func TestWhatRetentionForgotIsNotAnsweredAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	old := w.message(c, "how long is the warranty?")
	w.exec("UPDATE messages SET received_at = now() - interval '8 days' WHERE id = '" + old.String() + "'")
	second := w.message(c, "and what does a hub cost?")
	require.Equal(t, []uuid.UUID{second}, w.open(c, second).MessageIDs, "it was answered long ago")
	w.acted(c.ID, ticket.ActionTakeover)
	released := w.acted(c.ID, ticket.ActionRelease)
	require.Len(t, released.Unanswered, 1)
	require.Equal(t, second, released.Unanswered[0].MessageID)
	require.Empty(t, w.outcome(old))
}

func TestAReleasedTicketIsAnsweredAlsoWhereNoRunHadGotTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	lost := w.turn(c, "how long is the warranty?")
	w.acted(c.ID, ticket.ActionTakeover)
	res := w.acted(c.ID, ticket.ActionRelease)
	require.Equal(t, ticket.Open, res.Status)
	require.Len(t, res.Unanswered, 1)
	require.Equal(t, lost.MessageIDs[0], res.Unanswered[0].MessageID)

	w.acted(c.ID, ticket.ActionTakeover)
	w.acted(c.ID, ticket.ActionReply, says(w.text(c.ID, "Two years.")))
	res = w.acted(c.ID, ticket.ActionRelease)
	require.Empty(t, res.Unanswered, "a person has answered it")
	require.Equal(t, string(ticket.Human), w.outcome(lost.MessageIDs[0]))
}

// A conversation that is older than what is remembered of it can still have its
// drafts approved.
func TestAForgottenMessageDoesNotOutdateADraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	for _, turn := range []string{"NULL", "'" + w.turn(w.conversation(ticket.WhatsApp), "x").TurnID.String() + "'"} {
		old := w.message(c, "how long is the warranty?")
		w.exec("UPDATE messages SET received_at = now() - interval '40 days', turn_id = " + turn + " WHERE id = '" + old.String() + "'")
	}
	_, draft := w.awaited(c, "Open the settings.")
	w.acted(c.ID, ticket.ActionApproveDraft, about(draft))
}
