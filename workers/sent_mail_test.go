package workers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// staffReply is what a person sends from the mailbox.
func staffReply() letter {
	return letter{
		from: "Kim <" + mailbox + ">", to: "Ben <ben@customer.example>", id: "<staff@firnwacht.example>",
		inReplyTo: "<1@customer.example>", text: "I take care of it. Kim", sent: true,
	}
}

func TestPersonTakesOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	other := b.takeOne(b.mail(letter{from: "cleo@customer.example", id: "<2@customer.example>", text: "Hello"}))
	queued := b.answered(m, "gmail", "queued")
	foreign := b.answered(other, "gmail", "queued")
	state := func() string {
		t.Helper()
		return b.scalar("SELECT c.owner || ' ' || c.epoch || ' ' || t.status || ' ' || o.state FROM outbox o JOIN conversations c ON c.id = o.conversation_id " +
			"JOIN tickets t ON t.conversation_id = c.id WHERE o.id = '" + queued.String() + "'")
	}
	require.Equal(t, "ai 0 open queued", state())

	r := b.mail(staffReply())
	told := b.takeOne(r)
	require.Equal(t, ticket.Staff, told.Author, "the workflow hears of it and has nothing to answer")
	require.Equal(t, m.ConversationID, told.ConversationID)
	require.Equal(t, m.WorkflowID, told.WorkflowID)
	require.Equal(t, m.CustomerID.String(), b.published.events[len(b.published.events)-1].Key)
	require.Equal(t, "human 1 with_human cancelled", state())
	require.Equal(t, "queued", b.scalar("SELECT state FROM outbox WHERE id = '"+foreign.String()+"'"), "of another conversation")
	require.Equal(t, "staff I take care of it. Kim", b.scalar("SELECT author || ' ' || body FROM messages WHERE rfc_message_id = '<staff@firnwacht.example>'"))

	t.Log("what was given back stays so when the mail comes again")
	require.NoError(t, b.DB.GiveBack(t.Context(), m.ConversationID))
	require.Equal(t, told, b.takeOne(r))
	require.Equal(t, ticket.OwnerAI, b.conversation(m.ConversationID).Owner)
	require.EqualValues(t, 2, b.conversation(m.ConversationID).Epoch)
	require.Equal(t, "1", b.scalar("SELECT count(*)::text FROM messages WHERE author = 'staff'"))

	t.Log("the customer replies to the person")
	back := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<3@customer.example>", inReplyTo: "<staff@firnwacht.example>", text: "Thanks"}))
	require.Equal(t, m.ConversationID, back.ConversationID)
}

func TestPersonTakesOverOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	r := b.mail(staffReply())
	b.together([]stream.Record{r, r, r, r, r})
	require.EqualValues(t, 1, b.conversation(m.ConversationID).Epoch)
	require.Equal(t, "2", b.count("messages"))
}

func TestPersonTakesOverWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	r := b.mail(staffReply())
	b.published.err = ticket.Errorf(ticket.CodeUnavailable, "no broker")
	requireBlocks(t, b.Handle(t.Context(), r))
	require.Equal(t, ticket.OwnerHuman, b.conversation(m.ConversationID).Owner, "the assistant is silent at once")
	b.published.err = nil
	require.Equal(t, ticket.Staff, b.takeOne(r).Author, "the workflow hears of it when it can")
	require.EqualValues(t, 1, b.conversation(m.ConversationID).Epoch)
}

// TestSentMailThatChangesNothing is about mails that left the mailbox and are
// no person's words to the customer.
func TestSentMailThatChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	for name, change := range map[string]func(*letter){
		"our own reply":    func(l *letter) { l.headers = []string{"X-Support-Outbound-Id: 42"} },
		"absence notice":   func(l *letter) { l.headers = []string{"Auto-Submitted: auto-replied"} },
		"passed on inside": func(l *letter) { l.to = "boss@firnwacht.example" },
		"a new mail":       func(l *letter) { l.inReplyTo = "" },
		"to nobody":        func(l *letter) { l.to = "" },
	} {
		l := staffReply()
		change(&l)
		require.Empty(t, b.take(b.mail(l)), name)
		require.Equal(t, ticket.OwnerAI, b.conversation(m.ConversationID).Owner, name)
		require.Equal(t, "1", b.count("messages"), name)
	}
}

func TestPersonTakesOverOnTicketOfForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	form := b.takeOne(record(t, ticket.TypeWebFormSubmission, submission(b, "cleo@customer.example", "1")))
	b.outbound(form, "<out@firnwacht.example>")
	l := staffReply()
	l.to, l.inReplyTo = "cleo@customer.example", "<out@firnwacht.example>"
	told := b.takeOne(b.mail(l))
	require.Equal(t, ticket.OwnerHuman, b.conversation(form.ConversationID).Owner)
	require.Equal(t, ticket.Staff, told.Author)
	require.Equal(t, form.WorkflowID, told.WorkflowID, "that of the form, whose conversation it is")
	require.Equal(t, ticket.WebForm, told.Channel)
}
