package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/ticket"
)

const (
	maxSentReferences = 20
	maxSentSubject    = 250 // runes
	foldAt            = 76  // bytes of a header line, where it has spaces
)

// Outgoing is a mail to be sent.
type Outgoing struct {
	From, To   mail.Address
	ReplyTo    string // the signed address that leads an answer back; optional
	Subject    string // of the conversation; "Re: " is added when the mail answers one
	InReplyTo  string // Message-ID of the mail that is answered; optional
	References []string
	OutboundID string    // by which the mail is found again; required
	Text       string    // see Render and RenderForm
	At         time.Time // the Date header; required, so that a retry composes the same bytes
	MessageID  string    // optional: Gmail gives its own anyway
}

// Compose writes the mail with a plain and an HTML rendering of its text. The
// same Outgoing always gives the same bytes. CodeInvalid if a header value has
// a line break or NUL, an address is none, or something required is missing.
func Compose(out Outgoing) ([]byte, error) {
	if err := out.check(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	header := func(name, value string) {
		if value != "" {
			buf.WriteString(name + ": " + fold(value, len(name)+2) + "\r\n")
		}
	}
	header("From", out.From.String())
	header("To", out.To.String())
	if out.ReplyTo != "" {
		header("Reply-To", (&mail.Address{Name: out.From.Name, Address: out.ReplyTo}).String())
	}
	header("Subject", mime.QEncoding.Encode("utf-8", out.subject()))
	header("Date", out.At.Format(time.RFC1123Z))
	header("Message-ID", firstOf(sendableIDs(out.MessageID)))
	header("In-Reply-To", firstOf(sendableIDs(out.InReplyTo)))
	header("References", strings.Join(out.references(), " "))
	header(headerOutboundID, out.OutboundID)
	header("Auto-Submitted", "auto-replied")
	header("X-Auto-Response-Suppress", "All")
	header("MIME-Version", "1.0")

	parts := multipart.NewWriter(&buf)
	// "=_" cannot occur in quoted-printable text.
	sum := sha256.Sum256([]byte(out.OutboundID))
	if err := parts.SetBoundary("=_" + hex.EncodeToString(sum[:16])); err != nil {
		return nil, fmt.Errorf("setting the boundary: %w", err)
	}
	header("Content-Type", `multipart/alternative; boundary="`+parts.Boundary()+`"`)
	buf.WriteString("\r\n")
	text := strings.TrimSpace(cleanText(out.Text)) + "\n"
	for _, part := range [][2]string{{"text/plain", text}, {"text/html", htmlOf(text)}} {
		if err := writePart(parts, part[0], part[1]); err != nil {
			return nil, fmt.Errorf("writing the %s part: %w", part[0], err)
		}
	}
	if err := parts.Close(); err != nil {
		return nil, fmt.Errorf("closing the mail: %w", err)
	}
	return buf.Bytes(), nil
}

func writePart(parts *multipart.Writer, kind, content string) error {
	w, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {kind + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err
	}
	encoder := quotedprintable.NewWriter(w)
	if _, err := encoder.Write([]byte(content)); err != nil {
		return err
	}
	return encoder.Close()
}

// outboundID is what may stand in a header without any encoding.
var outboundID = regexp.MustCompile(`^[!-~]{1,200}$`)

func (out Outgoing) check() error {
	values := slices.Concat([]string{
		out.From.Name, out.From.Address, out.To.Name, out.To.Address, out.ReplyTo,
		out.Subject, out.InReplyTo, out.OutboundID, out.MessageID,
	}, out.References)
	for _, value := range values {
		if strings.ContainsAny(value, "\r\n\x00") {
			return ticket.Errorf(ticket.CodeInvalid, "a header of the mail would contain a line break or NUL")
		}
	}
	for what, address := range map[string]string{"sender": out.From.Address, "recipient": out.To.Address, "reply address": out.ReplyTo} {
		if address == "" && what == "reply address" {
			continue
		}
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			return ticket.Errorf(ticket.CodeInvalid, "the %s of the mail is not an address", what)
		}
	}
	switch {
	case !outboundID.MatchString(out.OutboundID):
		return ticket.Errorf(ticket.CodeInvalid, "the mail has no usable outbound id")
	case out.At.IsZero():
		return ticket.Errorf(ticket.CodeInvalid, "the mail has no date")
	case strings.TrimSpace(cleanText(out.Text)) == "":
		return ticket.Errorf(ticket.CodeInvalid, "the mail has no text")
	}
	return nil
}

// leadingRe matches what reply buttons put before a subject.
var leadingRe = regexp.MustCompile(`(?i)^(re\s*:\s*)+`)

// subject keeps the conversation's subject: Gmail threads a mail only if it
// matches, "Re:" aside.
func (out Outgoing) subject() string {
	subject := cleanLine(out.Subject, maxSentSubject)
	if out.InReplyTo == "" && len(out.References) == 0 {
		return subject
	}
	return strings.TrimSpace("Re: " + leadingRe.ReplaceAllString(subject, ""))
}

// references ends with the mail that is answered and keeps the root and the
// latest ones if there are too many.
func (out Outgoing) references() []string {
	answered := sendableIDs(out.InReplyTo)
	var refs []string
	for _, id := range sendableIDs(out.References...) {
		if !slices.Contains(refs, id) && !slices.Contains(answered, id) {
			refs = append(refs, id)
		}
	}
	refs = append(refs, answered...)
	if len(refs) > maxSentReferences {
		refs = append(refs[:1:1], refs[len(refs)-maxSentReferences+1:]...)
	}
	return refs
}

// sendableID matches what fits a header line as it is.
var sendableID = regexp.MustCompile(`^<[!-;=?-~]+>$`)

// sendableIDs leaves out ids that a customer's program got wrong: an answer
// threaded less well is better than none.
func sendableIDs(values ...string) []string {
	var ids []string
	for _, value := range values {
		id := firstOf(messageIDs(value))
		if sendableID.MatchString(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// fold breaks a header value at its spaces.
func fold(value string, used int) string {
	var b strings.Builder
	for i, word := range strings.Split(value, " ") {
		switch {
		case i == 0:
		case used+1+len(word) > foldAt:
			b.WriteString("\r\n ")
			used = 1
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String()
}
