package activities_test

import (
	"net/mail"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// TestAnAnswerThatGoesToAnotherAddress is about words that came by mail into a
// conversation on WhatsApp: who wrote the mail gets a letter in its thread, and
// a reply to that comes back into the conversation.
func TestAnAnswerThatGoesToAnotherAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail().withTwilio()
	_, err := w.gmail.Deliver(question("Login", "<q1@kunde.example>", "<q0@kunde.example>"))
	require.NoError(t, err)
	thread := w.gmail.Mailbox(address)[0].ThreadID
	home := w.conversation(ticket.Email, func(p *schema.InsertConversationParams) { p.GmailThreadID = &thread })
	chat := w.conversation(ticket.WhatsApp)
	id, other := "<q1@kunde.example>", "<elsewhere@kunde.example>"
	w.message(chat, "An older mail of another thread", func(p *schema.InsertMessageParams) { p.RfcMessageID = &other })
	m := w.message(chat, "How do I log in?", func(p *schema.InsertMessageParams) {
		p.Channel, p.Subject, p.RfcMessageID, p.RfcReferences, p.HomeID = ticket.Email, "Login", &id, []string{"<q0@kunde.example>"}, &home.ID
	})
	turn := w.open(chat, m)
	_, err = w.send(turn.TurnID, w.draft(turn.TurnID, "Open the settings."))
	require.NoError(t, err)

	sent := w.gmail.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, thread, sent[0].ThreadID)
	require.Equal(t, []string{address}, sent[0].To)
	header := sent[0].Headers
	require.Equal(t, "Re: Login", header.Get("Subject"))
	require.Equal(t, "<q1@kunde.example>", header.Get("In-Reply-To"))
	require.Equal(t, "<q0@kunde.example> <q1@kunde.example>", header.Get("References"))
	require.Equal(t, "auto-replied", header.Get("Auto-Submitted"))
	require.Contains(t, sent[0].Text, "Dear Ana Kunde,", "a letter, as by mail")
	replyTo, err := mail.ParseAddress(header.Get("Reply-To"))
	require.NoError(t, err)
	leadsTo, ok := w.options.Secrets.ConversationOf(replyTo.Address)
	require.True(t, ok)
	require.Equal(t, chat.ID, leadsTo, "what is answered comes back to where the ticket is")
}

func TestAPersonsWordsAreNoAutomaticMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	_, err = w.deliver(w.queued(w.parts(turn)[0].ConversationID, "I am Bo and I look into it."))
	require.NoError(t, err)
	sent := w.gmail.Sent()
	require.Len(t, sent, 2)
	require.Equal(t, "auto-replied", sent[0].Headers.Get("Auto-Submitted"))
	require.Equal(t, "All", sent[0].Headers.Get("X-Auto-Response-Suppress"))
	require.Empty(t, sent[1].Headers.Get("Auto-Submitted"))
	require.Empty(t, sent[1].Headers.Get("X-Auto-Response-Suppress"))
	require.Equal(t, "<q1@kunde.example>", sent[1].Headers.Get("In-Reply-To"))
}
