package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	sourceTwilio = "/twilio"
	// emptyTwiML tells Twilio that no reply comes with the answer.
	emptyTwiML = "<Response></Response>"
)

// maxToken is longer than any id or status Twilio gives.
const maxToken = 64

func (g *Gateway) whatsAppMessage(c *gin.Context) error {
	signed, err := g.readTwilio(c)
	if err != nil {
		return err
	}
	if err := g.deliver(c, stream.Event{
		Topic: ticket.TopicWhatsAppInbound, Type: ticket.TypeWhatsAppMessage, Source: sourceTwilio,
		Key: numberOf(signed.Params["From"]), ID: whatsapp.EventID(signed.sid(), ""),
	}, signed.WhatsAppEvent); err != nil {
		return err
	}
	c.Data(http.StatusOK, "text/xml", []byte(emptyTwiML))
	return nil
}

func (g *Gateway) whatsAppStatus(c *gin.Context) error {
	signed, err := g.readTwilio(c)
	if err != nil {
		return err
	}
	status, ok := signed.token("MessageStatus", "SmsStatus")
	if !ok {
		status = "unknown"
	}
	if err := g.deliver(c, stream.Event{
		Topic: ticket.TopicWhatsAppInbound, Type: ticket.TypeWhatsAppStatus, Source: sourceTwilio,
		Key: numberOf(signed.Params["To"]), ID: whatsapp.EventID(signed.sid(), status),
	}, signed.WhatsAppEvent); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// twilioRequest is a request that Twilio signed. Nothing else is known of it:
// whether it makes sense is found out behind Kafka, where what does not is
// kept as a dead letter.
type twilioRequest struct {
	ticket.WhatsAppEvent
	body []byte
}

func (g *Gateway) readTwilio(c *gin.Context) (*twilioRequest, error) {
	if g.opts.WhatsApp == nil {
		return nil, &refusal{http.StatusNotFound, "channel_off", "the whatsapp channel is not configured"}
	}
	body, err := readBody(c, maxTwilio)
	if err != nil {
		return nil, err
	}
	// The signature covers the address as it was sent, not as it is parsed.
	params, err := g.opts.WhatsApp.Verify(c.Request.RequestURI, body, c.GetHeader("X-Twilio-Signature"))
	if ticket.CodeOf(err) == ticket.CodeUnauthorized {
		return nil, &refusal{http.StatusForbidden, "signature", "the request is not signed by Twilio for this account"}
	}
	if err != nil {
		return nil, err
	}
	return &twilioRequest{
		WhatsAppEvent: ticket.WhatsAppEvent{Params: firsts(params), Query: firsts(c.Request.URL.Query())},
		body:          body,
	}, nil
}

// sid returns Twilio's id of the message, or one made of the request where it
// has none that could be a key.
func (r *twilioRequest) sid() string {
	if id, ok := r.token("MessageSid", "SmsSid", "SmsMessageSid"); ok {
		return id
	}
	sum := sha256.Sum256(r.body)
	return hex.EncodeToString(sum[:16])
}

// token returns the first of these parameters that can be part of an id.
func (r *twilioRequest) token(names ...string) (string, bool) {
	for _, name := range names {
		if value := r.Params[name]; isToken(value, maxToken) {
			return value, true
		}
	}
	return "", false
}

// numberOf returns the E.164 number of an address, or the address itself if it
// is no number: a key only decides about order.
func numberOf(address string) string {
	if number, ok := whatsapp.Number(address); ok {
		return number
	}
	const longest = 64
	return strings.ToValidUTF8(address[:min(len(address), longest)], "")
}

func firsts(values url.Values) map[string]string {
	flat := make(map[string]string, len(values))
	for key, all := range values {
		if len(all) > 0 {
			flat[key] = all[0]
		}
	}
	return flat
}

// deliver completes the event with what every event has and makes it durable.
func (g *Gateway) deliver(c *gin.Context, e stream.Event, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return ticket.Wrap(ticket.CodeInternal, err, "writing an event")
	}
	e.Value, e.Time = body, time.Now()
	e.CorrelationID, e.TraceParent = correlationID(c), traceParent(c)
	return g.delivery.deliver(c.Request.Context(), e)
}
