package gateway

import (
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	correlationHeader = "X-Correlation-ID"
	correlationKey    = "gateway.correlation_id"
	maxCorrelationID  = 64
)

// correlate gives every request the id that its answer, its log lines and its
// event carry: the sender's own if it has one that is safe to repeat.
func (g *Gateway) correlate(c *gin.Context) {
	id := c.GetHeader(correlationHeader)
	if !isToken(id, maxCorrelationID) {
		id = uuid.NewString()
	}
	c.Set(correlationKey, id)
	c.Header(correlationHeader, id)
	if !trace.SpanContextFromContext(c.Request.Context()).IsValid() {
		carrier := propagation.HeaderCarrier(c.Request.Header)
		c.Request = c.Request.WithContext(propagation.TraceContext{}.Extract(c.Request.Context(), carrier))
	}
}

func correlationID(c *gin.Context) string { return c.GetString(correlationKey) }

// traceParent returns the header under which the trace goes on, empty if there
// is none.
func traceParent(c *gin.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(c.Request.Context(), carrier)
	return carrier.Get("traceparent")
}

// isToken reports whether s is 1 to longest letters, digits and hyphens.
func isToken(s string, longest int) bool {
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	})
}
