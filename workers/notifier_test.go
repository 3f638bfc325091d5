package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func escalation() ticket.TicketEscalated {
	return ticket.TicketEscalated{
		TicketID: uuid.New(), TicketNumber: "T-0123456789", Reason: "refund_request", Urgency: "high", Channel: ticket.Email, At: start,
	}
}

// alerts reads escalations from a database of its own.
func alerts(t *testing.T) (a Alerts, url string) {
	t.Helper()
	url = schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return Alerts{DB: db, TemporalUI: "https://temporal.example/", Namespace: "support", Zone: berlin}, url
}

// escalated stores a ticket that needs a person, with what is known about it.
func escalated(t *testing.T, url string) ticket.TicketEscalated {
	t.Helper()
	e, customer, conversation := escalation(), uuid.New(), uuid.New()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO customers (id, name, primary_email) VALUES ('%s', 'Ana Kunde', 'ana@kunde.example')`, customer),
		fmt.Sprintf(`INSERT INTO conversations (id, channel, key, workflow_id, customer_id, sender_verified, subject, reply_to)
			VALUES ('%s', 'email', 'k', 'ticket/email/0a1b', '%s', true, 'My invoice', 'ana@kunde.example')`, conversation, customer),
		fmt.Sprintf(`INSERT INTO tickets (id, number, conversation_id, status, subject, category, priority, sla_due_at)
			VALUES ('%s', '%s', '%s', 'needs_human', 'My invoice', 'billing', 'high', '2026-03-02T10:30:00Z')`, e.TicketID, e.TicketNumber, conversation),
		fmt.Sprintf(`INSERT INTO handovers (id, ticket_id, code, reason, summary, tried, sources, sentiment, suggested_reply)
			VALUES ('%s', '%s', 'refund_request', 'The customer asks for money back or disputes a payment.', 'Please give me my money back!',
			        'Searched the knowledge base once; found 2 articles.', '{"Plans and prices (billing/plans-and-prices)"}', 0.2, '')`, uuid.New(), e.TicketID),
	} {
		schematest.Exec(t, url, statement)
	}
	return e
}

// webhook passes on what is posted to it.
func webhook(t *testing.T) (url string, posted <-chan string) {
	t.Helper()
	texts := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Text string }
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		texts <- body.Text
	}))
	t.Cleanup(server.Close)
	return server.URL, texts
}

func TestNotifier(t *testing.T) {
	t.Parallel()
	a, url := alerts(t)
	address, posted := webhook(t)
	n := &Notifier{Alerts: a, URL: address, Client: http.DefaultClient}
	e := escalated(t, url)
	for _, c := range []struct {
		step    ticket.Step
		urgency string
		want    string
	}{
		{ticket.StepAsk, "high", "T-0123456789 (e-mail) needs a person."},
		{ticket.StepReminder, "high", "Nobody has taken over T-0123456789 (e-mail) yet."},
		{ticket.StepSecondLevel, "urgent", "Nobody has taken over T-0123456789 (e-mail) in time; somebody else has to."},
	} {
		e.Step, e.Urgency = c.step, c.urgency
		require.NoError(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, e)))
		require.Equal(t, c.want+" The customer asks for money back or disputes a payment. Urgency: "+c.urgency+". Due Mon 2 Mar 2026, 11:30 CET."+
			"\nhttps://temporal.example/namespaces/support/workflows/ticket%2Femail%2F0a1b", <-posted)
	}
	// A ticket that is not stored is no reason to keep quiet.
	require.NoError(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, escalation())))
	require.Equal(t, "T-0123456789 (e-mail) needs a person. The customer asks for money back or disputes a payment. Urgency: high.", <-posted)

	requirePoison(t, n.Handle(t.Context(), record(t, ticket.TypeTurnFinished, escalation())), "unknown_type")
	requirePoison(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, ticket.TicketEscalated{})), "invalid")
	requirePoison(t, n.Handle(t.Context(), stream.Record{Event: stream.Event{Type: ticket.TypeTicketEscalated, Value: []byte("{")}}), "malformed")
}

// Whoever reads an old escalation again, or late, does not call people for
// nothing.
func TestNotifierKeepsQuietOnceNobodyHasToAct(t *testing.T) {
	t.Parallel()
	a, url := alerts(t)
	address, posted := webhook(t)
	n := &Notifier{Alerts: a, URL: address, Client: http.DefaultClient}
	e := escalated(t, url)
	for status, told := range map[string]bool{
		"open": true, "needs_human": true, "with_human": true, "waiting_customer": false, "resolved": false, "closed": false,
	} {
		closed := "NULL"
		if status == "closed" {
			closed = "now()"
		}
		schematest.Exec(t, url, fmt.Sprintf("UPDATE tickets SET status = '%s', closed_at = %s", status, closed))
		require.NoError(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, e)))
		require.Len(t, posted, map[bool]int{true: 1}[told], status)
		if told {
			<-posted
		}
	}
}

func TestNotifierWaitsForAWebhookThatRefuses(t *testing.T) {
	t.Parallel()
	a, _ := alerts(t)
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
		n := &Notifier{Alerts: a, URL: c.url, Client: &http.Client{Timeout: time.Second}}
		err := n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, escalation()))
		requireBlocks(t, err)
		require.ErrorContains(t, err, "STAFF_ALERT_WEBHOOK", name)
		require.NotContains(t, err.Error(), token, name)
		require.Equal(t, c.after, ticket.RetryAfterOf(err), name)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := &Notifier{Alerts: a, URL: server.URL + "/hang", Client: http.DefaultClient}
	require.Error(t, n.Handle(ctx, record(t, ticket.TypeTicketEscalated, escalation())))

	a.DB.Close()
	n = &Notifier{Alerts: a, URL: server.URL, Client: http.DefaultClient}
	requireBlocks(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, escalation())))
}
