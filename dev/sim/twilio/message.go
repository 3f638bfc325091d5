package twilio

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Directions of a message, as the API names them.
const (
	DirectionInbound  = "inbound"
	DirectionOutbound = "outbound-api"
)

// Message is a message Twilio accepted from us or from a customer.
type Message struct {
	SID       string `json:"sid"`
	To        string `json:"to"`
	From      string `json:"from"`
	Body      string `json:"body"`
	Direction string `json:"direction"`
	Status    string `json:"status"`
	ErrorCode int    `json:"error_code,omitempty"`
	// Fails is the code it will fail with when Twilio comes to send it.
	Fails            int       `json:"fails,omitempty"`
	StatusCallback   string    `json:"status_callback,omitempty"`
	ContentSID       string    `json:"content_sid,omitempty"`
	ContentVariables string    `json:"content_variables,omitempty"`
	ValidityPeriod   string    `json:"validity_period,omitempty"`
	ServiceSID       string    `json:"messaging_service_sid,omitempty"`
	NumMedia         int       `json:"num_media,omitempty"`
	Media            []Media   `json:"media,omitempty"`
	Created          time.Time `json:"created"`
	// Sent is zero until the message has left Twilio.
	Sent    time.Time `json:"sent,omitzero"`
	Updated time.Time `json:"updated"`
}

// terminal reports whether the status will not change any more by itself.
func (m Message) terminal() bool {
	return m.Direction == DirectionInbound || slices.Contains([]string{"delivered", "read", "failed", "undelivered"}, m.Status)
}

// resource is the message as the REST API shows it.
func (m Message) resource(account string) map[string]any {
	uri := messageURI(account, m.SID)
	return map[string]any{
		"sid": m.SID, "account_sid": account, "to": m.To, "from": orNull(m.From), "body": m.Body,
		"direction": m.Direction, "status": m.Status, "num_media": strconv.Itoa(m.NumMedia), "num_segments": "1",
		"error_code": nullIf(m.ErrorCode == 0, m.ErrorCode), "error_message": nullIf(m.ErrorCode == 0, errorText(m.ErrorCode)),
		"date_created": date(m.Created), "date_updated": date(m.Updated), "date_sent": nullIf(m.Sent.IsZero(), date(m.Sent)),
		"messaging_service_sid": orNull(m.ServiceSID), "price": m.price(), "price_unit": "USD", "api_version": apiVersion,
		"uri": uri + ".json", "subresource_uris": map[string]string{"media": uri + "/Media.json"},
	}
}

func messageURI(account, sid string) string {
	return "/" + apiVersion + "/Accounts/" + account + "/Messages/" + sid
}

// price is known once the message has reached its end.
func (m Message) price() any {
	return nullIf(!slices.Contains([]string{"delivered", "read", "undelivered"}, m.Status), "-0.00500")
}

// Messages returns everything Twilio knows of, in the order in which it came to
// know of it: what it accepted from us and what customers wrote.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Accepted returns the messages Twilio accepted from us, oldest first.
func (s *Server) Accepted() []Message {
	return slices.DeleteFunc(s.Messages(), func(m Message) bool { return m.Direction == DirectionInbound })
}

// Conversation returns the messages to and from a customer's number, oldest
// first; the number may have the prefix "whatsapp:".
func (s *Server) Conversation(number string) []Message {
	address := whatsapp(number)
	return slices.DeleteFunc(s.Messages(), func(m Message) bool { return m.To != address && m.From != address })
}

// WaitFor returns once cond holds for the messages, or with the context's error.
func (s *Server) WaitFor(ctx context.Context, cond func([]Message) bool) error {
	return s.changed.WaitFor(ctx, func() bool { return cond(s.Messages()) })
}

func (s *Server) message(sid string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.index[sid]
	if !ok {
		return Message{}, false
	}
	return s.messages[at], true
}

// put stores a message, or the new state of a known one.
func (s *Server) put(m Message) error {
	s.mu.Lock()
	m.Updated = time.Now().UTC()
	err := s.journal.Append(m)
	s.remember(m)
	s.mu.Unlock()
	s.changed.Broadcast()
	return err
}

func (s *Server) remember(m Message) {
	if at, known := s.index[m.SID]; known {
		s.messages[at] = m
		return
	}
	s.index[m.SID] = len(s.messages)
	s.messages = append(s.messages, m)
}

func (s *Server) lastInbound(from string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last time.Time
	for _, m := range s.messages {
		if m.Direction == DirectionInbound && m.From == from && m.Created.After(last) {
			last = m.Created
		}
	}
	return last
}

func whatsapp(number string) string {
	if strings.HasPrefix(number, "whatsapp:") {
		return number
	}
	return "whatsapp:" + number
}
