package whatsapp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/digital-fte/fte/ticket"
)

// Bounds of one listing.
const (
	pageSize = 500
	maxPages = 20
)

// Directions of a listed message. Twilio knows several outbound ones.
const (
	directionInbound  = "inbound"
	directionOutbound = "outbound"
	// directionByHand is what people and programs send; an "outbound-reply" is
	// Twilio's own, such as the confirmation of an opt-out.
	directionByHand = "outbound-api"
)

// Sent is a message as Twilio's list shows it, ours or a customer's.
type Sent struct {
	SID       string
	From, To  string // E.164
	Body      string
	Status    string
	Direction string
	ErrorCode int // Twilio's, zero when nothing went wrong
	NumMedia  int
	CreatedAt time.Time // to the second; zero if Twilio's date is unreadable
	SentAt    time.Time // to the second; zero as well if it has not left yet
}

// Params returns the message in the form of an inbound webhook, so that what
// the list alone shows takes the same way as what Twilio posted. The list
// names no media addresses, no places and no buttons: a message that seems to
// hold nothing is of a kind we do not know. One of ours says so by Direction.
func (s Sent) Params() map[string]string {
	params := map[string]string{
		"MessageSid": s.SID, "From": Address(s.From), "To": Address(s.To),
		"Body": s.Body, "NumMedia": strconv.Itoa(s.NumMedia),
	}
	switch {
	case s.Direction != directionInbound:
		params[paramDirection] = directionOutbound
	case s.Body == "" && s.NumMedia == 0:
		params["MessageType"] = "unlisted"
	}
	return params
}

// paramDirection is in the parameters of an event only, never in a webhook.
const paramDirection = "Direction"

// At is when the message was sent, or at least when it was made.
func (s Sent) At() time.Time {
	if s.SentAt.IsZero() {
		return s.CreatedAt
	}
	return s.SentAt
}

// Valid reports whether a message of the list has what every message must have.
func (s Sent) Valid() bool {
	return isToken(s.SID) && isE164(s.From) && isE164(s.To) && !s.At().IsZero()
}

// Undelivered reports whether the message surely never reaches its recipient.
func (s Sent) Undelivered() bool { return Delivery(s.Status) == ticket.DeliveryFailed }

// Outbound reports whether the parameters are those of a message that somebody
// sent from our number without this service, as Params makes them.
func Outbound(params map[string]string) bool { return params[paramDirection] == directionOutbound }

// List returns what we sent to a customer (E.164) since then, newest first:
// the evidence for a send of unknown outcome. It is complete or an error; a
// read has no effect, so no answer is CodeUnavailable.
//
// Twilio is not asked to filter by date: its filter looks at the time of
// sending, which a message still queued does not have.
func (c *Client) List(ctx context.Context, to string, since time.Time) ([]Sent, error) {
	if !isE164(to) {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the recipient is no number in international form")
	}
	params := new(openapi.ListMessageParams).SetFrom(c.from).SetTo(Address(to))
	return c.list(ctx, params, directionOutbound, since)
}

// ListInbound returns what customers sent to our number in this time, newest
// first: it finds messages whose webhook never arrived. Complete or an error,
// as List; CodeTooLarge when there is too much for one listing.
func (c *Client) ListInbound(ctx context.Context, from, until time.Time) ([]Sent, error) {
	params := new(openapi.ListMessageParams).SetTo(c.from).SetDateSentAfter(from.UTC()).SetDateSentBefore(until.UTC())
	return c.list(ctx, params, directionInbound, time.Time{})
}

// ListOutbound returns what left our number in this time, by whatever way,
// newest first, but not what Twilio answers by itself. Errors are those of
// ListInbound.
func (c *Client) ListOutbound(ctx context.Context, from, until time.Time) ([]Sent, error) {
	params := new(openapi.ListMessageParams).SetFrom(c.from).SetDateSentAfter(from.UTC()).SetDateSentBefore(until.UTC())
	return c.list(ctx, params, directionByHand, time.Time{})
}

func (c *Client) list(ctx context.Context, params *openapi.ListMessageParams, direction string, since time.Time) ([]Sent, error) {
	params.SetPageSize(pageSize)
	since = since.Truncate(time.Second)
	var all []Sent
	var page, token string
	seen := map[string]bool{}
	for range maxPages {
		response, err := c.page(ctx, params, token, page)
		if err != nil {
			return nil, err
		}
		recent := false
		for i := range response.Messages {
			m := sentOf(&response.Messages[i])
			if !m.CreatedAt.IsZero() && m.CreatedAt.Before(since) {
				continue
			}
			recent = true
			// What arrives while we turn the pages moves others to the next one.
			if strings.HasPrefix(m.Direction, direction) && !seen[m.SID] {
				seen[m.SID] = true
				all = append(all, m)
			}
		}
		// Newest first: behind a page of old messages come only older ones.
		if !recent || response.NextPageUri == nil || *response.NextPageUri == "" {
			return all, nil
		}
		next, err := url.Parse(*response.NextPageUri)
		if err != nil || next.Query().Get("Page") == "" && next.Query().Get("PageToken") == "" {
			return nil, ticket.Errorf(ticket.CodeUnavailable, "Twilio's list names no next page we can ask for")
		}
		page, token = next.Query().Get("Page"), next.Query().Get("PageToken")
	}
	return nil, ticket.Errorf(ticket.CodeTooLarge, "Twilio lists more than %d messages since then", pageSize*maxPages)
}

func (c *Client) page(ctx context.Context, params *openapi.ListMessageParams, token, page string) (*openapi.ListMessageResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	api, x := c.begin(ctx)
	response, err := api.PageMessage(params, token, page)
	if err != nil {
		return nil, x.classify(err, false)
	}
	// Anything else that happens to be JSON must not pass for an empty list:
	// absence of a message is what allows it to be sent again.
	if x.status != http.StatusOK || response.Messages == nil {
		return nil, x.classify(errors.New("the answer is no list of messages"), false)
	}
	return response, nil
}

func sentOf(m *openapi.ApiV2010Message) Sent {
	value := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	s := Sent{
		SID: value(m.Sid), Body: value(m.Body), Status: value(m.Status),
		Direction: value(m.Direction),
	}
	s.From, _ = Number(value(m.From))
	s.To, _ = Number(value(m.To))
	if m.ErrorCode != nil {
		s.ErrorCode = *m.ErrorCode
	}
	s.NumMedia, _ = strconv.Atoi(value(m.NumMedia))
	// An unreadable date stays zero, and the message is kept: evidence that
	// might be ours is not to be dropped.
	s.CreatedAt, _ = time.Parse(time.RFC1123Z, value(m.DateCreated))
	s.SentAt, _ = time.Parse(time.RFC1123Z, value(m.DateSent))
	return s
}
