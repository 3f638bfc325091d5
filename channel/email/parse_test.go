package email_test

import (
	"bytes"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/ticket"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	require.NoError(t, err)
	return raw
}

func parse(t *testing.T, raw []byte) *email.Mail {
	t.Helper()
	m, err := email.Parse(raw)
	require.NoError(t, err)
	return m
}

func TestParseText(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		text, quoted, signature string
		html                    bool
	}{
		"plain": {text: "Hello,\n\nhow do I reset my password? The link in the app says \"expired\".\n\nThank you\nAna"},
		"gmail_reply": {
			text: "That worked, but now the app asks for a code. Where do I get it?",
			quoted: "On Mon, Nov 2, 2026 at 9:16\u202fAM Firnwacht Customer Support <\nsupport@firnwacht.example> wrote:\n" +
				"> Dear Ana Silva,\n>\n> open the app and choose \"Forgot password\".\n>\n> Kind regards,",
		},
		"outlook_reply_german": {
			text: "Guten Tag,\n\ndie Rechnung ist doppelt gebucht. Bitte prüfen.\n\nMit freundlichen Grüßen\nJan Weiß",
			quoted: "________________________________\nVon: Firnwacht Support <support@firnwacht.example>\n" +
				"Gesendet: Montag, 2. November 2026 17:12\nAn: Weiß, Jan <jan@firma.example>\nBetreff: Ihre Rechnung\n\n" +
				"Sehr geehrter Herr Weiß,\nanbei Ihre Rechnung.",
		},
		"apple_reply_bottom_posted": {
			text: "Le voyant rouge.\n\nChangée hier.",
			quoted: "> Le 2 nov. 2026 à 18:00, Firnwacht a écrit :\n> Le 2 nov. 2026 à 18:00, Support <support@firnwacht.example> a écrit :\n" +
				">\n> Quel voyant est allumé ?\n> Et la pile ?",
			signature: "Envoyé de mon iPhone",
		},
		"apple_forward_to_us": {
			text: "Begin forwarded message:\n\nFrom: Shop <shop@other.example>\nSubject: Order 1182\n" +
				"Date: 1 November 2026 at 12:00:00 CET\nTo: lea@kunde.example\n\nYour order has been shipped.",
		},
		"signature_with_delimiter": {
			text:      "The sensor on the roof is offline since Sunday.",
			signature: "--\nBo Lind\nFacility Manager, Lind AB\n+46 70 000 00 00",
		},
		"html_only_outlook": {
			html: true,
			text: "I can't invite my colleague to the team.\n\n- Clicked Invite (https://app.firnwacht.example/invite)\n- Nothing happened",
			quoted: "From: Support <support@firnwacht.example>\nSent: Monday, November 2, 2026 5:12 PM\nTo: Mia\nSubject: Invite\n\n" +
				"Dear Mia, use the button.",
		},
		"html_blockquote_only": {
			html:   true,
			text:   "Still not.",
			quoted: "On Nov 2, 2026, at 17:12, Support <support@firnwacht.example> wrote:\n> Use the button.\n>\n>> How?\n>",
		},
		"charset_latin1_quoted_printable":   {text: "Ich möchte kündigen. Grüße"},
		"charset_gb2312_base64":             {text: "您好,我忘记了密码。"},
		"charset_undeclared_utf8":           {text: "Der Zähler läuft rückwärts – seit gestern."},
		"charset_undeclared_latin1":         {text: "Der Zähler läuft rückwärts."},
		"broken_mime_boundary_never_closed": {text: "The first part is whole."},
		"broken_mime_boundary_missing":      {text: "The words are here all the same."},
		"broken_content_type":               {text: "Still readable."},
		"nul_and_control_bytes":             {text: "onetwo[0m\tthree end"},
		"attachments_and_inline_image":      {text: "See the photo."},
		"apple_text_image_text":             {text: "Before the picture.\n\nAfter the picture."},
		"bounce_dsn":                        {text: "Your message wasn't delivered to gone@kunde.example because the address couldn't be found."},
		"only_a_quote":                      {text: "> How do I close my account?", quoted: "> How do I close my account?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := parse(t, fixture(t, name))
			require.Equal(t, want.text, m.Text)
			require.Equal(t, want.quoted, m.Quoted)
			require.Equal(t, want.signature, m.Signature)
			require.Equal(t, want.html, m.HTMLOnly)
			require.False(t, m.Truncated)
			require.Contains(t, m.FullText, strings.SplitN(m.Text, "\n", 2)[0])
		})
	}
}

func TestParseHeaders(t *testing.T) {
	t.Parallel()
	m := parse(t, fixture(t, "gmail_reply"))
	require.Equal(t, mail.Address{Name: "Ana Silva", Address: "ana@kunde.example"}, m.From)
	require.Equal(t, "<CAF2@mail.kunde.example>", m.MessageID)
	require.Equal(t, "<our-answer@mail.gmail.com>", m.InReplyTo)
	require.Equal(t, []string{"<CAF1@mail.kunde.example>", "<our-answer@mail.gmail.com>"}, m.References)
	require.Equal(t, []string{"support@firnwacht.example", "support+t4g@firnwacht.example"}, m.Recipients())
	require.True(t, m.Date.Equal(time.Date(2026, 11, 2, 9, 2, 11, 0, time.UTC)))

	require.Equal(t, "ana@kunde.example", parse(t, fixture(t, "plain")).From.Address, "lower case")
	require.Equal(t, "Re: Capteur déconnecté", parse(t, fixture(t, "apple_reply_bottom_posted")).Subject)
	require.Equal(t, mail.Address{Name: "Weiß, Jan", Address: "jan@firma.example"}, parse(t, fixture(t, "outlook_reply_german")).From)
	gb := parse(t, fixture(t, "charset_gb2312_base64"))
	require.Equal(t, "李雷", gb.From.Name)
	require.Equal(t, "密码重置", gb.Subject)
	require.Equal(t, "Kündigung Vertrag", parse(t, fixture(t, "charset_latin1_quoted_printable")).Subject)
	require.Equal(t, "Zähler", parse(t, fixture(t, "charset_undeclared_latin1")).Subject)
	require.Equal(t, "0199aaaa-answer-1", parse(t, fixture(t, "our_own_mail")).OutboundID)
	require.True(t, parse(t, fixture(t, "no_message_id")).Date.IsZero())

	odd := parse(t, fixture(t, "from_not_an_address"))
	require.Empty(t, odd.From.Address)
	require.Equal(t, "Odd.", odd.Text)

	eve := parse(t, fixture(t, "header_injection_in_display_name"))
	require.Equal(t, mail.Address{Name: "Eve Bcc: all@kunde.example", Address: "eve@kunde.example"}, eve.From)
	require.Equal(t, "Hi X-Support-Outbound-Id: forged", eve.Subject)
	require.Empty(t, eve.OutboundID)
}

func TestParseRefusesOnlyWhatHasNoSender(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "\r\n\r\n", "not a mail", "To: a@b.example\r\n\r\nHi"} {
		_, err := email.Parse([]byte(raw))
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), "%q", raw)
	}
	m := parse(t, []byte("From: a@b.example"))
	require.Equal(t, "a@b.example", m.From.Address)
	require.Empty(t, m.Text)
}

func TestParseSenderThatFollowsNoGrammar(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		`Müller, Jan <Jan@Firma.example>`:                   "jan@firma.example",
		`"ceo@bank.example" <eve@evil.example>`:             "eve@evil.example",
		`ceo@bank.example <eve@evil.example>`:               "eve@evil.example",
		`<eve@evil.example>`:                                "eve@evil.example",
		`eve@evil.example (Eve)`:                            "eve@evil.example",
		`"=?utf-8?q?ceo=40bank.example=3E?="@evil.example`:  "",
		`=?utf-8?q?ceo=40bank.example?= <eve@evil.example>`: "eve@evil.example",
		`"ceo@bank.example> <x"@evil.example`:               "",
		`eve@evil.example, ceo@bank.example`:                "eve@evil.example",
		`nobody`:                                            "",
		`foo..bar.@docomo.example`:                          "foo..bar.@docomo.example",
		`x@evil.example@bank.example`:                       "",
		"\"a\x00b\" <eve@evil.example>":                     "eve@evil.example",
		`undisclosed-recipients:;`:                          "",
		`A <` + strings.Repeat("a", 400) + `@evil.example>`: "",
		"=?utf-8?Q?a=0Ab?= <eve@evil.example>":              "eve@evil.example",
		`=?x-unknown?Q?Eve?= <eve@evil.example>`:            "eve@evil.example",
	} {
		m := parse(t, []byte("From: "+header+"\r\nSubject: x\r\n\r\nHi\r\n"))
		require.Equal(t, want, m.From.Address, header)
	}
}

func TestThreading(t *testing.T) {
	t.Parallel()
	m := parse(t, []byte("From: a@b.example\r\nMessage-ID: <4@x>\r\nIn-Reply-To: Your message <3@x>\r\n"+
		"References: <1@x> <2@x>\r\n <bro\r\n ken@x> <3@x> <4@x>\r\n\r\nHi"))
	require.Equal(t, []string{"<3@x>", "<broken@x>", "<2@x>", "<1@x>"}, m.ThreadRefs())
	require.Equal(t, "<1@x>", m.RootKey("g1"))

	require.Equal(t, "<our-answer@mail.gmail.com>", parse(t, fixture(t, "only_a_quote")).InReplyTo, "brackets are added")
	require.Equal(t, "<q1@kunde.example>", parse(t, fixture(t, "only_a_quote")).RootKey("g1"))
	none := parse(t, fixture(t, "no_message_id"))
	require.Equal(t, "gmail:g1", none.RootKey("g1"))
	require.Empty(t, none.ThreadRefs())

	bare := parse(t, []byte("From: a@b.example\r\nReferences: 1@x 2@x\r\n\r\n"))
	require.Equal(t, []string{"<1@x>", "<2@x>"}, bare.References)

	var many strings.Builder
	for i := range 5000 {
		many.WriteString(" <" + strings.Repeat("9", i%7+1) + "." + time.Duration(i).String() + "@x>\r\n")
	}
	long := parse(t, []byte("From: a@b.example\r\nReferences:"+many.String()+"\r\nHi"))
	require.Len(t, long.References, 100)
	require.Equal(t, "<9.0s@x>", long.References[0])
	require.Equal(t, "<99.4.999µs@x>", long.References[99])
}

func TestSuppress(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]email.SuppressReason{
		"plain":                    "",
		"gmail_reply":              "",
		"auto_reply_out_of_office": email.SuppressAutoSubmitted,
		"bounce_dsn":               email.SuppressDeliveryReport,
		"mailing_list":             email.SuppressList,
		"our_own_mail":             email.SuppressOwnMail,
		"from_not_an_address":      email.SuppressNoSender,
	} {
		require.Equal(t, want, parse(t, fixture(t, name)).Suppress("support@firnwacht.example"), name)
	}
	for header, want := range map[string]email.SuppressReason{
		"Auto-Submitted: no":                         "",
		"Auto-Submitted: auto-replied; x=y":          email.SuppressAutoSubmitted,
		"X-Autoreply: yes":                           email.SuppressAutoSubmitted,
		"Return-Path: <>":                            email.SuppressNullReturnPath,
		"Precedence: Bulk":                           email.SuppressBulk,
		"Precedence: normal":                         "",
		"List-Id: x":                                 email.SuppressList,
		"List-Unsubscribe: <mailto:u@x>":             email.SuppressList,
		"X-Auto-Response-Suppress: DR, OOF":          email.SuppressRequested,
		"X-Auto-Response-Suppress: DR, RN, NRN":      "",
		"Content-Type: multipart/report; boundary=x": email.SuppressDeliveryReport,
	} {
		m := parse(t, []byte("From: a@b.example\r\n"+header+"\r\n\r\nHi"))
		require.Equal(t, want, m.Suppress(), header)
	}
	for address, want := range map[string]email.SuppressReason{
		"mailer-daemon@x.example":         email.SuppressNoReplySender,
		"no-reply@x.example":              email.SuppressNoReplySender,
		"noreply+tag@x.example":           email.SuppressNoReplySender,
		"accounts.noreply@x.example":      email.SuppressNoReplySender,
		"do-not-reply@x.example":          email.SuppressNoReplySender,
		"nora.replyson@x.example":         "",
		"Support+abc@firnwacht.example":   email.SuppressOwnMailbox,
		"support@firnwacht.example.other": "",
	} {
		m := parse(t, []byte("From: "+address+"\r\n\r\nHi"))
		require.Equal(t, want, m.Suppress("Support@Firnwacht.example"), address)
	}
}

func TestDMARC(t *testing.T) {
	t.Parallel()
	require.True(t, parse(t, fixture(t, "plain")).DMARC)
	require.False(t, parse(t, fixture(t, "forged_authentication_results")).DMARC)
	require.False(t, parse(t, fixture(t, "two_from_addresses_dmarc_pass")).DMARC)
	require.False(t, parse(t, fixture(t, "our_own_mail")).DMARC, "no result at all")

	for results, want := range map[string]bool{
		"mx.google.com; dmarc=pass header.from=b.example":                    true,
		"mx.google.com; dmarc=pass (p=NONE) header.from=B.example":           true,
		"mx.google.com 1; spf=none; dmarc=pass":                              true,
		"mx.google.com; dmarc=pass header.from=evil.example":                 false,
		"mx.google.com; dmarc=fail header.from=b.example":                    false,
		"mx.google.com; dmarc=bestguesspass header.from=b.example":           false,
		"mx.google.com; dmarc=fail; dmarc=pass":                              false,
		"mx.evil.example; dmarc=pass header.from=b.example":                  false,
		"mx.google.com.evil.example; dmarc=pass header.from=b.example":       false,
		`mx.google.com; spf=pass smtp.mailfrom="x; dmarc=pass"@evil.example`: false,
		"mx.google.com; spf=fail (x (y) ; dmarc=pass header.from=b.example)": false,
		"mx.google.com; spf=fail (open; dmarc=pass":                          false,
		"mx.google.com; spf=fail closed); dmarc=pass":                        false,
		"": false,
	} {
		m := parse(t, []byte("Authentication-Results: "+results+"\r\nFrom: a@b.example\r\n\r\nHi"))
		require.Equal(t, want, m.DMARC, results)
	}

	raw := []byte("Authentication-Results: mx.sim.example; dmarc=pass header.from=b.example\r\nFrom: a@b.example\r\n\r\nHi")
	m, err := email.Parser{AuthServID: "mx.sim.example"}.Parse(raw)
	require.NoError(t, err)
	require.True(t, m.DMARC)
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	m := parse(t, fixture(t, "attachments_and_inline_image"))
	require.Equal(t, []email.Attachment{
		{Name: "i.png", ContentType: "image/png", Size: 8, SHA256: "4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6", Inline: true},
		{Name: "log.txt", ContentType: "text/plain", Size: 13, SHA256: "560d61c99ecb193ca2a929544a92c40cd930417244efd0ee086855615ed1321e"},
	}, m.Attachments)
	require.Equal(t, []string{"support@firnwacht.example", "boss@kunde.example"}, m.Recipients())
}

// TestAttachmentThatIsTooLarge keeps what is known of a file that is larger than
// anybody wants to keep, and says so to whoever answers.
func TestAttachmentThatIsTooLarge(t *testing.T) {
	t.Parallel()
	const head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the film.\r\n--b\r\n" +
		"Content-Type: video/mp4; name=film.mp4\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	lines := email.MaxAttachment/57 + 1
	m := parse(t, []byte(head+strings.Repeat(strings.Repeat("A", 76)+"\r\n", lines)+"--b--\r\n"))
	require.Len(t, m.Attachments, 1)
	require.Equal(t, 57*lines, m.Attachments[0].Size)
	require.True(t, m.Attachments[0].TooLarge())
	require.Len(t, m.Attachments[0].SHA256, 64)
	text, _ := m.Body()
	require.Equal(t, "See the film.\n\n[The customer attached film.mp4 (video, 25.0 MB, too large to be kept).]", text)
	require.False(t, email.Attachment{Size: email.MaxAttachment}.TooLarge())
}

func TestParseBoundsTheText(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("ä", 1<<20)
	m := parse(t, []byte("From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+line))
	require.True(t, m.Truncated)
	require.LessOrEqual(t, len(m.Text), email.DefaultMaxText)
	require.True(t, strings.HasSuffix(m.Text, "ä\n[truncated]"))
	require.True(t, utf8.ValidString(m.Text))
}

// Each of these took seconds or gigabytes if a step were not linear or bounded.
func TestParseSurvivesHostileSizes(t *testing.T) {
	t.Parallel()
	head := "From: a@b.example\r\nContent-Type: "
	for name, raw := range map[string]string{
		"nested html":   head + "text/html\r\n\r\nHello " + strings.Repeat("<div>", 100_000) + "there",
		"dashes":        head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("--\r\n", 50_000),
		"phones":        head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("Sent from my phone\r\n\r\n", 10_000),
		"attributions":  head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("On "+strings.Repeat("wrote 1 ", 30)+":\r\n", 1_000),
		"header blocks": head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("From: x\r\n", 20_000),
		"empty lines":   head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("\r\n", 200_000),
		"nested parts":  nestedParts(2000),
		"many parts":    head + "multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nHello there\r\n", 1_000) + "--b--",
		"one header":    "X-Long: " + strings.Repeat("x", 1<<20) + "\r\n" + head + "text/plain\r\n\r\nHello there",
		"one line":      head + "text/plain\r\n\r\nHello there " + strings.Repeat("word ", 1<<18),
		"armour":        head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("-----BEGIN PGP SIGNED MESSAGE-----\r\n", 20_000),
		"addresses":     head + "text/plain\r\n\r\nHello there\r\n" + strings.Repeat("1 <a@b.example>:\r\n", 20_000),
		"list headers":  "List-Post: " + strings.Repeat("<mailto:x@y.example>, ", 20_000) + "\r\n" + head + "text/plain\r\n\r\nHello there",
		"a long report": head + "multipart/report; boundary=b\r\n\r\n--b\r\n\r\nHello there\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
			strings.Repeat("Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n", 20_000) + "--b--",
		"mails in mails":  head + strings.Repeat("message/rfc822\r\n\r\nFrom: a@b.example\r\nContent-Type: ", 2_000) + "text/plain\r\n\r\nHello there",
		"many recipients": "To: " + strings.Repeat("a@b.example, ", 50_000) + "z@b.example\r\n" + head + "text/plain\r\n\r\nHello there",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := parse(t, []byte(raw))
			require.True(t, strings.Contains(m.FullText, "Hello") || name == "nested parts" && m.Truncated || name == "mails in mails" && len(m.Attachments) == 1)
			require.Equal(t, "a@b.example", m.From.Address)
			require.LessOrEqual(t, len(m.To), 100)
		})
	}
}

func nestedParts(depth int) string {
	var b strings.Builder
	b.WriteString("From: a@b.example\r\n")
	for i := range depth {
		id := strings.Repeat("x", 1+i%50) + time.Duration(i).String()
		b.WriteString("Content-Type: multipart/mixed; boundary=\"" + id + "\"\r\n\r\n--" + id + "\r\n")
	}
	b.WriteString("Content-Type: text/plain\r\n\r\nHello there\r\n")
	return b.String()
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.eml")
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(raw)
		f.Add(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
		f.Add(raw[:len(raw)/2])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := email.Parser{Groups: []string{"help@firnwacht.example"}}.Parse(raw)
		if err != nil {
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			return
		}
		body, wordless := m.Body()
		require.True(t, body != "" || wordless != ticket.WordlessNot, "nobody would be told that nothing was said")
		texts := []string{m.Text, m.Quoted, m.Signature, m.FullText, text.Truncate(body, email.DefaultMaxText/4)}
		lines := []string{m.Subject, m.From.Name, m.From.Address, m.MessageID, m.InReplyTo, m.OutboundID, m.DeliveredTo, m.RootKey("g")}
		for _, a := range m.Attachments {
			lines = append(lines, a.Name, a.ContentType)
		}
		lines = append(append(lines, m.References...), m.Recipients()...)
		if m.Bounce != nil {
			require.NotEmpty(t, m.Bounce.Action)
			require.NotEmpty(t, m.Suppress(), "a report is never answered")
			lines = append(append(lines, m.Bounce.Status, m.Bounce.MessageID, m.Bounce.OutboundID, m.Bounce.Why()), m.Bounce.Recipients...)
		}
		if m.Group != "" {
			require.False(t, m.DMARC && m.From.Address != "" && strings.Contains(m.From.Name, " via "), "a name that a group gave is not verified")
		}
		for _, s := range append(texts, lines...) {
			require.True(t, utf8.ValidString(s))
			require.LessOrEqual(t, len(s), email.DefaultMaxText)
			require.False(t, strings.ContainsFunc(s, func(r rune) bool {
				return unicode.IsControl(r) && r != '\n' && r != '\t'
			}), "%q", s)
		}
		for _, s := range lines {
			require.NotContains(t, s, "\n")
		}
		require.Equal(t, strings.TrimSpace(m.FullText) == "", strings.TrimSpace(m.Text) == "")
	})
}
