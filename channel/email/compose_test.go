package email_test

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

func outgoing() email.Outgoing {
	return email.Outgoing{
		From:       mail.Address{Name: "Firnwacht Kundenservice für alle", Address: "support@firnwacht.example"},
		To:         mail.Address{Name: "Ana Silva, Köln", Address: "ana@kunde.example"},
		ReplyTo:    "support+00abc@firnwacht.example",
		Subject:    "RE: re: Passwort zurücksetzen",
		InReplyTo:  "<CAF2@kunde.example>",
		References: []string{"<CAF1@kunde.example>", "<CAF2@kunde.example>"},
		OutboundID: "0199c0de-0000-7000-8000-000000000001/answer/1",
		Text:       "Dear Ana,\n\nuse <b>Settings</b> & \"Reset\":\nhttps://app.firnwacht.example/reset?a=1&b=2.\n\nKind regards = done",
		At:         time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
	}
}

func TestComposeIsReadBack(t *testing.T) {
	t.Parallel()
	out := outgoing()
	raw, err := email.Compose(out)
	require.NoError(t, err)
	again, err := email.Compose(out)
	require.NoError(t, err)
	require.Equal(t, raw, again, "the same mail gives the same bytes")

	m := parse(t, raw)
	require.Equal(t, out.From, m.From)
	require.Equal(t, []mail.Address{out.To}, m.To)
	require.Equal(t, out.ReplyTo, m.ReplyTo.Address)
	require.Equal(t, "Re: Passwort zurücksetzen", m.Subject)
	require.Equal(t, out.InReplyTo, m.InReplyTo)
	require.Equal(t, out.References, m.References)
	require.Equal(t, out.OutboundID, m.OutboundID)
	require.Equal(t, out.Text, m.Text)
	require.True(t, out.At.Equal(m.Date))
	require.Equal(t, email.SuppressOwnMail, m.Suppress())
	require.Empty(t, m.Attachments)

	envelope, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Empty(t, envelope.Errors)
	require.Equal(t, "auto-replied", envelope.GetHeader("Auto-Submitted"))
	require.Equal(t, "All", envelope.GetHeader("X-Auto-Response-Suppress"))
	require.Contains(t, envelope.HTML, `use &lt;b&gt;Settings&lt;/b&gt; &amp; &#34;Reset&#34;:<br>`)
	require.Contains(t, envelope.HTML, `<a href="https://app.firnwacht.example/reset?a=1&amp;b=2" rel="noopener noreferrer">`)
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		require.NotContains(t, line, "\n", "every line ends with CRLF")
		require.LessOrEqual(t, len(line), 200)
		require.Negative(t, strings.IndexFunc(line, func(r rune) bool { return r > '~' }), "ASCII: %q", line)
	}
}

func TestComposeSubject(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"Hello": "Re: Hello", "Re: Hello": "Re: Hello", "RE:re : Hello": "Re: Hello",
		"AW: Hello": "Re: AW: Hello", "": "Re:", "Regards": "Re: Regards",
		strings.Repeat("ü", 400):         "Re: " + strings.Repeat("ü", 250),
		strings.Repeat("long word ", 60): "Re: " + strings.TrimSpace(strings.Repeat("long word ", 25)),
	} {
		out := outgoing()
		out.Subject = subject
		raw, err := email.Compose(out)
		require.NoError(t, err)
		require.Equal(t, want, parse(t, raw).Subject)
	}
	out := outgoing()
	out.InReplyTo, out.References = "", nil
	out.Subject = "Invoice"
	raw, err := email.Compose(out)
	require.NoError(t, err)
	require.Equal(t, "Invoice", parse(t, raw).Subject, "it answers no mail")
}

func TestComposeReferences(t *testing.T) {
	t.Parallel()
	out := outgoing()
	out.References = nil
	for i := range 50 {
		out.References = append(out.References, fmt.Sprintf("<%d@x>", i))
	}
	out.References = append(out.References, "<with space@x>", "no brackets", "<ümlaut@x>", "")
	out.InReplyTo = "<answered@x>"
	raw, err := email.Compose(out)
	require.NoError(t, err)
	refs := parse(t, raw).References
	require.Len(t, refs, 20)
	require.Equal(t, "<0@x>", refs[0])
	require.Equal(t, []string{"<49@x>", "<withspace@x>", "<answered@x>"}, refs[17:])
}

func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*email.Outgoing){
		"line break in a name":       func(o *email.Outgoing) { o.To.Name = "Ana\r\nBcc: all@x.example" },
		"line break in the sender":   func(o *email.Outgoing) { o.From.Name = "A\nB" },
		"line break in an address":   func(o *email.Outgoing) { o.To.Address = "ana@x.example\r\nBcc: b@x.example" },
		"line break in reply-to":     func(o *email.Outgoing) { o.ReplyTo = "a@x.example\n" },
		"line break in the subject":  func(o *email.Outgoing) { o.Subject = "Hi\nBcc: all@x.example" },
		"NUL in the subject":         func(o *email.Outgoing) { o.Subject = "Hi\x00" },
		"line break in in-reply-to":  func(o *email.Outgoing) { o.InReplyTo = "<a@x>\r\nBcc: b@x.example" },
		"line break in a reference":  func(o *email.Outgoing) { o.References = []string{"<a@x>\r\nBcc: b@x.example"} },
		"line break in outbound id":  func(o *email.Outgoing) { o.OutboundID = "a\nb" },
		"line break in message id":   func(o *email.Outgoing) { o.MessageID = "<a@x>\n" },
		"space in outbound id":       func(o *email.Outgoing) { o.OutboundID = "a b" },
		"no outbound id":             func(o *email.Outgoing) { o.OutboundID = "" },
		"no recipient":               func(o *email.Outgoing) { o.To = mail.Address{} },
		"two recipients":             func(o *email.Outgoing) { o.To.Address = "a@x.example, b@x.example" },
		"name inside of the address": func(o *email.Outgoing) { o.To.Address = "A <a@x.example>" },
		"bad reply-to":               func(o *email.Outgoing) { o.ReplyTo = "nobody" },
		"no date":                    func(o *email.Outgoing) { o.At = time.Time{} },
		"no text":                    func(o *email.Outgoing) { o.Text = " \n\x00" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := outgoing()
			change(&out)
			raw, err := email.Compose(out)
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			require.Nil(t, raw)
		})
	}
}

func TestComposeLinksOnlyWebAddresses(t *testing.T) {
	t.Parallel()
	out := outgoing()
	out.Text = `javascript:alert(1) http://user:pw@evil.example/ https://ok.example/a_(b)). "https://q.example/x" <https://r.example>` +
		"\n\n<script>https://s.example/</script>\nhttp:// https://"
	raw, err := email.Compose(out)
	require.NoError(t, err)
	envelope, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(envelope.HTML, "<a "))
	for _, link := range []string{"https://ok.example/a_(b", "https://q.example/x", "https://r.example", "https://s.example/"} {
		require.Contains(t, envelope.HTML, `<a href="`+link+`" `)
	}
	require.NotContains(t, envelope.HTML, "<script")
	require.Equal(t, out.Text, parse(t, raw).Text)
}

func TestRender(t *testing.T) {
	t.Parallel()
	letter := email.Letter{
		CustomerName: "Ana  Silva", TicketNumber: "T-0123456789", Company: "Firnwacht",
		Body: "Open the app.\n\nChoose \"Reset\".", StatusURL: "https://firnwacht.example/t/1",
	}
	require.Equal(t, `Dear Ana Silva,

Open the app.

Choose "Reset".

Your ticket number is T-0123456789; please keep it for any further question. You can also follow the ticket here: https://firnwacht.example/t/1

Kind regards,
Firnwacht Customer Support

This answer was written by an automated assistant. If you would rather hear from a person, reply to this e-mail and say so.
`, email.Render(letter))
	require.Equal(t, `Hello Ana Silva,

Open the app.

Choose "Reset".

This is the answer to your ticket T-0123456789. You can read it and write back here: https://firnwacht.example/t/1

Best regards,
Firnwacht Customer Support

This answer was written by an automated assistant. If you would rather hear from a person, reply to this e-mail and say so.
`, email.RenderForm(letter))
}

func TestRenderKeepsTheWordLimits(t *testing.T) {
	t.Parallel()
	sentence := "This is a sentence of eight words here. "
	for name, body := range map[string]string{
		"sentences":    strings.Repeat(sentence, 200),
		"one sentence": strings.Repeat("word ", 2000),
		"lines":        strings.Repeat("a line without an end\n", 400),
	} {
		letter := email.Letter{TicketNumber: "T-0123456789", Body: body, StatusURL: "https://x.example/t", Company: "Firnwacht"}
		for limit, text := range map[int]string{
			email.WordLimit:     email.Render(letter),
			email.FormWordLimit: email.RenderForm(letter),
		} {
			require.LessOrEqual(t, email.Words(text), limit, name)
			require.Greater(t, email.Words(text), limit-30, name)
			require.Contains(t, text, "had to be shortened", name)
			require.Contains(t, text, "T-0123456789")
			require.Contains(t, text, "automated assistant")
		}
	}
	cut := email.Render(email.Letter{Body: strings.Repeat(sentence, 200)})
	require.Contains(t, cut, "words here.\n\nThis answer had to be shortened", "it ends with a whole sentence")

	fits := email.Letter{
		CustomerName: "Ana Maria de Souza Silva", Body: strings.TrimSpace(strings.Repeat("word ", email.BodyWordLimit)),
		TicketNumber: "T-0123456789", StatusURL: "https://x.example/t", Company: "The Firnwacht Company of Things",
	}
	require.NotContains(t, email.Render(fits), "shortened")
	fits.Body = strings.TrimSpace(strings.Repeat("word ", email.FormBodyWordLimit))
	require.NotContains(t, email.RenderForm(fits), "shortened")
}

func TestGreetingUsesOnlyNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Ana Silva": "Dear Ana Silva,", "J. R. O'Neill-Smith": "Dear J. R. O'Neill-Smith,", "李雷": "Dear 李雷,",
		"José": "Dear José,", "": "Dear customer,", "ana@kunde.example": "Dear customer,", "http://evil.example": "Dear customer,",
		"evil.example": "Dear customer,", "Win 1000 Euro": "Dear customer,", "You have won the big prize today": "Dear customer,",
		"Ana\n\nPay now": "Dear Ana Pay now,", "...": "Dear customer,", strings.Repeat("a", 61): "Dear customer,",
	} {
		require.True(t, strings.HasPrefix(email.Render(email.Letter{CustomerName: name, Body: "x"}), want+"\n"), name)
	}
}
