package workers

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// twoChannels is a customer whose mail and number are known to be his.
func twoChannels(b *testBundle) (mail, phone ticket.MessageReceived) {
	b.t.Helper()
	mail = b.proved("ben@customer.example", "My hub is offline")
	phone = b.whatsApp("+4915112345678", "About "+b.opens(mail), start)
	require.True(b.t, b.one(mail, phone))
	return mail, phone
}

func (b *testBundle) home(m ticket.MessageReceived) string {
	b.t.Helper()
	return b.scalar("SELECT coalesce(home_id::text, '') FROM messages WHERE id = '" + m.MessageID.String() + "'")
}

func TestSameWordsOnTwoChannels(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, phone := twoChannels(b)
	const words = "Where is my refund for order 4711?"
	first := b.proved("ben@customer.example", words)
	second := b.whatsApp("+4915112345678", "where is my REFUND, for order 4711", start.Add(50*time.Second))
	require.Equal(t, first.ConversationID, second.ConversationID)
	require.Equal(t, first.WorkflowID, second.WorkflowID, "the workflow of the earlier one hears of it")
	require.Equal(t, ticket.Email, second.Channel)
	require.Equal(t, "whatsapp", b.scalar("SELECT channel FROM messages WHERE id = '"+second.MessageID.String()+"'"))
	require.Equal(t, phone.ConversationID.String(), b.home(second))
	require.Contains(t, b.conversation(first.ConversationID).Participants, "+4915112345678")
	require.True(t, b.verified(second))

	for name, m := range map[string]ticket.MessageReceived{
		"other words":   b.whatsApp("+4915112345678", "Where is my refund for order 4712?", start),
		"too late":      b.whatsApp("+4915112345678", words, start.Add(61*time.Second)),
		"too short":     b.whatsApp("+4915112345678", "Thank you!", start),
		"somebody else": b.whatsApp("+4915112345679", words, start),
	} {
		require.Empty(t, b.home(m), name)
	}
	b.proved("ben@customer.example", "Please send me the invoice again.")
	require.Empty(t, b.home(b.proved("ben@customer.example", "Please send me the invoice again.")), "on one channel it may be about two matters")
	t.Log("whoever is not proved joins nothing")
	require.Empty(t, b.home(b.proved("ben@customer.example", words, func(l *letter) { l.dmarc = false })))
	s := submission(b, "ben@customer.example", "same")
	s.Message, s.At = words, start
	require.Empty(t, b.home(b.takeOne(record(t, ticket.TypeWebFormSubmission, s))))
}

// Nothing automatic goes to where a person answers, and that person has to see
// what is written there.
func TestSameWordsToAPersonStayThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, phone := twoChannels(b)
	require.NoError(t, b.DB.GiveToPerson(t.Context(), schema.GiveToPersonParams{ID: phone.ConversationID, Assignee: "kim"}))
	const words = "Where is my refund for order 4711?"
	b.proved("ben@customer.example", words)
	chat := b.whatsApp("+4915112345678", words, start.Add(10*time.Second))
	require.Empty(t, b.home(chat))
	require.Equal(t, phone.ConversationID, chat.ConversationID)
}

// TestSameWordsAtOnce lets both messages come at the same time: one joins the
// other, whichever was first.
func TestSameWordsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	twoChannels(b)
	for range 10 {
		words := "Where is my refund for order " + uuid.NewString()
		before := len(b.published.received(t))
		b.together([]stream.Record{
			b.mail(letter{from: "ben@customer.example", to: mailbox, id: "<" + uuid.NewString() + "@x>", text: words, dmarc: true}),
			record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM"+uuid.NewString(), "+4915112345678", words)),
		})
		both := b.published.received(t)[before:]
		require.Equal(t, both[0].ConversationID, both[1].ConversationID)
		require.NotEqual(t, b.home(both[0]) == "", b.home(both[1]) == "", "one has come to the other")
	}
}

func TestHashOfWords(t *testing.T) {
	t.Parallel()
	require.Nil(t, hashOfWords("Thank you!"))
	require.Nil(t, hashOfWords("🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂"))
	require.NotNil(t, hashOfWords("Привет, как дела?"))
	require.Equal(t, hashOfWords("Où est ma  commande?"), hashOfWords("OU\u0300 est\nma commande"))
	require.NotEqual(t, hashOfWords("Order 4711 is late"), hashOfWords("Order 4712 is late"))
}
