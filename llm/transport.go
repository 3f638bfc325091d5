package llm

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// maxErrorBytes is how much of an error response is read: a class can be told
// from the status alone, so the rest is cut off rather than refused.
const maxErrorBytes = 64 << 10

var (
	errBodyTooLarge = errors.New("the response exceeds its limit")
	errRedirect     = errors.New("the server redirects; set the base URL to where it leads")
)

// refuseRedirect keeps the conversation of a customer from being posted to a
// server nobody has configured.
func refuseRedirect(*http.Request, []*http.Request) error { return errRedirect }

// pooledTransport keeps enough idle connections for many workers calling one host.
func pooledTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// boundedTransport bounds response bodies, which the OpenAI client reads whole.
type boundedTransport struct {
	next http.RoundTripper
	max  int64
}

// RoundTrip sends r and bounds what can be read of the answer.
func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		res.Body = readCloser{io.LimitReader(res.Body, maxErrorBytes), res.Body}
		return res, nil
	}
	if res.ContentLength > t.max {
		_ = res.Body.Close()
		return nil, errBodyTooLarge
	}
	res.Body = readCloser{&boundedReader{next: res.Body, left: t.max}, res.Body}
	return res, nil
}

// cutError says that a response did not come to its end, so that it is told
// apart from one whose text ends too early.
type cutError struct{ error }

// Unwrap returns why.
func (e cutError) Unwrap() error { return e.error }

type readCloser struct {
	io.Reader
	io.Closer
}

// boundedReader fails, rather than ending early, when there is more than left:
// a cut-off answer must not look like a complete one.
type boundedReader struct {
	next io.Reader
	left int64
}

// Read reads at most one byte more than is left, to see whether there is more.
func (b *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.next.Read(p)
	if err != nil && err != io.EOF {
		err = cutError{err}
	}
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, errBodyTooLarge
	}
	b.left -= int64(n)
	return n, err
}
