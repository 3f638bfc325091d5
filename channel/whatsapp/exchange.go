package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

// Bounds of what is read of an answer, in bytes.
const (
	maxErrorBody = 64 << 10
	maxBody      = 16 << 20
)

// exchange is one request and what became of it. twilio-go drops status and
// headers of a failed call and has no context; the round tripper keeps and
// attaches them.
type exchange struct {
	connected  atomic.Bool // from here on Twilio may have seen the request
	status     int
	retryAfter time.Duration
	requestID  string
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// transport returns the round tripper of this one exchange.
func (x *exchange) transport(ctx context.Context, under http.RoundTripper, base *url.URL) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			// net/http takes another connection only if it wrote nothing to the last.
			GetConn: func(string) { x.connected.Store(false) },
			GotConn: func(httptrace.GotConnInfo) { x.connected.Store(true) },
		}))
		if base != nil {
			r.URL.Scheme, r.URL.Host = base.Scheme, base.Host
			r.URL.Path = path.Join(base.Path, r.URL.Path)
			r.URL.RawPath = ""
			r.Host = ""
		}
		resp, err := under.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		x.status = resp.StatusCode
		x.retryAfter = retryAfter(resp.Header.Get("Retry-After"), resp.Header.Get("Date"))
		x.requestID = resp.Header.Get("Twilio-Request-Id")
		if resp.StatusCode < http.StatusBadRequest {
			resp.Body = limited{io.LimitReader(resp.Body, maxBody), resp.Body}
			return resp, nil
		}
		// twilio-go does not close the body of an error. What cannot be read of
		// it is no loss: the status has been noted.
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		_ = resp.Body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	})
}

type limited struct {
	io.Reader
	io.Closer
}

// classify gives an error of this exchange its code. effect says that the call
// would have sent something: then no answer, or one we cannot read, is
// CodeUnknownOutcome unless the request certainly never left.
func (x *exchange) classify(err error, effect bool) error {
	if err == nil {
		return nil
	}
	var refused *client.TwilioRestError
	var over *url.Error
	cause := err
	switch {
	case errors.As(err, &refused):
		cause = &APIError{HTTPStatus: x.status, Code: refused.Code, RequestID: x.requestID, Message: redact.Text(refused.Message)}
	case errors.As(err, &over):
		cause = over.Err // url.Error shows the URL, and its query the customer's number
	}
	if x.status >= http.StatusBadRequest && refused == nil {
		cause = &APIError{HTTPStatus: x.status, RequestID: x.requestID, Message: "the answer is not Twilio's"}
	}
	code, sentence := x.verdict(refused, effect)
	wait := x.retryAfter
	if refused != nil {
		wait = max(wait, classOf(refused.Code).wait)
	}
	return &ticket.Error{Code: code, Message: sentence, RetryAfter: wait, Err: cause}
}

// verdict chooses code and sentence: Twilio's own error code says most, then
// the status, then how far the request got.
func (x *exchange) verdict(refused *client.TwilioRestError, effect bool) (ticket.Code, string) {
	unsure := ticket.CodeUnavailable
	if effect {
		unsure = ticket.CodeUnknownOutcome
	}
	if refused != nil && refused.Code != 0 {
		code, sentence := Explain(refused.Code)
		sentence = fmt.Sprintf("%s (Twilio error %d)", sentence, refused.Code)
		switch {
		case code == ticket.CodeUnknownOutcome:
			return unsure, sentence
		case code != ticket.CodeInternal:
			return code, sentence
		}
	}
	answered := fmt.Sprintf(" (HTTP %d)", x.status)
	if refused != nil && refused.Code != 0 {
		answered = fmt.Sprintf(" (HTTP %d, Twilio error %d)", x.status, refused.Code)
	}
	switch {
	case x.status == 0 && !x.connected.Load():
		return ticket.CodeUnavailable, "Twilio cannot be reached"
	case x.status == 0:
		return unsure, "Twilio did not answer"
	case x.status == http.StatusTooManyRequests:
		return ticket.CodeRateLimited, "Twilio is throttling us" + answered
	case x.status == http.StatusUnauthorized, x.status == http.StatusForbidden:
		return ticket.CodeUnauthorized, "Twilio refuses our credentials" + answered
	case x.status >= http.StatusInternalServerError, x.status == http.StatusRequestTimeout, x.status < http.StatusBadRequest:
		return unsure, "Twilio gave no usable answer" + answered
	default:
		return ticket.CodeInvalid, "Twilio refuses the request" + answered
	}
}

// retryAfter reads the header of that name, seconds or a date; zero when it
// says nothing. A date counts from the answer's own Date, for clocks differ.
func retryAfter(value, date string) time.Duration {
	const longest = 24 * time.Hour
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longest)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), longest)
}
