package staff

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Who is told that something was done must be told of what they asked for.
func TestAnActionIDStandsForOneAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer("email", "ana@customer.example")
	seen, other := w.ticket(customer, ticket.Email), w.ticket(customer, ticket.Email)
	require.NoError(t, w.DB.InsertAction(t.Context(), schema.InsertActionParams{
		ActionID: "a1", ConversationID: seen.ConversationID, Action: string(ticket.ActionTakeover), Actor: "ana",
		Request: []byte("{}"), Result: []byte("{}"),
	}))
	w.temporal.ends(nil)
	_, err := w.Do(t.Context(), seen.Number, ticket.ActionTakeover, request("a1"))
	require.NoError(t, err, "the same once more")

	ben := request("a1")
	ben.Actor = "ben"
	for _, ask := range []func() error{
		func() error {
			_, err := w.Do(t.Context(), seen.Number, ticket.ActionRelease, request("a1"))
			return err
		},
		func() error {
			_, err := w.Do(t.Context(), other.Number, ticket.ActionTakeover, request("a1"))
			return err
		},
		func() error { _, err := w.Do(t.Context(), seen.Number, ticket.ActionTakeover, ben); return err },
		func() error { _, err := w.Reply(t.Context(), seen.Number, "ana", "hello", "a1"); return err },
	} {
		requireSentence(t, ask(), ticket.CodeConflict, "used for something else")
	}
}

func TestAnInvisibleReplyIsEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	for _, text := range []string{"\x1b", "\u200b", "\u202e \ufeff", " \n "} {
		_, err := w.Reply(t.Context(), seen.Number, "ana", text, NewActionID())
		requireSentence(t, err, ticket.CodeInvalid, "the reply is empty")
	}
}
