package workers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// Notifier posts each escalation to a Slack-compatible webhook. The post may be
// repeated after a crash; it names the ticket, so a repeat misleads nobody.
type Notifier struct {
	URL    string
	Client *http.Client
}

// Handle posts one escalation. A webhook that refuses blocks the lane.
func (n *Notifier) Handle(ctx context.Context, r stream.Record) error {
	var e ticket.TicketEscalated
	if err := decode(r, &e); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"text": fmt.Sprintf("%s needs a person (%s, %s): %s",
		e.TicketNumber, e.Channel, e.Urgency, ticket.EscalationMeaning(e.Reason))})
	if err != nil {
		return fmt.Errorf("encoding a notification: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("addressing a notification: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := n.Client.Do(req)
	if err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "posting a notification to STAFF_ALERT_WEBHOOK")
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode >= http.StatusMultipleChoices {
		return ticket.Errorf(ticket.CodeUnavailable, "STAFF_ALERT_WEBHOOK answered with status %d", res.StatusCode)
	}
	return nil
}
