package email

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

// ParsePush reads the body of a push: Pub/Sub's envelope and, inside it,
// Gmail's notification. CodeInvalid says what is wrong with it.
func ParsePush(body []byte) (ticket.GmailPush, error) {
	var envelope struct {
		Message struct {
			Data      string `json:"data"`
			MessageID string `json:"messageId"`
			OldID     string `json:"message_id"`
		} `json:"message"`
		Subscription string `json:"subscription"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return ticket.GmailPush{}, ticket.Wrap(ticket.CodeInvalid, err, "the push is not a Pub/Sub envelope")
	}
	id := envelope.Message.MessageID
	if id == "" {
		id = envelope.Message.OldID
	}
	if id == "" {
		return ticket.GmailPush{}, ticket.Errorf(ticket.CodeInvalid, "the push has no message id")
	}
	data, err := decodeBase64(envelope.Message.Data)
	if err != nil {
		return ticket.GmailPush{}, ticket.Wrap(ticket.CodeInvalid, err, "the data of the push is not base64")
	}
	var notification struct {
		EmailAddress string      `json:"emailAddress"`
		HistoryID    json.Number `json:"historyId"` // Google sends it as a number and as a string
	}
	if err := json.Unmarshal(data, &notification); err != nil {
		return ticket.GmailPush{}, ticket.Wrap(ticket.CodeInvalid, err, "the data of the push is not a Gmail notification")
	}
	history, err := strconv.ParseUint(notification.HistoryID.String(), 10, 64)
	if err != nil {
		return ticket.GmailPush{}, ticket.Errorf(ticket.CodeInvalid, "the push has no usable history id")
	}
	mailbox := strings.ToLower(strings.TrimSpace(notification.EmailAddress))
	if mailbox == "" {
		return ticket.GmailPush{}, ticket.Errorf(ticket.CodeInvalid, "the push names no mailbox")
	}
	return ticket.GmailPush{
		Mailbox: mailbox, HistoryID: history, PubSubID: id, Subscription: envelope.Subscription,
	}, nil
}

// Usable reports, with CodeInvalid, a push that is genuine but not for us:
// another subscription or another mailbox. Delivering it again changes
// nothing, so it is acknowledged and counted.
func (v *PushVerifier) Usable(push ticket.GmailPush) error {
	if v.options.Subscription != "" && push.Subscription != v.options.Subscription {
		return ticket.Errorf(ticket.CodeInvalid, "the push is from another subscription")
	}
	if v.options.Mailbox != "" && !strings.EqualFold(push.Mailbox, v.options.Mailbox) {
		return ticket.Errorf(ticket.CodeInvalid, "the push is about another mailbox")
	}
	return nil
}

// decodeBase64 accepts both alphabets, padded or not: Google's documents and
// services disagree about which one they use.
func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "=")
	return base64.RawURLEncoding.DecodeString(s)
}
