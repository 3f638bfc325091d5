package workers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// maxRetryAfter bounds how long a webhook may make escalations wait.
const maxRetryAfter = time.Minute

// Notifier posts each escalation to a Slack-compatible webhook. The post may be
// repeated after a crash; it names the ticket, so a repeat misleads nobody.
type Notifier struct {
	Alerts
	URL    string
	Client *http.Client
}

// Handle posts one escalation. A webhook that refuses blocks the lane; mails to
// staff have a consumer group of their own and go on.
func (n *Notifier) Handle(ctx context.Context, r stream.Record) error {
	found, wanted, err := n.read(ctx, r)
	if err != nil || !wanted {
		return err
	}
	text := activities.RenderHandoverAlert(found.TicketEscalated, found.due)
	if found.link != "" {
		text += "\n" + found.link
	}
	return n.post(ctx, text)
}

func (n *Notifier) post(ctx context.Context, text string) error {
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return fmt.Errorf("encoding a notification: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return ticket.Errorf(ticket.CodeUnavailable, "STAFF_ALERT_WEBHOOK is not an address that can be posted to")
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := n.Client.Do(req)
	if err != nil {
		// The address is a secret: who knows it can post.
		if over, ok := errors.AsType[*url.Error](err); ok {
			err = over.Err
		}
		return ticket.Wrap(ticket.CodeUnavailable, err, "posting a notification to STAFF_ALERT_WEBHOOK")
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode >= http.StatusMultipleChoices {
		err := ticket.Errorf(ticket.CodeUnavailable, "STAFF_ALERT_WEBHOOK answered with status %d", res.StatusCode)
		if seconds, bad := strconv.Atoi(res.Header.Get("Retry-After")); bad == nil && seconds > 0 {
			err.RetryAfter = min(time.Duration(seconds)*time.Second, maxRetryAfter)
		}
		return err
	}
	return nil
}
