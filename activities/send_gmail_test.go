package activities_test

import (
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Requests to Gmail, for faults.
const (
	createsDraft = "POST /gmail/v1/users/me/drafts"
	sendsDraft   = "POST /gmail/v1/users/me/drafts/send"
	readsMail    = "GET /gmail/v1/users/me/messages/"
)

// question is a mail of the customer as it lies in the mailbox.
func question(subject, messageID, references string) []byte {
	return []byte("From: Ana Kunde <" + address + ">\r\nTo: " + mailbox + "\r\nSubject: " + subject + "\r\nMessage-ID: " + messageID +
		"\r\nReferences: " + references + "\r\n\r\nHow do I log in?\r\n")
}

// byMail opens a turn for a mail of the customer with a draft for it.
func (w *world) byMail(body string) (turnID, draftID uuid.UUID) {
	w.t.Helper()
	const messageID = "<q1@kunde.example>"
	_, err := w.gmail.Deliver(question("Login", messageID, "<q0@kunde.example>"))
	require.NoError(w.t, err)
	thread := w.gmail.Mailbox(address)[0].ThreadID
	c := w.conversation(ticket.Email, func(p *schema.InsertConversationParams) { p.GmailThreadID = &thread })
	id := messageID
	m := w.message(c, "How do I log in?", func(p *schema.InsertMessageParams) {
		p.Subject, p.RfcMessageID, p.RfcReferences = "Login", &id, []string{"<q0@kunde.example>"}
	})
	opened := w.open(c, m)
	return opened.TurnID, w.draft(opened.TurnID, body)
}

// onForm opens a turn for a message of the form with a draft for it.
func (w *world) onForm(body string) (turnID, draftID uuid.UUID) {
	w.t.Helper()
	opened := w.turn(w.conversation(ticket.WebForm), "How do I log in?")
	return opened.TurnID, w.draft(opened.TurnID, body)
}

func TestAMailIsDraftedSentAndReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendReplyResult{Standing: res.Standing, State: ticket.SendDone, Kind: ticket.KindAnswer, Parts: 1}, res)
	require.Equal(t, ticket.WaitingCustomer, res.Status)
	require.Empty(t, w.gmail.Drafts(mailbox))
	sent := w.gmail.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, w.gmail.Mailbox(address)[0].ThreadID, sent[0].ThreadID)
	require.Equal(t, []string{address}, sent[0].To)
	header := sent[0].Headers
	require.Equal(t, "Re: Login", header.Get("Subject"))
	require.Equal(t, "<q1@kunde.example>", header.Get("In-Reply-To"))
	require.Equal(t, "<q0@kunde.example> <q1@kunde.example>", header.Get("References"))
	part := w.parts(turn)[0]
	require.Equal(t, part.ID.String(), header.Get("X-Support-Outbound-Id"))
	require.Equal(t, sent[0].ID, *part.ProviderID)
	replyTo, err := mail.ParseAddress(header.Get("Reply-To"))
	require.NoError(t, err)
	leadsTo, ok := w.options.Secrets.ConversationOf(replyTo.Address)
	require.True(t, ok)
	require.Equal(t, part.ConversationID, leadsTo)
	require.Contains(t, sent[0].Text, "Dear Ana Kunde,")
	require.Contains(t, sent[0].Text, "Open the settings.")
	require.Contains(t, sent[0].Text, "T-")
	require.Equal(t, header.Get("Message-ID"), w.scalar("SELECT rfc_message_id FROM messages WHERE author = 'assistant'"))

	again, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, res, again)
	require.Len(t, w.gmail.Sent(), 1)
}

func TestManyWorkersSendOneMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { _, _ = w.send(turn, draft) })
	}
	all.Wait()
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.gmail.Sent(), 1)
	require.Empty(t, w.gmail.Drafts(mailbox))
}

func TestAFormAnswerIsMailedAndKeepsItsThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	c := w.conversation(ticket.WebForm)
	for _, body := range []string{"Open the settings.", "Yes, on the phone too."} {
		opened := w.turn(c, "a question")
		_, err := w.send(opened.TurnID, w.draft(opened.TurnID, body))
		require.NoError(t, err)
	}
	sent := w.gmail.Sent()
	require.Len(t, sent, 2)
	require.Contains(t, sent[0].Text, "https://help.firnwacht.example/ticket/")
	require.Equal(t, "Login", sent[0].Headers.Get("Subject"))
	require.Equal(t, sent[0].Headers.Get("Message-ID"), sent[1].Headers.Get("In-Reply-To"))
	require.Equal(t, sent[0].ThreadID, sent[1].ThreadID)
	require.Equal(t, sent[0].ThreadID, *w.reload(c.ID).GmailThreadID)
}

func TestWithoutAMailboxAFormAnswerIsOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	turn, draft := w.onForm("Open the settings.")
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	part := w.parts(turn)[0]
	require.Equal(t, "page", part.Via)
	require.Equal(t, "sent", part.State)
	require.Nil(t, part.ProviderID)
}

func TestAFormAdvertisesNothing(t *testing.T) {
	t.Parallel()
	for subject, mailed := range map[string]string{
		"Where is order 1183?":             "Where is order 1183?",
		"You won: https://evil.example/me": "Your request",
	} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withGmail()
			form := w.conversation(ticket.WebForm, func(p *schema.InsertConversationParams) { p.Subject = subject })
			opened := w.turn(form, "Hello")
			_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Hello."))
			require.NoError(t, err)
			require.Equal(t, mailed, w.gmail.Sent()[0].Headers.Get("Subject"))
		})
	}
}

func TestAPageAnswerWhoseWorkerDiedIsSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	turn, draft := w.onForm("Open the settings.")
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	w.exec("UPDATE outbox SET state = 'sending', sent_at = NULL")
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, []string{"sent"}, w.states(turn))
}

func TestASentMailIsFoundInItsThread(t *testing.T) {
	t.Parallel()
	faults := map[string]wire.Fault{
		"the answer got lost":           {Match: sendsDraft, Mode: wire.AcceptThenDrop},
		"a useless answer":              {Match: sendsDraft, Mode: wire.AcceptThenAnswer, Status: 500},
		"the Message-ID cannot be read": {Match: readsMail, Status: 503},
		"throttled after the send":      {Match: readsMail, Status: 429},
	}
	for name, fault := range faults {
		for channel, begin := range map[string]func(*world, string) (uuid.UUID, uuid.UUID){"email": (*world).byMail, "form": (*world).onForm} {
			t.Run(name+" "+channel, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t).withGmail()
				turn, draft := begin(w, "Open the settings.")
				w.gmail.SetFault(fault)
				_, err := w.send(turn, draft)
				requireRefused(t, err, ticket.CodeUnknownOutcome, false)
				require.Equal(t, firstCheck, refusal(t, err).NextRetryDelay())
				require.Equal(t, []string{"sending"}, w.states(turn))
				_, err = w.look(turn, draft, firstCheck)
				require.NoError(t, err)
				sent := w.gmail.Sent()
				require.Len(t, sent, 1)
				require.Equal(t, sent[0].ID, *w.parts(turn)[0].ProviderID)
				require.Equal(t, sent[0].Headers.Get("Message-ID"), w.scalar("SELECT rfc_message_id FROM messages WHERE author = 'assistant'"))
			})
		}
	}
}

func TestADraftThatIsStillThereIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	for range 3 {
		w.gmail.SetFault(wire.Fault{Match: sendsDraft, Mode: wire.Drop})
		_, err := w.send(turn, draft)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		require.Len(t, w.gmail.Drafts(mailbox), 1)
		w.later(firstCheck)
	}
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.gmail.Sent(), 1)
	require.Empty(t, w.gmail.Drafts(mailbox))
}

func TestADraftThatSomebodyDeletedIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	// Throttled, so the part is queued with its draft.
	throttled := gmail.ErrorFault(403, "userRateLimitExceeded", "slow down", 3)
	throttled.Match = sendsDraft
	w.gmail.SetFault(throttled)
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	require.Equal(t, 3*time.Second, refusal(t, err).NextRetryDelay())
	require.Equal(t, []string{"queued"}, w.states(turn))
	for _, d := range w.gmail.Drafts(mailbox) {
		require.NoError(t, w.gmail.Delete(mailbox, d.ID))
	}
	_, err = w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false) // sent before, or deleted
	_, err = w.look(turn, draft, firstCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	_, err = w.look(turn, draft, secondCheck)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Equal(t, []string{"failed"}, w.states(turn))
	require.Empty(t, w.gmail.Sent())
}

func TestADraftWeNeverLearnedOfIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	w.gmail.SetFault(wire.Fault{Match: createsDraft, Mode: wire.AcceptThenDrop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Equal(t, []string{"queued"}, w.states(turn))
	require.Len(t, w.gmail.Drafts(mailbox), 1)
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.gmail.Sent(), 1)
	require.Empty(t, w.gmail.Drafts(mailbox), "no orphan that a person might send")
}

// A worker that died after it had made the draft and before it had noted it.
func TestADraftThatWasNotNotedIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	w.gmail.SetFault(wire.Fault{Match: sendsDraft, Mode: wire.Drop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	w.exec("UPDATE outbox SET gmail_draft_id = NULL")
	_, err = w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Len(t, w.gmail.Sent(), 1)
	require.Empty(t, w.gmail.Drafts(mailbox))
}

func TestAThreadThatWasDeletedIsNoReasonToKeepSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	for _, m := range w.gmail.Mailbox(address) {
		require.NoError(t, w.gmail.Delete(mailbox, m.ID))
	}
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.gmail.Sent(), 1)
}

func TestGmailRefusesForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	refused := gmail.ErrorFault(400, "invalidArgument", "Invalid To header: "+address, 0)
	refused.Match = sendsDraft
	w.gmail.SetFault(refused)
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.NotContains(t, refusal(t, err).Error(), address)
	require.Equal(t, []string{"failed"}, w.states(turn))
}

func TestWithoutPermissionTheMailWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	w.gmail.SetFault(gmail.ErrorFault(403, "insufficientPermissions", "no", 0))
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	require.Equal(t, []string{"queued"}, w.states(turn))
	w.options.Gmail = nil
	_, err = w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	require.Contains(t, refusal(t, err).Message(), "GMAIL_")
	require.Equal(t, []string{"queued"}, w.states(turn))
}
