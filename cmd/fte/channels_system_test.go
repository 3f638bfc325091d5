package main

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// TestStopAndStart lets a customer send the assistant away and call it back.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const phone = "+491511234567"
	o.WhatsApp(phone, question, 1)
	o.Check()
	require.Len(t, o.RepliesTo(phone), 1)

	o.WhatsApp(phone, " Stop! ", 3)
	o.Check()
	require.Len(t, o.RepliesTo(phone), 2)
	require.Contains(t, o.RepliesTo(phone)[1], "START")
	o.WhatsApp(phone, "STOP", 1)
	o.WhatsApp(phone, question, 1)
	o.Escalated(ticket.EscalateOptedOut)
	o.Check()
	require.Len(t, o.RepliesTo(phone), 2, "nothing automatic follows, not even that a person was asked")

	o.WhatsApp(phone, "start", 1)
	o.Check()
	require.Len(t, o.RepliesTo(phone), 3)
	o.WhatsApp(phone, question, 1)
	o.Check()
	require.Len(t, o.RepliesTo(phone), 4)
}

// TestAnAnswerThatComesTooLateForWhatsApp is announced by a template, and sent
// when the customer writes.
func TestAnAnswerThatComesTooLateForWhatsApp(t *testing.T) {
	t.Parallel()
	l := newLab(t, map[string]string{"TWILIO_TEMPLATE_SID": "HX0123456789abcdef0123456789abcdef"})
	l.StartAll()
	const phone = "+491511234567"
	l.OpenAI.Faults().Set(wire.Fault{Match: "POST /v1/chat", Mode: wire.Hang})
	l.WhatsApp(phone, question, 1)
	require.NoError(t, l.OpenAI.Faults().WaitForHits(t.Context(), 1))
	// A day passes while nobody has an answer.
	schematest.Exec(t, l.Database, "UPDATE messages SET provider_at = provider_at - interval '24 hours'")
	l.OpenAI.Faults().Clear()
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
	require.NotEmpty(t, l.Twilio.Accepted()[0].ContentSID)
	require.Equal(t, "held", schematest.Scalar(t, l.Database, "SELECT state FROM outbox WHERE kind = 'answer'"))

	l.WhatsApp(phone, "Yes", 1)
	l.Check()
	replies := l.RepliesTo(phone)
	require.Len(t, replies, 2, "what waited, and nothing besides")
	require.Contains(t, replies[1], "30 minutes")
}

// TestWhatTheWebhookMissedIsFound begins after an outage of two days, in which
// a webhook got lost.
func TestWhatTheWebhookMissedIsFound(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	const early, late = "+491511234567", "+491511234568"
	l.WriteWithoutWebhook(early, question, time.Now().Add(-47*time.Hour))
	l.WriteWithoutWebhook(late, question, time.Now().Add(-10*time.Minute))
	schematest.Exec(t, l.Database, "INSERT INTO whatsapp_numbers (number, reconciled_at) VALUES ('"+lab.WhatsAppNumber+"', now() - interval '2 days')")
	l.StartAll()
	l.Check()
	require.Len(t, l.RepliesTo(late), 1)
	require.Empty(t, l.RepliesTo(early), "WhatsApp lets nobody answer that late without a template")
	l.Escalated(ticket.EscalateNotDelivered)
}

// TestAMailThatBouncesIsNoAnswer takes a reply back to a person that could not
// be delivered.
func TestAMailThatBouncesIsNoAnswer(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const from = "gone@customer.example"
	l.Deliver(lab.Mail{From: from, Name: "Ana", Subject: "Password", Text: question})
	l.Check()
	require.Len(t, l.RepliesTo(from), 1)
	_, err := l.Gmail.Bounce(l.Gmail.Sent()[0].ID, gmail.BounceUnknown)
	require.NoError(t, err)
	l.Escalated(ticket.EscalateNotDelivered)
	l.Check()
	require.Equal(t, "failed", schematest.Scalar(t, l.Database, "SELECT delivery FROM outbox WHERE kind = 'answer'"))
	require.Len(t, l.RepliesTo(from), 1, "a bounce is not answered")
}

// TestReplyByMailContinuesTheForm answers a form by mail, and the mailed answer
// by mail; whoever holds the page of the form does not read the mails.
func TestReplyByMailContinuesTheForm(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const from = "ana@customer.example"
	form := l.Form(from, "Password link", question, "key-1")
	l.Check()
	answer := l.Gmail.Sent()[0]
	replyTo, err := mail.ParseAddress(answer.Headers.Get("Reply-To"))
	require.NoError(t, err)
	l.Deliver(lab.Mail{
		From: from, Name: "Ana", Subject: "Re: Password link", Text: question + " " + l.Canary(from),
		To: replyTo.Address, InReplyTo: answer.Headers.Get("Message-Id"),
	})
	l.Check()
	require.Len(t, l.RepliesTo(from), 2)
	require.Equal(t, "1", schematest.Scalar(t, l.Database, "SELECT count(*) FROM tickets"))
	page := l.TicketPage(form.TicketID)
	require.Equal(t, form.TicketNumber, page.TicketNumber)
	require.NotContains(t, fmt.Sprint(page.Messages), l.Canary(from))
	require.Contains(t, fmt.Sprint(page.Messages), "by e-mail")
}

// TestTheSameWordsOnTwoChannels asks once by WhatsApp and once by mail, after
// the customer has shown that both are his.
func TestTheSameWordsOnTwoChannels(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const phone, from = "+491511234567", "ana@customer.example"
	o.WhatsApp(phone, question, 1)
	o.Check()
	number := o.number()
	o.Deliver(lab.Mail{From: from, Name: "Ana", Subject: "About me", Text: "My ticket on WhatsApp is " + number + ". " + question})
	o.Check()
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*) FROM customer_merges WHERE undone_at IS NULL"))

	const words = "How long is the link in the password mail valid, please?"
	before := len(o.RepliesTo(phone)) + len(o.RepliesTo(from))
	o.WhatsApp(phone, words, 1)
	o.Deliver(lab.Mail{From: from, Name: "Ana", Subject: "Link", Text: words})
	o.Check()
	all := append(o.RepliesTo(phone), o.RepliesTo(from)...)
	require.Len(t, all, before+2, "one answer, and one word on the other channel where it is")
	answers := 0
	for _, text := range all {
		if strings.Contains(text, "We have answered your message") {
			answers++
		}
	}
	require.Equal(t, 1, answers)
	o.Wait("one ticket has both", func(context.Context) bool {
		return schematest.Scalar(t, o.Database, "SELECT count(DISTINCT conversation_id) FROM messages WHERE body LIKE 'How long is%'") == "1"
	})
}
