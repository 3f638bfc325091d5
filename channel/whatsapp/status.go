package whatsapp

import (
	"strconv"

	"github.com/digital-fte/fte/ticket"
)

// Status is one status callback of a message of ours.
type Status struct {
	SID        string
	Status     string // Twilio's word
	ErrorCode  int    // Twilio's, zero when nothing went wrong; Explain says what it means
	OutboundID string // our id of the message, from the callback's query; empty if it had none
	From, To   string // E.164, empty when Twilio left them out: our number and the customer's
}

// OutboundQuery is the query parameter of a status callback that carries our
// own id of the message.
const OutboundQuery = "oid"

// ParseStatus reads the parameters of a status callback and of its URL, which
// the signature covers too. A status Twilio has added since is passed on: Rank
// gives -1 for it. CodeInvalid when message id or status are missing.
func ParseStatus(params, query map[string]string) (*Status, error) {
	id, err := sid(params, "MessageSid", "SmsSid")
	if err != nil {
		return nil, err
	}
	word := params["MessageStatus"]
	if word == "" {
		word = params["SmsStatus"]
	}
	if !isWord(word) {
		return nil, ticket.Errorf(ticket.CodeInvalid, "parameter MessageStatus holds no status")
	}
	s := &Status{SID: id, Status: word}
	if code, err := strconv.Atoi(params["ErrorCode"]); err == nil && code > 0 {
		s.ErrorCode = code
	}
	if oid := query[OutboundQuery]; isToken(oid) {
		s.OutboundID = oid
	}
	s.From, _ = Number(params["From"])
	s.To, _ = Number(params["To"])
	return s, nil
}

// Rank orders statuses by how far a message has come. Callbacks arrive twice
// and out of order: apply one only if its rank is higher than that of what is
// stored. The final ones rank highest; an unknown status gives -1.
func Rank(status string) int {
	switch status {
	case "accepted":
		return 1
	case "scheduled":
		return 2
	case "queued":
		return 3
	case "sending":
		return 4
	case "sent":
		return 5
	case "delivered":
		return 6
	case "read":
		return 7
	case "failed", "undelivered", "canceled":
		return 8
	default:
		return -1
	}
}

// Delivery returns what people see of a status; empty for an unknown one.
func Delivery(status string) ticket.Delivery {
	switch status {
	case "accepted", "scheduled", "queued", "sending":
		return ticket.DeliveryQueued
	case "sent":
		return ticket.DeliverySent
	case "delivered":
		return ticket.DeliveryDelivered
	case "read":
		return ticket.DeliveryRead
	case "failed", "undelivered", "canceled":
		return ticket.DeliveryFailed
	default:
		return ""
	}
}

func isWord(s string) bool {
	const longest = 32
	if s == "" || len(s) > longest {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}
