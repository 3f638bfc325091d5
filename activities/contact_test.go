package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func TestEarlierContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	said := func(turn uuid.UUID) string {
		t.Helper()
		sentence, err := w.acts().EarlierContact(t.Context(), turn)
		require.NoError(t, err)
		return sentence
	}
	ago := func(d time.Duration) func(*schema.InsertMessageParams) {
		return func(p *schema.InsertMessageParams) { p.ProviderAt = time.Now().Add(-d) }
	}
	open := func(c schema.Conversation, ids ...uuid.UUID) uuid.UUID {
		t.Helper()
		res, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: ids})
		require.NoError(t, err)
		return res.TurnID
	}
	phone := w.conversation(ticket.WhatsApp)
	at := time.Now().Add(-3 * 24 * time.Hour)
	require.Empty(t, said(open(phone, w.message(phone, "hello", ago(3*24*time.Hour)))), "there is nothing earlier")
	number := w.scalar("SELECT number FROM tickets")

	mail := w.conversation(ticket.Email)
	first := open(mail, w.message(mail, "by mail"))
	require.Equal(t, "You wrote to us by WhatsApp on "+at.UTC().Format("2 January")+" (ticket "+number+"); this continues from there.", said(first))
	_, err := w.send(first, w.draft(first, "An answer."))
	require.NoError(t, err)
	require.Empty(t, said(open(mail, w.message(mail, "more"))), "only the first answer says so")

	again := w.conversation(ticket.Email)
	claimed := w.message(again, "unproved", func(p *schema.InsertMessageParams) { p.Verified = false })
	require.Empty(t, said(open(again, claimed)), "whoever is not proved hears of nothing")

	stranger := uuid.New()
	require.NoError(t, w.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: stranger}))
	other := w.conversation(ticket.Email, func(p *schema.InsertConversationParams) { p.CustomerID = stranger })
	theirs := open(other, w.message(other, "somebody else"))
	require.Empty(t, said(theirs))
	_, err = w.db.MergeCustomers(t.Context(), schema.MergeCustomersParams{ID: uuid.New(), A: stranger, B: w.customer, Reason: "by_hand", Actor: "kim"})
	require.NoError(t, err)
	require.NotEmpty(t, said(theirs), "they are one now")
	w.exec("UPDATE conversations SET customer_since = now() WHERE id = '" + phone.ID.String() + "'")
	require.Empty(t, said(theirs), "the number has changed hands since")
	w.exec("UPDATE conversations SET customer_since = NULL; UPDATE messages SET provider_at = now() - interval '31 days' WHERE channel = 'whatsapp'")
	require.Empty(t, said(theirs), "too long ago")
}
