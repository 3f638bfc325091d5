package gateway

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/ticket"
)

// showHealth says that the process answers. It checks nothing: a dependency
// that is down is no reason to be restarted.
func (g *Gateway) showHealth(c *gin.Context) error {
	onOff := func(on bool) string {
		if on {
			return "on"
		}
		return "off"
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{
		"status":    "ok",
		"timestamp": time.Now().UTC().Format(time.RFC3339),
		"channels": map[ticket.Channel]string{
			ticket.Email:    onOff(g.opts.Push != nil),
			ticket.WhatsApp: onOff(g.opts.WhatsApp != nil),
			ticket.WebForm:  onOff(true),
		},
	})
	return nil
}

// showReady says whether an event would be durable if it came now.
func (g *Gateway) showReady(c *gin.Context) error {
	if g.draining.Load() {
		return ticket.Errorf(ticket.CodeUnavailable, "the gateway is shutting down")
	}
	if err := g.ready.get(c.Request.Context()); err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
	return nil
}

// readiness asks at most once a second, whoever calls and however often.
type readiness struct {
	check func(context.Context) error

	mu    sync.Mutex
	asked time.Time
	err   error
}

func (r *readiness) get(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked.IsZero() || time.Since(r.asked) >= time.Second {
		// The answer is for everybody, so no caller may end the question.
		r.err = r.check(context.WithoutCancel(ctx))
		r.asked = time.Now()
	}
	return r.err
}
