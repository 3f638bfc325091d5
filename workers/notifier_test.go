package workers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func escalation() ticket.TicketEscalated {
	return ticket.TicketEscalated{
		TicketID: uuid.New(), TicketNumber: "T-0123456789", Reason: "refund_request", Urgency: "high", Channel: ticket.Email, At: start,
	}
}

func TestNotifier(t *testing.T) {
	t.Parallel()
	posted := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Text string }
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		posted <- body.Text
	}))
	t.Cleanup(server.Close)
	n := &Notifier{URL: server.URL, Client: server.Client()}
	require.NoError(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, escalation())))
	require.Equal(t, "T-0123456789 needs a person (email, high): "+ticket.EscalationMeaning("refund_request"), <-posted)

	requirePoison(t, n.Handle(t.Context(), record(t, ticket.TypeTurnFinished, escalation())), "unknown_type")
	requirePoison(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, ticket.TicketEscalated{})), "invalid")
	requirePoison(t, n.Handle(t.Context(), stream.Record{Event: stream.Event{Type: ticket.TypeTicketEscalated, Value: []byte("{")}}), "malformed")
}

func TestNotifierWaitsForAWebhookThatRefuses(t *testing.T) {
	t.Parallel()
	// Who knows the address of a webhook can post to it.
	const token = "T0SECRET"
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/500"):
			w.WriteHeader(http.StatusInternalServerError)
		case strings.HasPrefix(r.URL.Path, "/429"):
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case strings.HasPrefix(r.URL.Path, "/flood"):
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
		case strings.HasPrefix(r.URL.Path, "/hang"):
			<-release
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	gone := httptest.NewServer(nil)
	gone.Close()

	for name, c := range map[string]struct {
		url   string
		after time.Duration
	}{
		"500":          {server.URL + "/500/" + token, 0},
		"429":          {server.URL + "/429/" + token, 7 * time.Second},
		"429 for long": {server.URL + "/flood/" + token, maxRetryAfter},
		"hangs":        {server.URL + "/hang/" + token, 0},
		"gone":         {gone.URL + "/" + token, 0},
		"no address":   {"http://[" + token, 0},
	} {
		n := &Notifier{URL: c.url, Client: &http.Client{Timeout: time.Second}}
		err := n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, escalation()))
		requireBlocks(t, err)
		require.ErrorContains(t, err, "STAFF_ALERT_WEBHOOK", name)
		require.NotContains(t, err.Error(), token, name)
		require.Equal(t, c.after, ticket.RetryAfterOf(err), name)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := &Notifier{URL: server.URL + "/hang", Client: http.DefaultClient}
	require.ErrorIs(t, n.Handle(ctx, record(t, ticket.TypeTicketEscalated, escalation())), context.Canceled)
}
