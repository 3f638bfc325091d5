package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	unproved := func(p *schema.InsertConversationParams) { p.SenderVerified = false }
	stranger := uuid.New()
	require.NoError(t, w.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: stranger}))
	ago := func(d time.Duration) func(*schema.InsertMessageParams) {
		return func(p *schema.InsertMessageParams) { p.ProviderAt = time.Now().Add(-d) }
	}
	here, mail, form := w.conversation(ticket.WhatsApp), w.conversation(ticket.Email), w.conversation(ticket.WebForm, unproved)
	other := w.conversation(ticket.Email, func(p *schema.InsertConversationParams) { p.CustomerID = stranger })
	inMail := w.message(mail, "by mail", ago(3*time.Hour))
	inForm := w.message(form, "by form", ago(2*time.Hour))
	w.message(other, "somebody else", ago(2*time.Hour))
	earlier := w.message(here, "earlier", ago(time.Hour))
	history := func(turnID uuid.UUID) []uuid.UUID {
		res, err := run(w, w.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: turnID})
		require.NoError(t, err)
		return res.MessageIDs
	}

	verified := w.turn(here, "now")
	require.Equal(t, []uuid.UUID{earlier, inMail}, history(verified.TurnID), "the newest first, only what is proved")
	claimed := w.turn(form, "now, by form")
	require.Equal(t, []uuid.UUID{inForm}, history(claimed.TurnID), "this conversation alone")
	w.message(here, "after", func(p *schema.InsertMessageParams) { p.ProviderAt = time.Now().Add(time.Hour) })
	require.Equal(t, []uuid.UUID{earlier, inMail}, history(verified.TurnID), "not what came later")
}

func TestHistoryHoldsWhatWasSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.turn(c, "one")
	_, err := w.send(first.TurnID, w.draft(first.TurnID, "Said."))
	require.NoError(t, err)
	second := w.turn(c, "two")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 400})
	_, err = w.send(second.TurnID, w.draft(second.TurnID, "Never said."))
	requireRefused(t, err, ticket.CodeInvalid, true)
	third := w.turn(c, "three")
	res, err := run(w, w.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: third.TurnID})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{second.MessageIDs[0], w.parts(first.TurnID)[0].MessageID, first.MessageIDs[0]}, res.MessageIDs)
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	for range 30 {
		w.message(c, "again")
	}
	opened := w.turn(c, "now")
	res, err := run(w, w.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: opened.TurnID})
	require.NoError(t, err)
	require.Len(t, res.MessageIDs, 20)
}

func TestHistoryHoldsWhatPeopleSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.Email)
	person := func(external string) func(*schema.InsertMessageParams) {
		return func(p *schema.InsertMessageParams) { p.Author, p.ExternalID = ticket.Staff, external }
	}
	seen := w.message(c, "from the mailbox", person("gmail:1"))
	sent := w.message(c, "from the desk", person("staff:1"))
	w.message(c, "not sent", person("staff:2"))
	withdrawn := w.message(c, "withdrawn", person("staff:3"))
	for _, id := range []uuid.UUID{sent, withdrawn} {
		require.NoError(t, w.db.InsertOutbox(t.Context(), schema.InsertOutboxParams{
			ID: uuid.New(), SendKey: id.String() + "/reply/1", ConversationID: c.ID, MessageID: id,
			Kind: ticket.KindReply, Part: 1, Via: "gmail", Recipient: address,
		}))
	}
	w.exec("UPDATE outbox SET state = 'cancelled' WHERE message_id = '" + withdrawn.String() + "'")
	opened := w.turn(c, "now")
	res, err := run(w, w.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: opened.TurnID})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{sent, seen}, res.MessageIDs)
}

// TestHistoryFollowsWhoIsOne reads the history of two customers while they are
// one, and of a number that has changed hands.
func TestHistoryFollowsWhoIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := uuid.New()
	require.NoError(t, w.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: other}))
	phone := w.conversation(ticket.WhatsApp)
	mail := w.conversation(ticket.Email, func(p *schema.InsertConversationParams) { p.CustomerID = other })
	byPhone := w.message(phone, "by phone", func(p *schema.InsertMessageParams) { p.ProviderAt = time.Now().Add(-time.Hour) })
	unproved := w.message(mail, "unproved", func(p *schema.InsertMessageParams) { p.Verified = false })
	now := w.turn(mail, "now").TurnID
	history := func() []uuid.UUID {
		t.Helper()
		res, err := run(w, w.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: now})
		require.NoError(t, err)
		return res.MessageIDs
	}
	require.Equal(t, []uuid.UUID{unproved}, history())
	merge := uuid.New()
	_, err := w.db.MergeCustomers(t.Context(), schema.MergeCustomersParams{ID: merge, A: other, B: w.customer, Reason: "by_hand", Actor: "kim"})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{unproved, byPhone}, history())
	w.exec("UPDATE conversations SET customer_since = now() - interval '1 minute' WHERE id = '" + phone.ID.String() + "'")
	require.Equal(t, []uuid.UUID{unproved}, history(), "the number has changed hands since")
	w.exec("UPDATE conversations SET customer_since = NULL")
	_, err = w.db.UndoMerge(t.Context(), schema.UndoMergeParams{ID: merge, Actor: "kim"})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{unproved}, history(), "they are two again")

	t.Log("a turn is verified while all of its messages are")
	require.Equal(t, "true", w.scalar("SELECT verified::text FROM turns WHERE id = '"+now.String()+"'"))
	forged := w.message(mail, "forged", func(p *schema.InsertMessageParams) { p.Verified = false })
	first := uuid.MustParse(w.scalar("SELECT first_message_id::text FROM turns WHERE id = '" + now.String() + "'"))
	grown, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: mail.ID, MessageIDs: []uuid.UUID{first, forged}})
	require.NoError(t, err)
	require.Equal(t, now, grown.TurnID)
	require.Equal(t, "false", w.scalar("SELECT verified::text FROM turns WHERE id = '"+now.String()+"'"))
	require.Equal(t, []uuid.UUID{unproved}, history())
}
