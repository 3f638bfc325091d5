package gateway

import (
	"errors"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/ticket"
)

const ingestKey = "gateway.ingest"

// contentPolicy lets a page load what this server serves and nothing else.
const contentPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

func (g *Gateway) secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if strings.HasPrefix(g.opts.PublicBaseURL, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recover turns a panic into a problem. Unlike gin's own it does not write the
// request's headers to the log, which carry signatures and tokens.
func (g *Gateway) recover(c *gin.Context) {
	defer func() {
		thrown := recover()
		if thrown == nil {
			return
		}
		if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(thrown)
		}
		g.log.ErrorContext(c.Request.Context(), "handler panicked", "panic", thrown, "route", c.FullPath(),
			"correlation_id", correlationID(c), "stack", string(debug.Stack()))
		if c.Writer.Written() {
			// An answer that is cut off must not look complete.
			panic(http.ErrAbortHandler)
		}
		g.fail(c, ticket.Errorf(ticket.CodeInternal, "internal error"))
	}()
	c.Next()
}

// capConcurrency refuses what would make everything slow.
func (g *Gateway) capConcurrency(c *gin.Context) {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
		c.Next()
	default:
		g.metrics.rejected.WithLabelValues("overloaded").Inc()
		g.fail(c, &ticket.Error{
			Code: ticket.CodeUnavailable, Message: "too much is going on right now, please try again", RetryAfter: time.Second,
		})
	}
}

// countIngest times what is accepted and marks the request, so that fail
// counts what is not.
func (g *Gateway) countIngest(c *gin.Context) {
	c.Set(ingestKey, true)
	began := time.Now()
	c.Next()
	if c.Writer.Status() < http.StatusMultipleChoices {
		g.metrics.ack.WithLabelValues(c.FullPath()).Observe(time.Since(began).Seconds())
	}
}

// accept lets through the one content type a route takes.
func (g *Gateway) accept(want string) gin.HandlerFunc {
	refused := &refusal{http.StatusUnsupportedMediaType, "content_type", "this address takes " + want + " only"}
	return g.handle(func(c *gin.Context) error {
		got, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
		if err != nil || got != want {
			return refused
		}
		return nil
	})
}
