package workers

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// letter is a mail as a test describes it; what is empty is left out.
type letter struct {
	from, to, replyTo, id, inReplyTo, references, subject, text string
	gmailID, thread                                             string
	headers                                                     []string
	dmarc, sent                                                 bool
}

// mail stores the raw mail and returns the event that refers to it.
func (b *testBundle) mail(l letter) stream.Record {
	b.t.Helper()
	if l.gmailID == "" {
		l.gmailID = uuid.NewString()
	}
	var lines []string
	if l.dmarc {
		_, domain, _ := strings.Cut(strings.TrimSuffix(l.from, ">"), "@")
		lines = append(lines, "Authentication-Results: mx.google.com; dmarc=pass (p=REJECT) header.from="+domain)
	}
	lines = append(lines, l.headers...)
	for _, h := range [][2]string{
		{"From", l.from},
		{"To", l.to},
		{"Reply-To", l.replyTo},
		{"Message-ID", l.id},
		{"In-Reply-To", l.inReplyTo},
		{"References", l.references},
		{"Subject", l.subject},
	} {
		if h[1] != "" {
			lines = append(lines, h[0]+": "+h[1])
		}
	}
	labels := []string{"INBOX"}
	if l.sent {
		labels = []string{email.LabelSent}
	}
	body := strings.Join(lines, "\r\n") + "\r\n\r\n" + l.text + "\r\n"
	ref := uuid.New()
	require.NoError(b.t, b.DB.InsertRawEvent(b.t.Context(), schema.InsertRawEventParams{
		ID: ref, Source: "gmail:" + mailbox, ExternalID: l.gmailID, Body: []byte(body), ProviderAt: start, Labels: labels,
	}))
	return record(b.t, ticket.TypeEmailRaw, ticket.EmailRaw{Mailbox: mailbox, GmailID: l.gmailID, ThreadID: l.thread, RawRef: ref})
}

func TestMail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.mail(letter{
		from: "Ben Okri <Ben@Customer.example>", to: mailbox, id: "<1@customer.example>", subject: "Invoice", gmailID: "g1", thread: "th1",
		text: "Where is it?\r\n\r\nOn Mon, Mar 2, 2026 at 9:00 AM Ana <ana@firnwacht.example> wrote:\r\n> Soon.", dmarc: true,
	})
	m := b.takeOne(r)

	require.Equal(t, ticket.Email, m.Channel)
	require.Equal(t, start, m.ReceivedAt.UTC())
	require.Equal(t, "gmail:"+mailbox+":g1", b.published.events[0].ID)
	conv := b.conversation(m.ConversationID)
	require.Equal(t, mailbox+" <1@customer.example>", conv.Key)
	require.Equal(t, "th1", *conv.GmailThreadID)
	require.Equal(t, "ben@customer.example", conv.ReplyTo)
	require.True(t, conv.SenderVerified)
	require.Equal(t, "true", b.scalar("SELECT verified::text FROM customer_identities WHERE value = 'ben@customer.example'"))
	require.Equal(t, "Where is it?", b.scalar("SELECT body FROM messages"))
	require.Contains(t, b.scalar("SELECT quoted FROM messages"), "Soon.")
	require.Empty(t, b.scalar("SELECT suppress_reason FROM messages"))

	require.Equal(t, m, b.takeOne(r), "delivered twice")
	require.Equal(t, "1", b.count("messages"))
}

func TestMailWithoutDMARCProvesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	require.False(t, b.conversation(m.ConversationID).SenderVerified)
	require.Equal(t, "0", b.count("customer_identities"))
	require.Equal(t, "ben@customer.example", b.scalar("SELECT value FROM identity_claims"))

	t.Log("a later mail that passes proves the address, for its own conversation")
	later := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<2@customer.example>", text: "Hello", dmarc: true}))
	require.NotEqual(t, m.CustomerID, later.CustomerID, "whoever wrote the first may be somebody else")
	require.NotEqual(t, m.ConversationID, later.ConversationID)
	require.Equal(t, "ben@customer.example", b.scalar("SELECT value FROM customer_identities"))
	require.False(t, b.conversation(m.ConversationID).SenderVerified)
	require.True(t, b.conversation(later.ConversationID).SenderVerified)
}

func TestMailThatMustNotBeAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		letter letter
		reason email.SuppressReason
	}{
		"absence notice": {letter{from: "ben@customer.example", headers: []string{"Auto-Submitted: auto-replied"}}, email.SuppressAutoSubmitted},
		"newsletter":     {letter{from: "news@customer.example", headers: []string{"List-Unsubscribe: <mailto:x@y.example>"}}, email.SuppressList},
		"our mailbox":    {letter{from: "support+tag@firnwacht.example"}, email.SuppressOwnMailbox},
		"our mail back":  {letter{from: mailbox, headers: []string{"X-Support-Outbound-Id: 7"}}, email.SuppressOwnMail},
	} {
		c.letter.text, c.letter.id = "I am away.", "<"+uuid.NewString()+"@customer.example>"
		m := b.takeOne(b.mail(c.letter))
		require.Equal(t, string(c.reason), b.scalar("SELECT suppress_reason FROM messages WHERE id = '"+m.MessageID.String()+"'"), name)
	}
}

// TestMailWithoutReadableSender is about mails whose From is no address that
// one could answer to.
func TestMailWithoutReadableSender(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ben := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	r := b.mail(letter{
		from: "undisclosed sender", id: "<1@customer.example>", inReplyTo: "<1@customer.example>",
		to: b.Secrets.ReplyAddress(mailbox, ben.ConversationID), text: "Let me in",
	})
	first := b.takeOne(r)
	require.NotEqual(t, ben.ConversationID, first.ConversationID, "nobody takes part anywhere")
	require.NotEqual(t, ben.CustomerID, first.CustomerID)
	require.Equal(t, first, b.takeOne(r), "delivered twice")
	require.Equal(t, string(email.SuppressNoSender), b.scalar("SELECT suppress_reason FROM messages WHERE id = '"+first.MessageID.String()+"'"))

	second := b.takeOne(b.mail(letter{from: "undisclosed sender", references: "<root@elsewhere.example>", text: "Me too"}))
	third := b.takeOne(b.mail(letter{from: "undisclosed sender", references: "<root@elsewhere.example>", text: "Me too"}))
	require.NotEqual(t, second.ConversationID, third.ConversationID, "two of them need not be one")
	require.Equal(t, "4", b.count("conversations"))
}

func TestMailThatIsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	requirePoison(t, b.Handle(t.Context(), b.mail(letter{subject: "no sender at all", text: "x"})), "invalid")
}

// TestHostileTexts sends what Postgres refuses, in every text there is.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const bad = "a\x00b\xff\xfe\u202ec\ufeff\x1b[31m"
	b.takeOne(record(t, ticket.TypeWhatsAppMessage, ticket.WhatsAppEvent{Params: map[string]string{
		"MessageSid": "SM1", "From": "whatsapp:+4915112345678", "To": "whatsapp:+14155238886", "Body": bad, "ProfileName": bad,
		"ButtonText": bad, "MediaUrl0": bad, "MediaContentType0": bad, "Latitude": "1", "Longitude": "2", "Label": bad, "Address": bad,
	}}))
	s := submission(b, "cleo@customer.example", "1")
	s.Name, s.Subject, s.Message, s.Category, s.Priority, s.Phone = bad, bad, bad, bad, bad, bad
	s.Email = "Cleo@Customer.example\x00\n"
	b.takeOne(record(t, ticket.TypeWebFormSubmission, s))
	require.Equal(t, "1", b.scalar("SELECT count(*)::text FROM identity_claims WHERE value = 'cleo@customer.example'"))
	b.takeOne(record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{TicketID: s.TicketID, N: "1", Message: bad}))

	long := strings.Repeat("x", 3000)
	for i, l := range []letter{
		{from: bad + " <ben@customer.example>", id: "<" + bad + "@x>", subject: bad, references: "<" + bad + "> <c@d>", inReplyTo: bad, replyTo: bad, to: bad, text: bad},
		{from: "<ben@customer.example", id: bad, references: bad + " " + bad, thread: bad},
		{from: "\x00@customer.example", id: "<\x00>", references: "<\x00>"},
		{from: "ben@customer.example", id: "<" + long + "@x>", references: "<" + long + ">", inReplyTo: "<" + long + ">", subject: long},
		{from: long + "@customer.example", text: long},
		{from: "=?utf-8?q?a=00b=FF?= <ben@customer.example>", subject: "=?utf-8?b?AAECAwD/?=", headers: []string{"Content-Type: text/plain; charset=utf-16"}, text: bad},
		{from: "ben@customer.example", headers: []string{"Content-Type: multipart/mixed; boundary=\x00", "X-Support-Outbound-Id: " + bad}, text: bad},
		{from: "ben@customer.example", id: "<ok@x>", sent: true, inReplyTo: "<a\xff\u202e@x>", text: bad},
	} {
		require.NoError(t, b.Handle(t.Context(), b.mail(l)), "letter %d", i)
	}
	require.Equal(t, "0", b.scalar(`SELECT count(*)::text FROM messages WHERE body || subject || quoted LIKE '%' || chr(27) || '%'`))
}

// TestOneNewThreadAtOnce lets the mails of a thread we have not seen the
// beginning of arrive together, from one sender and from two.
func TestOneNewThreadAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var records []stream.Record
	for range 10 {
		for _, from := range []string{"ben@customer.example", "eve@stranger.example"} {
			records = append(records, b.mail(letter{
				from: from, id: "<" + uuid.NewString() + "@customer.example>", references: "<lost@customer.example>", text: "Hello",
			}))
		}
	}
	b.together(records)
	require.Equal(t, "11", b.count("customers"), "one a conversation, and none that nothing refers to")
	require.Equal(t, "20", b.count("messages"))
	require.Equal(t, "0", b.scalar(`SELECT count(*)::text FROM messages m
		JOIN conversations c ON c.id = m.conversation_id
		JOIN raw_events r ON 'gmail:`+mailbox+`:' || r.external_id = m.external_id
		WHERE convert_from(r.body, 'UTF8') NOT LIKE '%From: ' || c.participants[1] || '%'`), "nobody writes into the conversation of somebody else")
	require.Equal(t, "10", b.scalar(`SELECT max(n)::text FROM (SELECT count(*) n FROM messages GROUP BY conversation_id) x`),
		"who was first has the thread")
}

func TestSameMailAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"})
	b.together([]stream.Record{r, r, r, r, r, r, r, r, r, r})
	require.Equal(t, "1 1 1", b.count("customers")+" "+b.count("conversations")+" "+b.count("messages"))
}
