package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
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

// TestHostileMail delivers mails that are broken or built to break, and expects
// each to end with an outcome and nobody to get what is not his.
func TestHostileMail(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const victim = "victim@customer.example"
	l.Deliver(lab.Mail{From: victim, Name: "Vic", Subject: "Password", Text: question + " " + l.Canary(victim), MessageID: "<secret-thread@customer.example>"})
	l.Check()
	answered := len(l.RepliesTo(victim))

	head := func(from, rest string) string {
		return "From: " + from + "\r\nTo: <" + lab.Mailbox + ">\r\n" + rest
	}
	const plain = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	nested := "the innermost mail"
	for range 60 {
		nested = "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n" + nested
	}
	bomb := base64.StdEncoding.EncodeToString(zipBomb(t))
	for from, rest := range map[string]string{
		"references@evil.example": "Message-ID: <r@evil.example>\r\nIn-Reply-To: <secret-thread@customer.example>\r\n" +
			"References: " + strings.Repeat("<secret-thread@customer.example> ", 300) + "\r\nSubject: Re: Password\r\n" + plain + "What did I write?",
		"subject@evil.example":  "Subject: =?utf-8?q?hello=0D=0ABcc:_" + victim + "?=\r\n" + plain + question,
		"nested@evil.example":   "Subject: nested\r\n" + nested,
		"longline@evil.example": "Subject: a long line\r\n" + plain + strings.Repeat("x", 1<<20),
		"longhead@evil.example": "Subject: " + strings.Repeat("y", 1<<18) + "\r\n" + plain + question,
		"nul@evil.example":      "Subject: nul \x00\r\n" + plain + "nul \x00 \xff\xfe " + question,
		"empty@evil.example":    "Subject: \r\n\r\n",
		"bomb@evil.example": "Subject: bomb\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
			question + "\r\n--b\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=\"../../bomb.zip\"\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + bomb + "\r\n--b--\r\n",
		"parts@evil.example": "Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
			strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", 3000) + "--b--\r\n",
	} {
		l.DeliverRaw([]byte(head("<"+from+">", rest)), from)
	}
	l.DeliverRaw([]byte(head("\"Eve\r\n Bcc: "+victim+"\" <name@evil.example>", "Subject: name\r\n"+plain+question)), "name@evil.example")
	l.Check()
	require.Len(t, l.RepliesTo(victim), answered, "somebody else's mail made us write to the victim")
	for customer, n := range l.RepliesPerCustomer() {
		require.LessOrEqual(t, n, 1, customer)
	}
}

// zipBomb is a small archive of a large file.
func zipBomb(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	archive := zip.NewWriter(&buf)
	file, err := archive.Create("zeros")
	require.NoError(t, err)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, err := file.Write(zeros)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return buf.Bytes()
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
