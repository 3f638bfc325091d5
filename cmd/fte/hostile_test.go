package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/ticket"
)

// TestPoisonIsPutAside puts records that nobody can read before and between a
// customer's messages, on the same lane.
func TestPoisonIsPutAside(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone = "+491511234567"
	l.Publish(ticket.TopicWhatsAppInbound, phone, "junk-1", ticket.TypeWhatsAppMessage, `{"params":`)
	l.Publish(ticket.TopicWhatsAppInbound, phone, "junk-2", "fte.unheard.of", `{}`)
	l.Publish(ticket.TopicTicketsIncoming, phone, "junk-3", ticket.TypeMessageReceived, `{"message_id":"x"}`)
	l.WhatsApp(phone, question, 1)
	l.Check("junk-1", "junk-2", "junk-3")
	require.Len(t, l.RepliesTo(phone), 1)

	listed := l.Run("dlq", "list")
	for _, id := range []string{"junk-1", "junk-2", "junk-3"} {
		require.Contains(t, listed, id)
	}
}

// TestHostileText sends what breaks naive systems on every channel and expects
// each message to end with an outcome.
func TestHostileText(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	for i, text := range []string{
		"nul \x00 and bell \x07 " + question,
		"broken \xff\xfe utf-8 " + question,
		"'); DROP TABLE messages; -- " + question,
		"{{.}} ${jndi} %s%n <script>alert(1)</script> & | ! <-> :* " + question,
		strings.Repeat("👩‍👩‍👧‍👦", 300),
		strings.Repeat("long line ", 400),
		"\u202eright to left\u202c\u200b\u2066 " + question,
	} {
		l.WhatsApp(fmt.Sprintf("+4915112345%02d", i), text, 1)
		l.Deliver(lab.Mail{From: fmt.Sprintf("c%d@customer.example", i), Name: "C", Subject: "s", Text: text})
		l.Form(fmt.Sprintf("f%d@customer.example", i), "Password link", text, fmt.Sprintf("key-%d", i))
	}
	l.Check()
	for customer, n := range l.RepliesPerCustomer() {
		require.LessOrEqual(t, n, 16, customer) // parts of one reply
	}
}

// TestManyCustomersAtOnce mixes three channels and looks for crossed wires.
func TestManyCustomersAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const customers = 12
	for i := range customers {
		phone, mail, form := fmt.Sprintf("+4915112345%02d", i), fmt.Sprintf("m%d@customer.example", i), fmt.Sprintf("f%d@customer.example", i)
		l.WhatsApp(phone, question+" "+l.Canary(phone), 2)
		l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: question + " " + l.Canary(mail)})
		l.Form(form, "Password link", question+" "+l.Canary(form), form)
	}
	l.Check()
	replies := l.RepliesPerCustomer()
	require.Len(t, replies, 3*customers)
	for customer, n := range replies {
		require.Equal(t, 1, n, customer)
	}
}
