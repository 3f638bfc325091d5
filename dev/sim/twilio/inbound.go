package twilio

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Media is an attachment of a message.
type Media struct {
	// URL is what the webhook names; empty is made up, as Twilio's are.
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	// SID is made up when it is empty.
	SID string `json:"sid,omitempty"`
}

// InboundOptions vary an inbound message; the zero value is a plain text.
type InboundOptions struct {
	// To defaults to Options.From.
	To          string `json:"to,omitempty"`
	ProfileName string `json:"profile_name,omitempty"`
	// SID is given to repeat an earlier message; otherwise a new one is made.
	SID   string  `json:"sid,omitempty"`
	Media []Media `json:"media,omitempty"`
	// Repeat is how many deliveries are made at once; 0 means 1.
	Repeat int `json:"repeat,omitempty"`
	// At is when the customer wrote; zero means now.
	At time.Time `json:"at,omitzero"`
	// NoWebhook lets the webhook get lost: the message is only in the list.
	NoWebhook bool `json:"no_webhook,omitempty"`
	// Signature replaces the right one.
	Signature string `json:"signature,omitempty"`
	// Extra parameters are added to the form, or replace what is in it.
	Extra map[string]string `json:"extra,omitempty"`
}

// Receipt says what became of an inbound message.
type Receipt struct {
	SID string `json:"sid"`
	// Statuses are the HTTP statuses of the deliveries; 0 is one without an answer.
	Statuses []int `json:"statuses"`
	// Lost is set when no webhook was posted: the message is only in the list.
	Lost bool `json:"lost,omitempty"`
}

// Inbound lets a customer write to us: the message is remembered and the webhook
// is delivered before Inbound returns. It returns an error when a delivery did
// not end with 2xx.
func (s *Server) Inbound(ctx context.Context, from, body string, options InboundOptions) (Receipt, error) {
	s.mu.Lock()
	hookURL := s.webhook.url
	s.mu.Unlock()
	at := options.At.UTC()
	if at.IsZero() {
		at = time.Now().UTC()
	}
	m := Message{
		SID: cmp.Or(options.SID, newSID("SM")), Direction: DirectionInbound, Status: "received", Body: body,
		From: whatsapp(from), To: whatsapp(cmp.Or(options.To, s.options.From)),
		NumMedia: len(options.Media), Created: at, Sent: at,
	}
	m.Media = s.named(options.Media, m.SID)
	known, repeated := s.message(m.SID)
	if repeated {
		m = known
	} else if err := s.put(m); err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{SID: m.SID}
	if options.NoWebhook || !repeated && s.faults.Take(LostWebhook) {
		receipt.Lost = true
		return receipt, nil
	}
	if hookURL == "" {
		return receipt, errors.New("delivering the message: no webhook URL is set")
	}
	h := s.newHook(hookURL, s.inboundForm(m, options))
	h.signature = cmp.Or(options.Signature, h.signature)
	receipt.Statuses = make([]int, max(1, options.Repeat))
	problems := make([]error, len(receipt.Statuses))
	var all sync.WaitGroup
	for i := range receipt.Statuses {
		all.Go(func() {
			status, err := s.deliver(ctx, h)
			if err == nil && status/100 != 2 {
				err = fmt.Errorf("delivering message %s: answered with status %d", m.SID, status)
			}
			receipt.Statuses[i], problems[i] = status, err
		})
	}
	all.Wait()
	return receipt, errors.Join(problems...)
}

func (s *Server) inboundForm(m Message, options InboundOptions) url.Values {
	form := url.Values{}
	for key, value := range map[string]string{
		"MessageSid": m.SID, "SmsSid": m.SID, "SmsMessageSid": m.SID, "AccountSid": s.options.AccountSID,
		"From": m.From, "To": m.To, "Body": m.Body, "NumMedia": strconv.Itoa(m.NumMedia), "NumSegments": "1",
		"ProfileName": cmp.Or(options.ProfileName, "Customer"), "WaId": strings.TrimPrefix(m.From, "whatsapp:+"),
		"SmsStatus": "received", "MessageType": "text", "ReferralNumMedia": "0", "ApiVersion": apiVersion,
	} {
		form.Set(key, value)
	}
	for i, media := range m.Media {
		form.Set("MediaUrl"+strconv.Itoa(i), media.URL)
		form.Set("MediaContentType"+strconv.Itoa(i), media.ContentType)
	}
	if len(m.Media) > 0 {
		kind, _, _ := strings.Cut(m.Media[0].ContentType, "/")
		form.Set("MessageType", messageType(kind))
	}
	for key, value := range options.Extra {
		form.Set(key, value)
	}
	return form
}

// messageType is what a webhook calls a message with an attachment of that kind.
func messageType(kind string) string {
	switch kind {
	case "image", "audio", "video":
		return kind
	default:
		return "document"
	}
}

// serveInbound is Inbound for other processes.
func (s *Server) serveInbound(w http.ResponseWriter, r *http.Request) {
	var message struct {
		From string `json:"from"`
		Body string `json:"body"`
		InboundOptions
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	receipt, err := s.Inbound(r.Context(), message.From, message.Body, message.InboundOptions)
	if err != nil {
		wire.WriteJSON(w, http.StatusBadGateway, map[string]any{"error": err.Error(), "receipt": receipt})
		return
	}
	wire.WriteJSON(w, http.StatusOK, receipt)
}
