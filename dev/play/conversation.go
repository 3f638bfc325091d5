package play

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
)

// conversation is a chat or a thread of mails, as its customer sees it.
type conversation struct {
	ID       string    `json:"id"`
	Channel  string    `json:"channel"`
	Address  string    `json:"address"` // of the customer
	Name     string    `json:"name,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Updated  time.Time `json:"updated"`
	Messages []message `json:"messages"`
}

// message is one text of a conversation.
type message struct {
	ID      string    `json:"id"`
	Ours    bool      `json:"ours"` // the service wrote it
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
	Subject string    `json:"subject,omitempty"`
	// Status is Twilio's word for what the service sent; for what the customer
	// wrote, it is sending, refused, lost or delivered.
	Status string `json:"status,omitempty"`
	// Detail explains a status that is not good.
	Detail string `json:"detail,omitempty"`
	// Deliveries is how often the service has accepted the customer's message.
	Deliveries int `json:"deliveries,omitempty"`
}

// conversations answers with everything, the last one to change first.
func (p *Page) conversations(w http.ResponseWriter, _ *http.Request) {
	found := map[string]*conversation{}
	if p.options.WhatsApp != nil {
		for _, m := range p.options.WhatsApp.Messages() {
			p.addChat(found, m)
		}
	}
	if p.options.Mail != nil {
		for _, m := range p.options.Mail.Mailbox(p.options.Mailbox) {
			p.addMail(found, m)
		}
	}
	all := []*conversation{}
	for _, c := range found {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *conversation) int {
		if order := b.Updated.Compare(a.Updated); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	wire.WriteJSON(w, http.StatusOK, all)
}

// add puts a message into the conversation it belongs to.
func add(found map[string]*conversation, c conversation, m message) *conversation {
	at := found[c.ID]
	if at == nil {
		at = &c
		found[c.ID] = at
	}
	at.Messages = append(at.Messages, m)
	at.Updated = m.At
	return at
}

func (p *Page) addChat(found map[string]*conversation, m twilio.Message) {
	shown := message{ID: m.SID, Ours: m.Direction != twilio.DirectionInbound, Text: m.Body, At: m.Created, Status: m.Status}
	customer := m.From
	name := ""
	if shown.Ours {
		customer = m.To
		if m.ErrorCode != 0 {
			shown.Detail = "error " + errorName(m.ErrorCode)
		}
		if m.Body == "" && m.ContentSID != "" {
			shown.Text = "(template " + m.ContentSID + ")"
		}
	} else {
		d := p.chats.of(m.SID)
		shown.Deliveries, name = d.Delivered, d.Name
		switch {
		case d.Delivered > 0:
			shown.Status = "delivered"
		case d.Lost:
			shown.Status, shown.Detail = "lost", "no webhook was posted: it is only in Twilio's list"
		case d.Refused != "":
			shown.Status, shown.Detail = "refused", d.Refused
		default:
			shown.Status = "sending"
		}
	}
	address := strings.TrimPrefix(customer, "whatsapp:")
	c := add(found, conversation{ID: chatID(customer), Channel: "whatsapp", Address: address}, shown)
	if name != "" {
		c.Name = name
	}
}

func (p *Page) addMail(found map[string]*conversation, m gmail.Mail) {
	from, to := firstAddress(m, "From"), firstAddress(m, "To")
	ours := sameMailbox(from.Address, p.options.Mailbox)
	customer := from
	if ours {
		customer = to
	}
	c := add(found,
		conversation{
			ID: "email:" + m.ThreadID + ":" + strings.ToLower(customer.Address), Channel: "email",
			Address: customer.Address, Name: customer.Name, Subject: m.Header("Subject"),
		},
		message{
			ID: m.ID, Ours: ours, Text: m.Text(), At: m.At, Subject: m.Header("Subject"),
			From: m.Header("From"), To: m.Header("To"),
		})
	if c.Name == "" {
		c.Name = customer.Name
	}
}
