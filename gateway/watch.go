package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/ticket"
)

const (
	watchPath = "/support/ticket/:ticket_id/events"
	// heartbeat is how long a watcher hears nothing at most, shorter than any
	// proxy's patience.
	heartbeat = 15 * time.Second
	// writeTimeout is for one write to a watcher.
	writeTimeout = 10 * time.Second
)

// watchTicket sends the ticket whenever it has changed, as server-sent events
// named "ticket". The connection ends after a while, and the browser makes a
// new one.
func (g *Gateway) watchTicket(c *gin.Context) error {
	id, err := g.ticketID(c)
	if err != nil {
		return err
	}
	select {
	case g.watchers <- struct{}{}:
		defer func() { <-g.watchers }()
	default:
		return &ticket.Error{
			Code: ticket.CodeUnavailable, Message: "too many tickets are being watched right now", RetryAfter: time.Minute,
		}
	}
	w := newWatcher(c)
	page, err := g.readTicket(c.Request.Context(), id)
	if err != nil {
		return err
	}
	if err := w.begin(page); err != nil {
		return nil
	}
	end := time.NewTimer(g.opts.WatchDuration)
	defer end.Stop()
	look := time.NewTicker(g.opts.WatchInterval)
	defer look.Stop()
	for {
		select {
		case <-c.Request.Context().Done():
			return nil
		case <-g.closing:
			return nil
		case <-end.C:
			return nil
		case <-look.C:
		}
		page, err := g.readTicket(c.Request.Context(), id)
		if err != nil {
			page = nil // the database will be back
		}
		if err := w.send(page); err != nil {
			return nil
		}
	}
}

// watcher writes to one browser.
type watcher struct {
	c    *gin.Context
	conn *http.ResponseController
	last []byte
	said time.Time
}

func newWatcher(c *gin.Context) *watcher {
	return &watcher{c: c, conn: http.NewResponseController(c.Writer)}
}

func (w *watcher) begin(page *ticketPage) error {
	// The server's limits are for requests that end; errors mean that there
	// are none, as in a test.
	_ = w.conn.SetReadDeadline(time.Time{})
	h := w.c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.c.Status(http.StatusOK)
	return w.send(page)
}

// send writes the page if it differs from the last one, and a comment if
// nothing was written for a while. A nil page has not changed.
func (w *watcher) send(page *ticketPage) error {
	if page != nil {
		data, err := json.Marshal(page)
		if err != nil {
			return fmt.Errorf("writing a ticket: %w", err)
		}
		if !bytes.Equal(data, w.last) {
			w.last = data
			return w.write("event: ticket\ndata: " + string(data) + "\n\n")
		}
	}
	if time.Since(w.said) < heartbeat {
		return nil
	}
	return w.write(": still here\n\n")
}

func (w *watcher) write(text string) error {
	w.said = time.Now()
	_ = w.conn.SetWriteDeadline(w.said.Add(writeTimeout))
	if _, err := w.c.Writer.WriteString(text); err != nil {
		return fmt.Errorf("writing to a watcher: %w", err)
	}
	if err := w.conn.Flush(); err != nil {
		return fmt.Errorf("writing to a watcher: %w", err)
	}
	return nil
}
