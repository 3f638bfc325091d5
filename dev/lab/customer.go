package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/ticket"
)

// Inbound is one message that the service has acknowledged, and so owes an
// outcome.
type Inbound struct {
	Channel    ticket.Channel
	ExternalID string
	Customer   string
}

// accept records a debt of the service.
func (l *Lab) accept(c ticket.Channel, externalID, customer string) Inbound {
	in := Inbound{c, externalID, customer}
	if !slices.Contains(l.accepted, in) {
		l.accepted = append(l.accepted, in)
	}
	return in
}

// Canary returns a word that only this customer writes, so that it can be
// recognised where it does not belong. It has letters alone: a code with digits
// could be taken for a secret, and hidden.
func (l *Lab) Canary(customer string) string {
	if l.canaries[customer] == "" {
		l.canaries[customer] = "canary" + strings.Map(letter, strings.ReplaceAll(uuid.NewString(), "-", "")[:12])
	}
	return l.canaries[customer]
}

// letter turns a hexadecimal digit into a letter from a to p.
func letter(r rune) rune {
	if r <= '9' {
		return r - '0' + 'a'
	}
	return r - 'a' + 'k'
}

// WhatsApp lets a customer write; the webhook is delivered repeat times at once.
func (l *Lab) WhatsApp(from, text string, repeat int) Inbound {
	l.t.Helper()
	return l.WhatsAppWith(from, text, twilio.InboundOptions{Repeat: repeat, ProfileName: "Ana"})
}

// WhatsAppWith is WhatsApp with what is unusual about a message.
func (l *Lab) WhatsAppWith(from, text string, o twilio.InboundOptions) Inbound {
	l.t.Helper()
	receipt, err := l.Twilio.Inbound(l.t.Context(), "whatsapp:"+from, text, o)
	require.NoError(l.t, err)
	require.Contains(l.t, receipt.Statuses, http.StatusOK, "no delivery was acknowledged: %v", receipt.Statuses)
	return l.accept(ticket.WhatsApp, "twilio:"+receipt.SID, from)
}

// WriteOnce lets a customer write to a gateway that may die of it: one webhook,
// whatever becomes of it. It returns the message's id.
func (l *Lab) WriteOnce(from, text string) (sid string) {
	l.t.Helper()
	receipt, err := l.Twilio.Inbound(l.t.Context(), "whatsapp:"+from, text, twilio.InboundOptions{ProfileName: "Ana"})
	if err != nil {
		l.t.Logf("the webhook was not answered: %v", err)
	}
	require.NotEmpty(l.t, receipt.SID)
	return receipt.SID
}

// WriteWithoutWebhook lets a customer write, then or at an earlier time, while
// the webhook gets lost: only Twilio's list shows the message.
func (l *Lab) WriteWithoutWebhook(from, text string, at time.Time) Inbound {
	l.t.Helper()
	receipt, err := l.Twilio.Inbound(l.t.Context(), "whatsapp:"+from, text, twilio.InboundOptions{ProfileName: "Ana", At: at, NoWebhook: true})
	require.NoError(l.t, err)
	return l.accept(ticket.WhatsApp, "twilio:"+receipt.SID, from)
}

// WhatsAppAgain repeats a message's webhook until it is acknowledged, as
// Twilio's retries and reconciliation would.
func (l *Lab) WhatsAppAgain(from, text, sid string) Inbound {
	l.t.Helper()
	l.Wait("the webhook is acknowledged", func(ctx context.Context) bool {
		receipt, err := l.Twilio.Inbound(ctx, "whatsapp:"+from, text, twilio.InboundOptions{SID: sid, ProfileName: "Ana"})
		return err == nil && slices.Contains(receipt.Statuses, http.StatusOK)
	})
	return l.accept(ticket.WhatsApp, "twilio:"+sid, from)
}

// Mail is what a customer sends by e-mail.
type Mail struct {
	From, Name, Subject, Text string
	To                        string // Mailbox when empty
	InReplyTo                 string
	MessageID                 string // made up when empty
}

// Deliver lets a mail arrive in the support mailbox.
func (l *Lab) Deliver(m Mail) Inbound {
	l.t.Helper()
	if m.To == "" {
		m.To = Mailbox
	}
	id, err := l.Gmail.Deliver(m.raw())
	require.NoError(l.t, err)
	return l.accept(ticket.Email, "gmail:"+Mailbox+":"+id, m.From)
}

// DeliverRaw lets a mail arrive as it is, whatever is odd about it.
func (l *Lab) DeliverRaw(raw []byte, customer string) Inbound {
	l.t.Helper()
	id, err := l.Gmail.Deliver(raw)
	require.NoError(l.t, err)
	return l.accept(ticket.Email, "gmail:"+Mailbox+":"+id, customer)
}

// WriteByHand lets a person of the company answer a mail in the mailbox itself,
// without the service.
func (l *Lab) WriteByHand(m Mail) {
	l.t.Helper()
	m.From = Mailbox
	id, err := l.Gmail.SendByHand(Mailbox, m.raw(), "")
	require.NoError(l.t, err)
	l.byHand = append(l.byHand, id)
}

func (m Mail) raw() []byte {
	if m.MessageID == "" {
		m.MessageID = "<" + uuid.NewString() + "@customer.example>"
	}
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "From: %s <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: %s\r\nDate: %s\r\n",
		m.Name, m.From, m.To, m.Subject, m.MessageID, time.Now().Format(time.RFC1123Z))
	if m.InReplyTo != "" {
		fmt.Fprintf(&raw, "In-Reply-To: %s\r\nReferences: %s\r\n", m.InReplyTo, m.InReplyTo)
	}
	fmt.Fprintf(&raw, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", m.Text)
	return raw.Bytes()
}

// Submitted is the answer to a form.
type Submitted struct {
	TicketID     uuid.UUID `json:"ticket_id"`
	TicketNumber string    `json:"ticket_number"`
	StatusURL    string    `json:"status_url"`
}

// Form submits the web form.
func (l *Lab) Form(email, subject, message, idempotencyKey string) Submitted {
	l.t.Helper()
	s, status := l.TryForm(email, subject, message, idempotencyKey)
	require.Equal(l.t, http.StatusOK, status)
	return s
}

// TryForm submits the web form and returns the HTTP status, 0 if there was no answer.
func (l *Lab) TryForm(email, subject, message, idempotencyKey string) (Submitted, int) {
	l.t.Helper()
	return l.Submit(map[string]string{
		"name": "Ana Lima", "email": email, "subject": subject, "category": "technical", "priority": "medium", "message": message,
	}, idempotencyKey)
}

// Submit submits the web form with these fields and returns the HTTP status, 0
// if there was no answer.
func (l *Lab) Submit(fields map[string]string, idempotencyKey string) (Submitted, int) {
	l.t.Helper()
	body, err := json.Marshal(fields)
	require.NoError(l.t, err)
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.BaseURL+"/support/submit", bytes.NewReader(body))
	require.NoError(l.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", idempotencyKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Submitted{}, 0
	}
	defer func() { _ = res.Body.Close() }()
	var s Submitted
	if res.StatusCode == http.StatusOK {
		require.NoError(l.t, json.NewDecoder(res.Body).Decode(&s))
		l.accept(ticket.WebForm, "form:"+s.TicketID.String(), fields["email"])
	}
	return s, res.StatusCode
}

// PageMessage writes a further message on the ticket page.
func (l *Lab) PageMessage(id uuid.UUID, customer, message, idempotencyKey string) {
	l.t.Helper()
	body, err := json.Marshal(map[string]string{"message": message})
	require.NoError(l.t, err)
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.BaseURL+"/support/ticket/"+id.String()+"/messages", bytes.NewReader(body))
	require.NoError(l.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", idempotencyKey)
	res, err := http.DefaultClient.Do(req)
	require.NoError(l.t, err)
	_ = res.Body.Close()
	require.Equal(l.t, http.StatusOK, res.StatusCode)
	l.accept(ticket.WebForm, webform.MessageID(id, webform.MessageN(idempotencyKey)), customer)
}

// FormAgain submits the form until it is accepted, as a customer would who is
// told to try again.
func (l *Lab) FormAgain(email, subject, message, idempotencyKey string) {
	l.t.Helper()
	l.Wait("the form is accepted", func(context.Context) bool {
		_, status := l.TryForm(email, subject, message, idempotencyKey)
		return status == http.StatusOK
	})
}

// Page is the ticket page's data.
type Page struct {
	TicketNumber string        `json:"ticket_number"`
	Status       ticket.Status `json:"status"`
	Messages     []struct {
		Author   ticket.Author    `json:"author"`
		Text     string           `json:"text"`
		Delivery *ticket.Delivery `json:"delivery"`
	} `json:"messages"`
}

// Answers returns what the assistant wrote on the page.
func (p Page) Answers() []string {
	var texts []string
	for _, m := range p.Messages {
		if m.Author == ticket.Assistant {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// TicketPage reads the ticket page.
func (l *Lab) TicketPage(id uuid.UUID) Page {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.BaseURL+"/support/ticket/"+id.String(), nil)
	require.NoError(l.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(l.t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(l.t, http.StatusOK, res.StatusCode)
	var p Page
	require.NoError(l.t, json.NewDecoder(res.Body).Decode(&p))
	return p
}

// RepliesTo returns what the providers accepted for a customer, in order.
func (l *Lab) RepliesTo(customer string) []string {
	var texts []string
	for _, m := range l.Twilio.Accepted() {
		if m.To == "whatsapp:"+customer {
			texts = append(texts, m.Body)
		}
	}
	for _, m := range l.Gmail.Sent() {
		if slices.Contains(m.To, customer) {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// RepliesPerCustomer counts what the providers accepted, by recipient.
func (l *Lab) RepliesPerCustomer() map[string]int {
	counts := map[string]int{}
	for _, a := range l.providerLog() {
		counts[a.to]++
	}
	return counts
}
