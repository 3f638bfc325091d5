package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// says sends a message through CreateTicket and returns what it calls for.
func (w *world) says(c schema.Conversation, body string, change ...func(*schema.InsertMessageParams)) ticket.CreateTicketResult {
	w.t.Helper()
	res, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{
		ConversationID: c.ID, MessageIDs: []uuid.UUID{w.message(c, body, change...)},
	})
	require.NoError(w.t, err)
	return res
}

func commanded(command ticket.Command) func(*schema.InsertMessageParams) {
	return func(p *schema.InsertMessageParams) { p.Command = command }
}

func without(words ticket.Wordless) func(*schema.InsertMessageParams) {
	return func(p *schema.InsertMessageParams) { p.Wordless = words }
}

// replies sends a draft for the turn.
func (w *world) replies(opened ticket.CreateTicketResult, body string) ticket.SendReplyResult {
	w.t.Helper()
	res, err := w.send(opened.TurnID, w.draft(opened.TurnID, body))
	require.NoError(w.t, err)
	return res
}

// plainly settles a turn with what it calls for.
func (w *world) plainly(opened ticket.CreateTicketResult) ticket.SendReplyResult {
	w.t.Helper()
	res, err := run(w, w.acts().SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, Plain: opened.Plain})
	require.NoError(w.t, err)
	return res
}

// texts returns what Twilio has accepted for the customer, the oldest first.
func (w *world) texts() []string {
	var texts []string
	for _, m := range w.twilio.Accepted() {
		texts = append(texts, m.Body)
	}
	return texts
}

func (w *world) suppress(reason string) {
	w.t.Helper()
	w.exec("INSERT INTO suppressions (kind, value, reason) VALUES ('whatsapp', '" + phone + "', '" + reason + "')")
}

func TestStopIsConfirmedOnceAndStartAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	w.suppress("stop")
	first := w.says(c, "STOP", commanded(ticket.CommandStop))
	require.Equal(t, ticket.PlainStop, first.Plain)
	require.Equal(t, ticket.SendDone, w.plainly(first).State)
	w.plainly(first) // a retry
	require.Len(t, w.texts(), 1)
	require.Contains(t, w.texts()[0], "START")
	require.Equal(t, "suppressed", w.scalar("SELECT outcome FROM processed_messages"))

	again := w.says(c, "stop!", commanded(ticket.CommandStop))
	require.Equal(t, ticket.PlainStop, again.Plain)
	require.Zero(t, w.plainly(again).Parts)
	require.Len(t, w.texts(), 1, "one confirmation only")

	question := w.says(c, "Where is my order?")
	require.Empty(t, question.Plain)
	require.Equal(t, ticket.EscalateOptedOut, question.Person, "a person may decide to answer")
	res, err := w.send(question.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Zero(t, res.Parts)
	require.Len(t, w.texts(), 1, "not even that a colleague will answer")

	w.exec("DELETE FROM suppressions")
	start := w.says(c, "Start", commanded(ticket.CommandStart))
	require.Equal(t, ticket.PlainStart, start.Plain)
	w.plainly(start)
	require.Len(t, w.texts(), 2)
	w.suppress("stop")
	w.plainly(w.says(c, "STOP", commanded(ticket.CommandStop)))
	require.Len(t, w.texts(), 3, "after a new start there is a new confirmation")
}

func TestAQuestionBehindAStopGoesToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	w.suppress("stop")
	opened, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: []uuid.UUID{
		w.message(c, "STOP", commanded(ticket.CommandStop)), w.message(c, "But where is my order?"),
	}})
	require.NoError(t, err)
	require.Equal(t, ticket.EscalateOptedOut, opened.Person)
	res, err := w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, 1, res.Parts)
	require.Contains(t, w.texts()[0], "no more automatic messages", "the stop is confirmed all the same")
	require.Equal(t, "2", w.scalar("SELECT count(*) FROM processed_messages WHERE outcome = 'human'"))
}

func TestStartWithAQuestionIsAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	res, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: []uuid.UUID{
		w.message(c, "START", commanded(ticket.CommandStart)), w.message(c, "How do I export a report?"),
	}})
	require.NoError(t, err)
	require.Empty(t, res.Plain)
	require.Len(t, res.MessageIDs, 2)
}

func TestAnAnswerMadeBeforeTheStopIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "How do I export a report?")
	w.suppress("stop")
	res := w.replies(opened, "Open the menu.")
	require.Equal(t, ticket.SendHeld, res.State)
	require.Equal(t, ticket.EscalateOptedOut, res.Why)
	require.Empty(t, w.texts())
	require.Equal(t, "open", w.scalar("SELECT state FROM turns"))
}

func TestMessagesWithoutWords(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		words  []ticket.Wordless
		plain  ticket.Plain
		person string
	}{
		"nothing":              {words: []ticket.Wordless{ticket.WordlessEmpty}, plain: ticket.PlainEmpty},
		"an image":             {words: []ticket.Wordless{ticket.WordlessMedia}, person: ticket.EscalateUnreadable},
		"an image and nothing": {words: []ticket.Wordless{ticket.WordlessEmpty, ticket.WordlessMedia}, person: ticket.EscalateUnreadable},
		"an image and words":   {words: []ticket.Wordless{ticket.WordlessMedia, ticket.WordlessNot}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			c := w.conversation(ticket.WhatsApp)
			in := ticket.CreateTicketInput{ConversationID: c.ID}
			for _, kind := range tc.words {
				in.MessageIDs = append(in.MessageIDs, w.message(c, "something", without(kind)))
			}
			res, err := run(w, w.acts().CreateTicket, in)
			require.NoError(t, err)
			require.Equal(t, tc.plain, res.Plain)
			require.Equal(t, tc.person, res.Person)
		})
	}
}

func TestWhatOnlyAPersonCanLookAtIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.says(w.conversation(ticket.WhatsApp), "[The customer sent an image.]", without(ticket.WordlessMedia))
	_, err := run(w, w.acts().Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: opened.Person})
	require.NoError(t, err)
	_, err = w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Contains(t, strings.Join(w.texts(), " "), "what you sent has arrived")
}

func TestTooManyMessagesAreToldOnceAndAnsweredTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.options.Policy.Allowance = 2
	c := w.conversation(ticket.WhatsApp)
	start := time.Now().Add(-20 * time.Second)
	written := func(seconds int) func(*schema.InsertMessageParams) {
		return func(p *schema.InsertMessageParams) { p.ProviderAt = start.Add(time.Duration(seconds) * time.Second) }
	}
	for i := range 2 {
		opened := w.says(c, "A question", written(i))
		require.Empty(t, opened.Plain)
		w.replies(opened, "An answer.")
	}
	third := w.message(c, "A third", written(5))
	res, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: []uuid.UUID{third}})
	require.NoError(t, err)
	require.Equal(t, ticket.PlainSlow, res.Plain)
	require.WithinDuration(t, start.Add(time.Minute), res.Until, time.Millisecond, "until the first of them is a minute old")
	for range 2 { // a retry
		sent := w.plainly(res)
		require.Equal(t, ticket.SendDone, sent.State)
		require.Equal(t, ticket.Open, sent.Status, "it is still our move")
	}
	require.Len(t, w.texts(), 3)
	require.Equal(t, "2", w.scalar("SELECT count(*) FROM processed_messages"), "nothing is settled by it")

	fourth := w.message(c, "A fourth", written(9))
	digest, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: c.ID, MessageIDs: []uuid.UUID{third, fourth}})
	require.NoError(t, err)
	require.Equal(t, res.TurnID, digest.TurnID)
	require.Empty(t, digest.Plain, "nobody is put off twice")
	require.Equal(t, ticket.KindAnswer, w.replies(digest, "Both answers.").Kind)
	require.Len(t, w.texts(), 4)
	require.Equal(t, "4", w.scalar("SELECT count(*) FROM processed_messages WHERE outcome = 'answered'"))
}

// TestTheLimitIsOfACustomerAndNotOfAChannel counts what one customer wrote
// everywhere, and nothing that somebody may have written in that name.
func TestTheLimitIsOfACustomerAndNotOfAChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withGmail()
	w.options.Policy.Allowance = 1
	unproved := func(p *schema.InsertMessageParams) { p.Verified = false }
	w.says(w.conversation(ticket.Email), "Forged", unproved)
	first := w.says(w.conversation(ticket.Email), "A question")
	require.Empty(t, first.Plain)
	w.replies(first, "An answer.")
	require.Empty(t, w.says(w.conversation(ticket.Email), "Forged once more", unproved).Plain, "it has an allowance of its own")
	require.Equal(t, ticket.PlainSlow, w.says(w.conversation(ticket.WhatsApp), "And by phone").Plain)
}

// TestNothingAutomaticGoesToAnAddressThatReturnsMail leaves to a person who
// cannot be reached by mail, also when that turns out while an answer waits.
func TestNothingAutomaticGoesToAnAddressThatReturnsMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	throttled := gmail.ErrorFault(403, "userRateLimitExceeded", "slow down", 3)
	throttled.Match = sendsDraft
	w.gmail.SetFault(throttled)
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.exec("INSERT INTO suppressions (kind, value, reason) VALUES ('email', '" + address + "', 'bounced')")
	_, err = w.send(turn, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "comes back")
	require.Equal(t, []string{"failed"}, w.states(turn))

	opened := w.says(w.conversation(ticket.Email), "Hello?")
	require.Equal(t, ticket.EscalateNotDelivered, opened.Person)
	res, err := w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Zero(t, res.Parts)
	require.Empty(t, w.gmail.Sent())
}

func TestAMachineThatAnswersIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	w.options.Policy.MailsPerHour = 2
	for i := range 3 {
		opened := w.says(w.conversation(ticket.Email), "I am away.")
		if i == 2 {
			require.Equal(t, ticket.EscalateLoop, opened.Person)
			res, err := w.send(opened.TurnID, uuid.Nil)
			require.NoError(t, err)
			require.Zero(t, res.Parts)
			break
		}
		require.Empty(t, opened.Person)
		w.replies(opened, "Thank you.")
	}
	require.Len(t, w.gmail.Sent(), 2)
}

func TestATicketHasItsOwnLimitOfMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	w.options.Policy.MailsPerTicket = 1
	c := w.conversation(ticket.Email)
	w.replies(w.says(c, "Hello"), "Hello.")
	w.exec("UPDATE outbox SET created_at = created_at - interval '2 hours'")
	require.Equal(t, ticket.EscalateLoop, w.says(c, "Hello again").Person)
	require.Empty(t, w.says(w.conversation(ticket.Email), "Another matter").Person)
}

// joined makes a message that came by WhatsApp a part of a mail conversation.
func joined(home schema.Conversation) func(*schema.InsertMessageParams) {
	return func(p *schema.InsertMessageParams) {
		p.Channel, p.HomeID, p.TextHash = home.Channel, &home.ID, []byte("same words")
	}
}

func TestTheAnswerGoesWhereTheCustomerWroteLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withGmail()
	mail, chat := w.conversation(ticket.Email), w.conversation(ticket.WhatsApp)
	res, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: mail.ID, MessageIDs: []uuid.UUID{
		w.message(mail, "Where is my order?", func(p *schema.InsertMessageParams) { p.TextHash = []byte("same words") }),
		w.message(mail, "Where is my order?", joined(chat)),
	}})
	require.NoError(t, err)
	require.Empty(t, res.Plain)
	sent := w.replies(res, "It is on its way.")
	require.Equal(t, ticket.KindAnswer, sent.Kind)
	require.Len(t, w.texts(), 1, "one answer")
	require.Contains(t, w.texts()[0], "It is on its way.")
	require.Len(t, w.gmail.Sent(), 1, "and on the other channel where it is")
	require.Contains(t, w.gmail.Sent()[0].Text, "We have answered your message on WhatsApp. Your ticket is "+sent.TicketNumber)
}

func TestTheSameWordsAreNotAnsweredTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withGmail()
	mail, chat := w.conversation(ticket.Email), w.conversation(ticket.WhatsApp)
	first := w.says(mail, "Where is my order?", func(p *schema.InsertMessageParams) { p.TextHash = []byte("same words") })
	w.replies(first, "It is on its way.")
	second := w.says(mail, "Where is my order?", joined(chat))
	require.Equal(t, ticket.PlainElsewhere, second.Plain)
	w.plainly(second)
	require.Equal(t, []string{"We have answered your message by e-mail. Your ticket is " + first.TicketNumber + "."}, w.texts())
	require.Len(t, w.gmail.Sent(), 1)
	require.Equal(t, "2", w.scalar("SELECT count(*) FROM processed_messages WHERE outcome = 'answered'"))
}
