package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/api/googleapi"

	"github.com/digital-fte/fte/ticket"
)

// read runs a call without effect on the customer.
func read(ctx context.Context, doing string, call func(context.Context) error) error {
	return classify(call(ctx), doing, ticket.CodeUnavailable)
}

// send runs a call that must not be carried out twice: an error after the
// request may have reached Google is CodeUnknownOutcome.
func send(ctx context.Context, doing string, call func(context.Context) error) error {
	var contact contact
	err := call(httptrace.WithClientTrace(ctx, contact.trace()))
	code := ticket.CodeUnknownOutcome
	if contact.never(err) {
		code = ticket.CodeUnavailable
	}
	return classify(err, doing, code)
}

// contact notes how far a request came.
type contact struct{ wanted, made atomic.Bool }

func (c *contact) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.made.Store(true) },
	}
}

// never reports that err came before there was any connection. A transport
// that does not report its connections gives no such certainty.
func (c *contact) never(err error) bool {
	if c.wanted.Load() {
		return !c.made.Load()
	}
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

// classify turns an error of a call into a *ticket.Error; unclear is the code
// of a failure that does not say whether the call was carried out.
func classify(err error, doing string, unclear ticket.Code) error {
	if err == nil {
		return nil
	}
	var known *ticket.Error
	var token *tokenError
	var api *googleapi.Error
	switch {
	case errors.As(err, &known):
		return &ticket.Error{Code: known.Code, Message: doing + ": " + known.Message, RetryAfter: known.RetryAfter, Err: known.Err}
	case errors.As(err, &token):
		return classifyToken(token, doing)
	case errors.As(err, &api):
		return classifyStatus(api, doing, unclear)
	case errors.Is(err, errTooLarge) && unclear == ticket.CodeUnavailable:
		return ticket.Wrap(ticket.CodeTooLarge, err, "%s: the answer is too large", doing)
	default:
		return ticket.Wrap(unclear, err, "%s: Gmail gave no usable answer", doing)
	}
}

func classifyToken(err *tokenError, doing string) error {
	switch status := retrieveStatus(err); {
	case status == 0:
		return ticket.Wrap(ticket.CodeUnavailable, err, "%s: Google gave no token", doing)
	case status == http.StatusTooManyRequests:
		return ticket.Errorf(ticket.CodeRateLimited, "%s: no Google token (status %d)", doing, status)
	case status >= http.StatusInternalServerError:
		return ticket.Errorf(ticket.CodeUnavailable, "%s: no Google token (status %d)", doing, status)
	default:
		// The body of the refusal stays out: it may repeat what we sent.
		return ticket.Errorf(ticket.CodeUnauthorized, "%s: Google refused the credentials (status %d)", doing, status)
	}
}

func classifyStatus(err *googleapi.Error, doing string, unclear ticket.Code) error {
	code := unclear
	switch {
	case err.Code == http.StatusTooManyRequests, err.Code == http.StatusForbidden && throttled(err):
		code = ticket.CodeRateLimited
	case err.Code == http.StatusUnauthorized, err.Code == http.StatusForbidden:
		code = ticket.CodeUnauthorized
	case err.Code == http.StatusNotFound:
		code = ticket.CodeNotFound
	case err.Code == http.StatusRequestEntityTooLarge:
		code = ticket.CodeTooLarge
	case err.Code == http.StatusRequestTimeout, err.Code >= http.StatusInternalServerError:
	case err.Code >= http.StatusBadRequest:
		code = ticket.CodeInvalid
	}
	return &ticket.Error{
		Code:       code,
		Message:    fmt.Sprintf("%s: Gmail answered %s", doing, strings.Join(append([]string{strconv.Itoa(err.Code)}, known(err)...), " ")),
		RetryAfter: max(retryAfter(err.Header), retryAfterIn(err)),
		Err:        fmt.Errorf("status %d %s", err.Code, strings.Join(reasons(err), " ")),
	}
}

func throttled(err *googleapi.Error) bool {
	for _, reason := range reasons(err) {
		switch strings.ToLower(reason) {
		case "ratelimitexceeded", "userratelimitexceeded", "dailylimitexceeded", "quotaexceeded", "limitexceeded",
			"concurrentlimitexceeded", "resource_exhausted":
			return true
		}
	}
	return false
}

// reasons returns Google's own words for the error, without its free text.
func reasons(err *googleapi.Error) []string {
	var all []string
	for _, item := range err.Errors {
		all = append(all, cleanLine(item.Reason, maxName))
	}
	return all
}

// known returns those of Google's words that operators look up. Others are for
// the log: nobody promises that they are words.
func known(err *googleapi.Error) (words []string) {
	for _, reason := range reasons(err) {
		switch reason {
		case "rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded", "authError", "forbidden",
			"insufficientPermissions", "domainPolicy", "accessNotConfigured", "failedPrecondition", "invalidArgument", "badRequest",
			"notFound", "uploadTooLarge", "backendError", "internalError":
			words = append(words, reason)
		}
	}
	return words
}

// retryTime matches how Gmail says until when a mailbox may not send any more.
var retryTime = regexp.MustCompile(`(?i)retry after (\d{4}-\d\d-\d\dT[0-9:.]+Z)`)

// retryAfterIn reads the time that stands in the words of the error: the limits
// of sending come with no header.
func retryAfterIn(err *googleapi.Error) time.Duration {
	texts := []string{err.Message}
	for _, item := range err.Errors {
		texts = append(texts, item.Message)
	}
	for _, text := range texts {
		if found := retryTime.FindStringSubmatch(text); found != nil {
			if at, err := time.Parse(time.RFC3339, found[1]); err == nil {
				return min(max(time.Until(at), 0), maxRetryAfter)
			}
		}
	}
	return 0
}

// maxRetryAfter bounds what Google may ask for, so that a nonsensical header
// cannot park a conversation for years.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads both forms of the header, seconds and a date.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
