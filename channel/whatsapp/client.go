package whatsapp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/digital-fte/fte/ticket"
)

// Options configure a Client.
type Options struct {
	AccountSID string
	AuthToken  string // the one that is valid now, not a list
	From       string // our WhatsApp number, E.164, with or without "whatsapp:"
	// BaseURL replaces https://api.twilio.com when set. Only when it is empty
	// do Twilio's own TWILIO_EDGE and TWILIO_REGION count.
	BaseURL string
	// Timeout bounds one request; zero means DefaultTimeout.
	Timeout time.Duration
	// Transport does the requests; nil means one of the client's own.
	Transport http.RoundTripper
}

// DefaultTimeout bounds a request to Twilio if nothing else is said.
const DefaultTimeout = 10 * time.Second

// Client sends messages and lists them. It is safe for concurrent use and
// never retries.
type Client struct {
	accountSID string
	authToken  string
	from       string // channel address
	base       *url.URL
	timeout    time.Duration
	transport  http.RoundTripper
}

// NewClient returns a Client, or an error naming the option that is missing or
// unusable. It does not call Twilio.
func NewClient(o Options) (*Client, error) {
	from := strings.TrimPrefix(o.From, scheme)
	switch {
	case !isToken(o.AccountSID) || strings.Contains(o.AccountSID, "-"):
		return nil, errors.New("the Twilio account SID is not of letters and digits")
	case !isToken(o.AuthToken) || strings.Contains(o.AuthToken, "-"):
		return nil, errors.New("the Twilio auth token is not of letters and digits")
	case !isE164(from):
		return nil, errors.New("the WhatsApp sender is no number in international form, such as +14155238886")
	case o.Timeout < 0:
		return nil, errors.New("the Twilio timeout is negative")
	}
	c := &Client{
		accountSID: o.AccountSID, authToken: o.AuthToken, from: Address(from),
		timeout: o.Timeout, transport: o.Transport,
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if o.BaseURL != "" {
		base, err := url.Parse(o.BaseURL)
		if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
			return nil, errors.New("the Twilio base URL is not an http or https address")
		}
		c.base = base
	}
	if c.transport == nil {
		own, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			return nil, errors.New("the process has replaced the default HTTP transport, give one")
		}
		c.transport = own.Clone()
	}
	return c, nil
}

// From returns our WhatsApp number, E.164.
func (c *Client) From() string { return strings.TrimPrefix(c.from, scheme) }

// validity is how long Twilio and WhatsApp may go on trying to deliver a
// message, in seconds: hours later nobody waits for the answer any more.
const validity = 4 * 60 * 60

// Send hands one message to Twilio and returns its id. to is E.164; body has 1
// to MaxLength characters; statusCallback is the signed address Twilio reports
// to and should carry our own id of the message (OutboundQuery).
//
// CodeRateLimited (with RetryAfter, if Twilio said), CodeInvalid,
// CodeUnauthorized and CodeUnavailable mean that nothing was sent. After
// CodeUnknownOutcome the message may be on its way: look for evidence (a
// callback, List) before sending it again. WindowClosed and OptedOut tell two
// refusals from the others.
func (c *Client) Send(ctx context.Context, to, body, statusCallback string) (string, error) {
	switch {
	case strings.TrimSpace(body) == "":
		return "", ticket.Errorf(ticket.CodeInvalid, "the message is empty")
	case utf8.RuneCountInString(body) > MaxLength:
		return "", ticket.Errorf(ticket.CodeTooLarge, "the message has more than %d characters", MaxLength)
	}
	return c.create(ctx, to, statusCallback, new(openapi.CreateMessageParams).SetBody(body))
}

// SendTemplate is Send for an approved template, named by its ContentSid, which
// WhatsApp takes at any time. It has no variables.
func (c *Client) SendTemplate(ctx context.Context, to, contentSID, statusCallback string) (string, error) {
	if !isToken(contentSID) {
		return "", ticket.Errorf(ticket.CodeInvalid, "the WhatsApp template is no ContentSid, such as HX and 32 digits; check TWILIO_TEMPLATE_SID")
	}
	return c.create(ctx, to, statusCallback, new(openapi.CreateMessageParams).SetContentSid(contentSID))
}

func (c *Client) create(ctx context.Context, to, statusCallback string, params *openapi.CreateMessageParams) (string, error) {
	if !isE164(to) {
		return "", ticket.Errorf(ticket.CodeInvalid, "the recipient is no number in international form")
	}
	params.SetFrom(c.from).SetTo(Address(to)).SetValidityPeriod(validity)
	if statusCallback != "" {
		params.SetStatusCallback(statusCallback)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	api, x := c.begin(ctx)
	sent, err := api.CreateMessage(params)
	if err != nil {
		return "", x.classify(err, true)
	}
	if sent.Sid == nil || !isToken(*sent.Sid) {
		return "", x.classify(errors.New("the answer names no message"), true)
	}
	return *sent.Sid, nil
}

// begin returns the API for one exchange. A twilio-go client is a few fields;
// the connections are the transport's, which all exchanges share.
func (c *Client) begin(ctx context.Context) (*openapi.ApiService, *exchange) {
	x := &exchange{}
	tc := &client.Client{
		Credentials: client.NewCredentials(c.accountSID, c.authToken),
		HTTPClient: &http.Client{
			Transport:     x.transport(ctx, c.transport, c.base),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	tc.SetAccountSid(c.accountSID)
	return openapi.NewApiServiceWithClient(tc), x
}
