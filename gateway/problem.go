package gateway

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/ticket"
)

// unavailableRetry is when to come again if nothing better is known.
const unavailableRetry = 5 * time.Second

// refusal is an error that HTTP has a status for and ticket has no code for.
type refusal struct {
	status int
	reason string // for the metric
	detail string // for the client
}

func (r *refusal) Error() string { return r.detail }

var errNoPage = &refusal{http.StatusNotFound, "not_found", "there is nothing at this address"}

// problem is a body of RFC 9457.
type problem struct {
	Type          string      `json:"type"`
	Title         string      `json:"title"`
	Status        int         `json:"status"`
	Detail        string      `json:"detail"`
	CorrelationID string      `json:"correlation_id"`
	Errors        fieldErrors `json:"errors,omitempty"`
}

// fieldErrors are what a customer has to know beside the fields of the form.
type fieldErrors []webform.FieldError

func (fieldErrors) Error() string { return "some fields are not filled in correctly" }

// statusOf translates a code to a status. It is the only place that does.
func statusOf(code ticket.Code) int {
	switch code {
	case ticket.CodeInvalid:
		return http.StatusUnprocessableEntity
	case ticket.CodeNotFound:
		return http.StatusNotFound
	case ticket.CodeConflict:
		return http.StatusConflict
	case ticket.CodeUnauthorized:
		return http.StatusUnauthorized
	case ticket.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case ticket.CodeRateLimited:
		return http.StatusTooManyRequests
	case ticket.CodeUnavailable, ticket.CodeQuota:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// fail answers with the problem that err is. The client reads the message of a
// coded error; what caused it goes to the log.
func (g *Gateway) fail(c *gin.Context, err error) {
	p, reason := describe(err)
	p.CorrelationID = correlationID(c)
	if c.GetBool(ingestKey) {
		g.metrics.rejected.WithLabelValues(reason).Inc()
	}
	switch p.Status {
	case http.StatusUnauthorized:
		c.Header("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		c.Header("Retry-After", seconds(ticket.RetryAfterOf(err)))
	}
	if p.Status >= http.StatusInternalServerError {
		g.log.ErrorContext(c.Request.Context(), "request failed", "error", err, "status", p.Status,
			"route", c.FullPath(), "correlation_id", p.CorrelationID)
	}
	c.Header("Content-Type", "application/problem+json")
	c.Header("Cache-Control", "no-store")
	c.Abort()
	c.JSON(p.Status, p)
}

func describe(err error) (problem, string) {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return newProblem(refused.status, refused.detail), refused.reason
	}
	faults, _ := errors.AsType[fieldErrors](err)
	coded, ok := errors.AsType[*ticket.Error](err)
	if !ok && faults != nil {
		coded, ok = &ticket.Error{Code: ticket.CodeInvalid, Message: faults.Error()}, true
	}
	if !ok {
		return newProblem(http.StatusInternalServerError, "internal error"), string(ticket.CodeInternal)
	}
	p := newProblem(statusOf(coded.Code), coded.Message)
	if p.Status == http.StatusInternalServerError {
		p.Detail = "internal error"
	}
	p.Errors = faults
	return p, string(coded.Code)
}

func newProblem(status int, detail string) problem {
	return problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// seconds rounds up: who comes back too early is refused again.
func seconds(d time.Duration) string {
	if d <= 0 {
		d = unavailableRetry
	}
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}
