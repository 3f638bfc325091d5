package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/api/gmail/v1"
	"google.golang.org/api/option"

	"github.com/digital-fte/fte/ticket"
)

const (
	defaultTimeout = 30 * time.Second
	// maxResponseBytes lets a raw mail of 36 MB through, base64 as it comes.
	maxResponseBytes = 48 << 20
	me               = "me"
)

// Options says which mailbox is used, and how.
type Options struct {
	Mailbox         string // the address; with a service account, the user it acts for
	CredentialsFile string // Google's JSON; may be empty only if Endpoint is set
	Endpoint        string // base URL of the Gmail API; empty is Google's
	HTTPClient      *http.Client
	Timeout         time.Duration // of one call; zero is the HTTP client's, else 30 s
}

// Client reads and writes one mailbox through the Gmail API. Its methods never
// retry nor wait: they return CodeRateLimited when the mailbox has had its share
// for now. Their errors are of type *ticket.Error. It is safe for concurrent use.
type Client struct {
	service *gmail.Service
	http    *http.Client
}

// NewClient returns a client for the mailbox. It makes no request, so wrong
// credentials show at the first call. ctx is not kept beyond its values.
// CodeInvalid says what is wrong with the options.
func NewClient(ctx context.Context, options Options) (*Client, error) {
	if options.Mailbox == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "no mailbox is given")
	}
	if options.CredentialsFile == "" && options.Endpoint == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "no credentials file is given for the mailbox")
	}
	var base http.Client
	if options.HTTPClient != nil {
		base = *options.HTTPClient
	} else if shared, ok := http.DefaultTransport.(*http.Transport); ok {
		base.Transport = shared.Clone()
	}
	base.Timeout = cmp.Or(options.Timeout, base.Timeout, defaultTimeout)
	base.Transport = boundedTransport{transportOf(&base)}
	api := base
	// A redirect would repeat a send, and take the token to another host.
	api.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if options.CredentialsFile != "" {
		tokens, err := newTokenSource(ctx, options.CredentialsFile, options.Mailbox, &base)
		if err != nil {
			return nil, err
		}
		api.Transport = &authTransport{base: base.Transport, fresh: tokens}
	}
	// Outermost, so that a request repeated with a new token counts once.
	api.Transport = newBudget(transportOf(&api))
	opts := []option.ClientOption{option.WithHTTPClient(&api)}
	if options.Endpoint != "" {
		opts = append(opts, option.WithEndpoint(options.Endpoint))
	}
	service, err := gmail.NewService(ctx, opts...)
	if err != nil {
		return nil, ticket.Wrap(ticket.CodeInvalid, err, "making the Gmail client")
	}
	return &Client{service: service, http: &base}, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

var errTooLarge = errors.New("the response is too large")

// boundedTransport keeps one response from filling the memory.
type boundedTransport struct{ base http.RoundTripper }

func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > maxResponseBytes {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: %d bytes", errTooLarge, resp.ContentLength)
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxResponseBytes}
	return resp, nil
}

// CloseIdleConnections passes the wish on; http.Client looks for this method.
func (t boundedTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}
