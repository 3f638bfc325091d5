package activities_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// text stores a person's words, as the desk does before it asks for a reply.
func (w *world) text(c uuid.UUID, words string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	n, err := w.db.InsertStaffMessage(w.t.Context(), schema.InsertStaffMessageParams{
		ID: id, ConversationID: c, Channel: w.reload(c).Channel, ExternalID: "staff:" + id.String(), Body: words,
	})
	require.NoError(w.t, err)
	require.EqualValues(w.t, 1, n)
	return id
}

func says(message uuid.UUID) func(*ticket.ActionRequest) {
	return func(r *ticket.ActionRequest) { r.MessageID = message }
}

// queued asks for a reply and returns its message.
func (w *world) queued(c uuid.UUID, words string) uuid.UUID {
	w.t.Helper()
	id := w.text(c, words)
	w.acted(c, ticket.ActionReply, says(id))
	return id
}

// replied asks for a reply and delivers it.
func (w *world) replied(c uuid.UUID, words string) {
	w.t.Helper()
	_, err := w.deliver(w.queued(c, words))
	require.NoError(w.t, err)
}

func (w *world) deliver(message uuid.UUID) (ticket.SendStaffReplyResult, error) {
	return run(w, w.acts().SendStaffReply, ticket.SendStaffReplyInput{MessageID: message})
}

// partsOf returns the sends of a person's message.
func (w *world) partsOf(message uuid.UUID) []schema.PartsOfMessageRow {
	w.t.Helper()
	parts, err := w.db.PartsOfMessage(w.t.Context(), message)
	require.NoError(w.t, err)
	return parts
}

func (w *world) replyStates(message uuid.UUID) (states []string) {
	w.t.Helper()
	for _, p := range w.partsOf(message) {
		states = append(states, p.State)
	}
	return states
}

func TestAReplyGoesOutInPartsInAPersonsOwnWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.turn(conv, "hello")
	m := w.text(conv.ID, long)
	res := w.acted(conv.ID, ticket.ActionReply, says(m))
	require.Equal(t, ticket.WithHuman, res.Status)
	require.Equal(t, "ana", res.Assignee)
	require.EqualValues(t, 1, res.Epoch)
	require.Empty(t, w.bodies())
	open := w.ticket(opened.TicketID)
	require.NotNil(t, open.FirstRepliedAt)
	require.Nil(t, open.WaitingSince)

	for range 2 {
		sent, err := w.deliver(m)
		require.NoError(t, err)
		require.Equal(t, w.standing(conv.ID), sent.Standing)
		require.Equal(t, 3, sent.Parts)
		require.Len(t, w.bodies(), 3)
	}
	require.Equal(t, strings.Fields(long), strings.Fields(strings.Join(w.bodies(), " ")), "nothing is added, nothing is lost")
	parts := w.partsOf(m)
	for i, a := range w.twilio.Accepted() {
		require.Equal(t, m.String()+"/reply/"+string(rune('1'+i)), parts[i].SendKey)
		require.Nil(t, parts[i].TurnID)
		require.Equal(t, a.SID, *parts[i].ProviderID)
		require.Equal(t, "https://help.firnwacht.example/webhooks/whatsapp/status?oid="+parts[i].ID.String(), a.StatusCallback)
	}
	require.Equal(t, long, w.scalar("SELECT body FROM messages WHERE author = 'staff'"), "the text stays as it was written")
}

func TestAReplyByMailIsNothingButTheWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	c := w.reloadOf(turn)
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	m := w.queued(c, "Dear Ana,\r\n\r\nplease call me.\r\n\r\nBen from Firnwacht")
	sent, err := w.deliver(m)
	require.NoError(t, err)
	require.Equal(t, 1, sent.Parts)
	mails := w.gmail.Sent()
	require.Len(t, mails, 2)
	mail := mails[1]
	require.Equal(t, "Dear Ana,\n\nplease call me.\n\nBen from Firnwacht", strings.TrimSpace(strings.ReplaceAll(mail.Text, "\r\n", "\n")))
	require.Equal(t, []string{address}, mail.To)
	require.Equal(t, "<q1@kunde.example>", mail.Headers.Get("In-Reply-To"))
	require.Equal(t, "Re: Login", mail.Headers.Get("Subject"))
	require.Equal(t, w.partsOf(m)[0].ID.String(), mail.Headers.Get("X-Support-Outbound-Id"))
	require.Contains(t, mail.Headers.Get("From"), mailbox)
	require.Equal(t, mails[0].ThreadID, mail.ThreadID)
	require.Equal(t, mail.Headers.Get("Message-ID"), w.scalar("SELECT rfc_message_id FROM messages WHERE author = 'staff'"))
}

func TestAReplyToAFormIsOnThePageAndMailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversationOf(w.turn(w.conversation(ticket.WebForm), "hello"))
	m := w.queued(c, "Hello Ana.")
	_, err := w.deliver(m)
	require.NoError(t, err)
	require.Equal(t, "page", w.partsOf(m)[0].Via)
	require.Equal(t, []string{"sent"}, w.replyStates(m))

	w.withGmail()
	_, err = w.deliver(w.queued(c, "Hello again."))
	require.NoError(t, err)
	require.Len(t, w.gmail.Sent(), 1)
	require.Equal(t, "Hello again.", strings.TrimSpace(w.gmail.Sent()[0].Text))
}

func TestAReplyThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.turn(conv, "hello")
	other := w.conversation(ticket.WhatsApp)
	for name, tc := range map[string]struct {
		message uuid.UUID
		code    ticket.Code
	}{
		"unknown":              {uuid.New(), ticket.CodeNotFound},
		"another conversation": {w.text(other.ID, "hello"), ticket.CodeNotFound},
		"the customer's":       {opened.MessageIDs[0], ticket.CodeNotFound},
		"empty":                {w.text(conv.ID, " \n "), ticket.CodeInvalid},
	} {
		_, err := w.act(conv.ID, ticket.ActionReply, says(tc.message))
		requireRefused(t, err, tc.code, true)
		require.Equal(t, ticket.OwnerAI, w.reload(conv.ID).Owner, name)
	}
	m := w.queued(conv.ID, "Yes.")
	_, err := w.act(conv.ID, ticket.ActionReply, says(m))
	requireSentence(t, err, ticket.CodeInvalid, "already")
	_, err = w.act(conv.ID, ticket.ActionReply, says(w.text(conv.ID, "No.")), by("ben"))
	requireSentence(t, err, ticket.CodeInvalid, "with ana")
	_, err = w.deliver(uuid.New())
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Empty(t, w.bodies())
}

func TestAReplyOpensAClosedTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.turn(conv, "hello")
	w.closed(conv.ID)
	m := w.text(conv.ID, "One more thing.")
	res := w.acted(conv.ID, ticket.ActionReply, says(m))
	require.Equal(t, opened.TicketID, res.TicketID)
	require.Equal(t, ticket.WithHuman, res.Status)
	_, err := w.deliver(m)
	require.NoError(t, err)
}

func TestAReplyFollowsThePartThatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	m := w.text(w.reloadOf(turn), long)
	res := w.acted(w.reloadOf(turn), ticket.ActionReply, says(m))
	require.Equal(t, []string{turn.String() + "/answer/1"}, res.InFlight)

	_, err = w.deliver(m)
	requireRefused(t, err, ticket.CodeConflict, false)
	require.InDelta(t, 2*time.Second, refusal(t, err).NextRetryDelay(), float64(2*time.Second))
	require.Equal(t, []string{"queued", "queued", "queued"}, w.replyStates(m))

	_, err = w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	_, err = w.deliver(m)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 4)
	require.Equal(t, w.parts(turn)[0].Body, w.bodies()[0])
}

func TestAReplyWaitsForTheAssistantHalfAMinuteAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.neverAccepted(turn, draft)
	m := w.queued(w.reloadOf(turn), "I am looking into it.")
	w.later(29 * time.Second)
	_, err := w.deliver(m)
	requireRefused(t, err, ticket.CodeConflict, false)
	w.later(time.Second)
	_, err = w.deliver(m)
	require.NoError(t, err)
	require.Equal(t, []string{"I am looking into it."}, w.bodies())
	require.Equal(t, []string{"sending"}, w.states(turn), "it is still looked for")
}

// A worker that dies anywhere leaves a reply that the next one goes on with:
// nothing is sent twice, and nothing is left out.
func TestAWorkerDiesWhileItSendsAReply(t *testing.T) {
	t.Parallel()
	t.Run("after the claim", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withTwilio()
		m := w.onReply(long)
		w.exec("UPDATE outbox SET state = 'sending', attempts = 1, attempted_at = now() WHERE part = 1")
		_, err := w.deliver(m)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		w.later(firstCheck)
		_, err = w.deliver(m)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		require.Empty(t, w.bodies(), "not before it was looked for twice")
		w.later(secondCheck)
		_, err = w.deliver(m)
		require.NoError(t, err)
		require.Len(t, w.bodies(), 3)
	})
	for name, fault := range map[string]wire.Fault{
		"after the provider took it": {Match: posts, Mode: wire.AcceptThenDrop},
		"after a useless answer":     {Match: posts, Mode: wire.AcceptThenAnswer, Status: 502, Body: "bad gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			m := w.onReply(long)
			w.twilio.SetFault(fault)
			_, err := w.deliver(m)
			requireRefused(t, err, ticket.CodeUnknownOutcome, false)
			require.Len(t, w.bodies(), 1)
			require.Equal(t, []string{"sending", "queued", "queued"}, w.replyStates(m))
			w.later(firstCheck)
			_, err = w.deliver(m)
			require.NoError(t, err)
			require.Len(t, w.bodies(), 3)
			require.Equal(t, w.twilio.Accepted()[0].SID, *w.partsOf(m)[0].ProviderID)
		})
	}
	t.Run("a mail", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withGmail()
		turn, _ := w.byMail("")
		m := w.queued(w.reloadOf(turn), "Please call me.")
		w.gmail.SetFault(wire.Fault{Match: sendsDraft, Mode: wire.AcceptThenDrop})
		_, err := w.deliver(m)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		w.later(firstCheck)
		_, err = w.deliver(m)
		require.NoError(t, err)
		require.Len(t, w.gmail.Sent(), 1)
		require.Empty(t, w.gmail.Drafts(mailbox))
	})
}

// onReply brings a reply on WhatsApp to where it is to be delivered.
func (w *world) onReply(words string) uuid.UUID {
	w.t.Helper()
	conv := w.conversation(ticket.WhatsApp)
	w.turn(conv, "hello")
	return w.queued(conv.ID, words)
}

func TestManyWorkersSendAReplyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	m := w.onReply(long)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { _, _ = w.deliver(m) })
	}
	all.Wait()
	_, err := w.deliver(m)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 3)
}

// A reply is sent whoever owns the conversation by then: it has been promised
// to the person who wrote it.
func TestAReplyGoesOutThoughTheTicketWasReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	m := w.onReply("Yes.")
	c := w.partsOf(m)[0].ConversationID
	w.acted(c, ticket.ActionRelease)
	w.acted(c, ticket.ActionTakeover, by("ben"))
	_, err := w.deliver(m)
	require.NoError(t, err)
	require.Equal(t, []string{"Yes."}, w.bodies())
}

func TestAReplyThatIsRefusedIsForItsWriter(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	m := w.onReply(long)
	c := w.partsOf(m)[0].ConversationID
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 400, Body: `{"code":63016,"message":"window","status":400}`})
	for range 2 {
		_, err := w.deliver(m)
		requireRefused(t, err, ticket.CodeInvalid, true)
	}
	require.Equal(t, []string{"failed", "cancelled", "cancelled"}, w.replyStates(m), "what would follow is withdrawn")
	require.Empty(t, w.bodies())

	open := w.standing(c)
	res, err := run(w, w.acts().Escalate, ticket.EscalateInput{TicketID: open.TicketID, Code: ticket.EscalateNotDelivered, DueAt: time.Now(), Urgency: "high"})
	require.NoError(t, err)
	require.Equal(t, ticket.WithHuman, res.Status, "its person has it still")
	require.Equal(t, ticket.EscalateNotDelivered, res.Escalation)
	require.NotNil(t, w.ticket(open.TicketID).WaitingSince, "the customer has heard nothing")
	require.Contains(t, w.scalar("SELECT tried FROM handovers"), "Sending failed")
	require.Len(t, w.published.of(ticket.TopicEscalations), 1)
}

func TestAReplyWithoutCredentialsIsWithdrawnWhenItIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.onReply("Yes.")
	_, err := w.deliver(m)
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	require.Equal(t, []string{"queued"}, w.replyStates(m))
	c := w.partsOf(m)[0].ConversationID
	_, err = run(w, w.acts().Escalate, ticket.EscalateInput{TicketID: w.standing(c).TicketID, Code: ticket.EscalateNotDelivered})
	require.NoError(t, err)
	w.withTwilio()
	_, err = w.deliver(m)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Empty(t, w.bodies(), "its writer was told to write again")
}
