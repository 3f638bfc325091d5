package email_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

// composed are the headers that Compose may write, in their order.
var composed = []string{
	"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Support-Outbound-Id",
	"Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
}

// FuzzCompose lets strangers choose everything that they can choose of a mail
// of ours: the result has our headers, each once, and one recipient.
func FuzzCompose(f *testing.F) {
	for _, evil := range []string{
		"Ana", "Ana\r\nBcc: all@x.example", "Ana\nBcc: all@x.example", "=?utf-8?q?a=0D=0ABcc:_x?=", "\" <x@y>, \"", "ü\u2028Bcc: x", strings.Repeat("long ", 100),
		"a\x00b", "\xff\xfe", "<x@y.example>", "a@b.example, c@d.example", "<a@x>\r\n X: y", "\u202eevil", "--=_boundary", ".\r\n.\r\n",
	} {
		f.Add(evil, evil, evil, evil, evil)
		f.Add("Ana", "Subject", "<a@x>", "<b@x> <c@x>", evil)
		f.Add(evil, evil, "<a@x>", "", "text")
	}
	f.Fuzz(func(t *testing.T, name, subject, inReplyTo, references, text string) {
		out := outgoing()
		out.To.Name, out.From.Name, out.Subject, out.InReplyTo, out.References, out.Text = name, name, subject, inReplyTo, strings.Split(references, " "), text
		raw, err := email.Compose(out)
		if err != nil {
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			return
		}
		head, _, found := bytes.Cut(raw, []byte("\r\n\r\n"))
		require.True(t, found)
		require.Equal(t, bytes.Count(raw, []byte("\n")), bytes.Count(raw, []byte("\r\n")), "no bare line feed")
		require.Equal(t, bytes.Count(raw, []byte("\r")), bytes.Count(raw, []byte("\r\n")), "no bare carriage return")
		at := -1
		for line := range strings.SplitSeq(string(head), "\r\n") {
			require.Negative(t, strings.IndexFunc(line, func(r rune) bool { return r > '~' || r < ' ' }), "ASCII: %q", line)
			if strings.HasPrefix(line, " ") {
				require.NotEmpty(t, strings.TrimSpace(line), "a blank line would end the header")
				continue
			}
			key, _, found := strings.Cut(line, ":")
			require.True(t, found, line)
			i := slices.Index(composed, key)
			require.Greater(t, i, at, "%q is not ours, or stands twice", line)
			at = i
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		require.NoError(t, err)
		to, err := m.Header.AddressList("To")
		require.NoError(t, err)
		require.Len(t, to, 1)
		require.Equal(t, out.To.Address, to[0].Address)
		from, err := m.Header.AddressList("From")
		require.NoError(t, err)
		require.Len(t, from, 1)
		require.Equal(t, out.From.Address, from[0].Address)
		parsed := parse(t, raw)
		require.Equal(t, out.OutboundID, parsed.OutboundID)
		require.Equal(t, out.ReplyTo, parsed.ReplyTo.Address)
		require.LessOrEqual(t, len(parsed.References), 20)
	})
}

// FuzzEnvelope reads pushes that anybody may have written, if their token were
// not looked at.
func FuzzEnvelope(f *testing.F) {
	for _, body := range []string{
		`{"message":{"data":"eyJlbWFpbEFkZHJlc3MiOiJzdXBwb3J0QGZpcm53YWNodC5leGFtcGxlIiwiaGlzdG9yeUlkIjo0Mn0=","messageId":"1"},"subscription":"s"}`,
		`{"message":{"data":"eyJlbWFpbEFkZHJlc3MiOiJhQGIiLCJoaXN0b3J5SWQiOiI0MiJ9","message_id":"1"}}`,
		`{"message":{"data":"bnVsbA==","messageId":"1"}}`, `{"message":null}`, `[]`, `{}`, ``, `{"message":{"data":"!","messageId":"1"}}`, "\xff",
		`{"message":{"data":"eyJlbWFpbEFkZHJlc3MiOiJhQGIiLCJoaXN0b3J5SWQiOi0xfQ==","messageId":"1"}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		push, err := email.ParsePush(body)
		if err != nil {
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			return
		}
		require.NotEmpty(t, push.PubSubID)
		require.NotEmpty(t, push.Mailbox)
		require.Equal(t, strings.ToLower(strings.TrimSpace(push.Mailbox)), push.Mailbox)
	})
}
