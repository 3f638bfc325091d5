package play

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
)

// letter is a mail a customer writes.
type letter struct {
	Name    string `json:"name"`
	From    string `json:"from"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// ReplyTo is the id of the mail that is answered; empty begins a thread.
	ReplyTo string `json:"reply_to"`
}

func (p *Page) sendMail(w http.ResponseWriter, r *http.Request) {
	var request letter
	if !decode(w, r, &request) {
		return
	}
	if p.options.Mail == nil {
		refuse(w, http.StatusConflict, "Mail is not simulated in this stack.")
		return
	}
	parent, err := p.parent(request.ReplyTo)
	if err != nil {
		refuse(w, http.StatusNotFound, sentence(err))
		return
	}
	raw, err := compose(request, parent, p.options.Mailbox, time.Now())
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, sentence(err))
		return
	}
	id, err := p.options.Mail.Deliver(raw)
	if err != nil {
		refuse(w, http.StatusBadGateway, sentence(err))
		return
	}
	wire.WriteJSON(w, http.StatusAccepted, map[string]string{"id": id})
}

// parent returns the mail that is answered, nil when there is none.
func (p *Page) parent(id string) (*gmail.Mail, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // no parent is an ordinary answer
	}
	for _, m := range p.options.Mail.Mailbox(p.options.Mailbox) {
		if m.ID == id {
			return &m, nil
		}
	}
	return nil, errors.New("there is no such mail to answer")
}

// compose writes a letter as a mail program does: an answer names its thread and
// quotes what it answers.
func compose(l letter, parent *gmail.Mail, mailbox string, now time.Time) ([]byte, error) {
	from, err := mail.ParseAddress(l.From)
	if err != nil {
		return nil, errors.New("the sender must be a mail address")
	}
	if strings.TrimSpace(l.Text) == "" {
		return nil, errors.New("the mail has no text")
	}
	from.Name = l.Name
	to, subject, text := (&mail.Address{Address: mailbox}).String(), strings.Join(strings.Fields(l.Subject), " "), strings.TrimSpace(l.Text)
	_, domain, _ := strings.Cut(from.Address, "@")
	header := [][2]string{
		{"Message-ID", "<" + rand.Text() + "@" + domain + ">"},
		{"Date", now.Format(time.RFC1123Z)},
		{"From", from.String()},
	}
	if parent != nil {
		to = parent.Header("From")
		if reply := parent.Header("Reply-To"); reply != "" {
			to = reply
		}
		subject = parent.Header("Subject")
		if !strings.HasPrefix(strings.ToLower(subject), "re:") {
			subject = "Re: " + subject
		}
		id := parent.Header("Message-Id")
		header = append(header, [2]string{"In-Reply-To", id},
			[2]string{"References", strings.TrimSpace(strings.Join(append(strings.Fields(parent.Header("References")), id), "\r\n "))})
		text += "\n\n" + quote(parent)
	}
	header = append(header, [2]string{"To", to}, [2]string{"Subject", mime.QEncoding.Encode("utf-8", subject)},
		[2]string{"MIME-Version", "1.0"}, [2]string{"Content-Type", "text/plain; charset=utf-8"},
		[2]string{"Content-Transfer-Encoding", "quoted-printable"})
	var raw bytes.Buffer
	for _, field := range header {
		fmt.Fprintf(&raw, "%s: %s\r\n", field[0], field[1])
	}
	raw.WriteString("\r\n")
	body := quotedprintable.NewWriter(&raw)
	if _, err := body.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("encoding the mail: %w", err)
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("encoding the mail: %w", err)
	}
	return raw.Bytes(), nil
}

// quote returns what is answered as mail programs put it below an answer.
func quote(parent *gmail.Mail) string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(parent.Text(), "\r\n", "\n")), "\n")
	return fmt.Sprintf("On %s, %s wrote:\n> %s", parent.At.Format("Mon, 2 Jan 2006 at 15:04"), parent.Header("From"), strings.Join(lines, "\n> "))
}

// firstAddress returns the first address in a header field, as far as it can be
// read.
func firstAddress(m gmail.Mail, field string) mail.Address {
	text := m.Header(field)
	if list, err := mail.ParseAddressList(text); err == nil {
		return *list[0]
	}
	return mail.Address{Address: text}
}

// sameMailbox compares two addresses, without what follows a plus sign.
func sameMailbox(a, b string) bool { return strings.EqualFold(withoutTag(a), withoutTag(b)) }

func withoutTag(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// errorName is how people write a Twilio error.
func errorName(code int) string {
	if code == 63016 {
		return "63016 (outside the 24 hours in which free text is allowed)"
	}
	return strconv.Itoa(code)
}
