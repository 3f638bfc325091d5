package workers

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const team = "team@firnwacht.example"

// Requests to Gmail, for faults.
const (
	createsDraft = "POST /gmail/v1/users/me/drafts"
	sendsDraft   = "POST /gmail/v1/users/me/drafts/send"
)

// staffMail is a notifier that mails through a simulated Gmail.
func staffMail(t *testing.T) (n *MailNotifier, sim *gmail.Server, url string) {
	t.Helper()
	a, url := alerts(t)
	sim, err := gmail.New(gmail.Options{Mailboxes: []string{mailbox}})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	sim.SetBaseURL(server.URL)
	credentials, err := sim.ServiceAccountJSON()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(file, credentials, 0o600))
	client, err := email.NewClient(t.Context(), email.Options{Mailbox: mailbox, Endpoint: server.URL, CredentialsFile: file})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return &MailNotifier{
		Alerts: a, Mail: activities.StaffMailer{Gmail: client, Mailbox: mailbox, Company: "Firnwacht", To: team}, Logger: slog.New(slog.DiscardHandler),
	}, sim, url
}

// asked is the event of an escalation, the same at each call.
func asked(t *testing.T, e ticket.TicketEscalated) stream.Record {
	t.Helper()
	r := record(t, ticket.TypeTicketEscalated, e)
	r.ID = "escalation:" + e.TicketID.String() + ":" + e.Reason
	return r
}

func TestStaffIsMailedWithTheHandover(t *testing.T) {
	t.Parallel()
	n, sim, url := staffMail(t)
	e := escalated(t, url)
	r := asked(t, e)
	require.NoError(t, n.Handle(t.Context(), r))

	sent := sim.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, []string{team}, sent[0].To)
	require.Equal(t, "A person is needed: T-0123456789 (email, high)", sent[0].Headers.Get("Subject"))
	require.Equal(t, "auto-generated", sent[0].Headers.Get("Auto-Submitted"))
	require.Contains(t, sent[0].Headers.Get("Reply-To"), team)
	text := strings.ReplaceAll(sent[0].Text, "\r\n", "\n")
	t.Log(text)
	for _, part := range []string{
		"T-0123456789 (e-mail) needs a person. The customer asks for money back",
		"Customer:  Ana Kunde", "Due:       Mon 2 Mar 2026, 11:30 CET", "  Please give me my money back!",
		"https://temporal.example/namespaces/support/workflows/ticket%2Femail%2F0a1b",
		"An answer to it does not reach the customer.",
	} {
		require.Contains(t, text, part)
	}
	parsed, err := email.Parse(sent[0].Raw)
	require.NoError(t, err)
	require.Equal(t, r.ID, parsed.OutboundID)
	require.Equal(t, email.SuppressOwnMail, parsed.Suppress(mailbox))

	// The same event, read again; another step is another event.
	require.NoError(t, n.Handle(t.Context(), r))
	require.Len(t, sim.Sent(), 1)
	e.Step = ticket.StepReminder
	reminder := record(t, ticket.TypeTicketEscalated, e)
	require.NoError(t, n.Handle(t.Context(), reminder))
	require.Len(t, sim.Sent(), 2)
	require.Equal(t, "Reminder, nobody has taken over: T-0123456789 (email, high)", sim.Sent()[1].Headers.Get("Subject"))
}

// Whatever gets lost on the way, staff has one mail of an event in the end.
func TestStaffMailIsNotDoubled(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wire.Fault{
		"sent, answer lost":    {Match: sendsDraft, Mode: wire.AcceptThenDrop},
		"drafted, answer lost": {Match: createsDraft, Mode: wire.AcceptThenDrop},
		"not sent":             {Match: sendsDraft, Status: http.StatusServiceUnavailable},
		"no token":             {Match: createsDraft, Status: http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, sim, url := staffMail(t)
			r := asked(t, escalated(t, url))
			sim.SetFault(fault)
			err := n.Handle(t.Context(), r)
			require.Error(t, err, "the lane waits")
			require.NotContains(t, err.Error(), "poison")
			require.NoError(t, n.Handle(t.Context(), r))
			require.Len(t, sim.Sent(), 1)
			require.Empty(t, sim.Drafts(mailbox))
		})
	}
}

// A mail that Gmail will never take must not keep the later ones from staff.
func TestStaffMailThatCannotBeSentIsLeftOut(t *testing.T) {
	t.Parallel()
	n, sim, url := staffMail(t)
	var log bytes.Buffer
	n.Logger = slog.New(slog.NewTextHandler(&log, nil))
	e := escalated(t, url)
	sim.SetFault(wire.Fault{Match: createsDraft, Status: http.StatusBadRequest, Body: `{"error":{"code":400,"message":"Invalid To header"}}`})
	require.NoError(t, n.Handle(t.Context(), asked(t, e)))
	require.Empty(t, sim.Sent())
	require.Contains(t, log.String(), "staff was not mailed")
	require.Contains(t, log.String(), e.TicketID.String())
	for _, personal := range []string{"Ana", "kunde", team, "money back!"} {
		require.NotContains(t, log.String(), personal)
	}
	e.Step = ticket.StepSecondLevel
	require.NoError(t, n.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, e)))
	require.Len(t, sim.Sent(), 1)
}

func TestStaffMailOfATicketThatIsNotStored(t *testing.T) {
	t.Parallel()
	n, sim, _ := staffMail(t)
	require.NoError(t, n.Handle(t.Context(), asked(t, escalation())))
	require.Contains(t, sim.Sent()[0].Text, "needs a person")
	nameless := record(t, ticket.TypeTicketEscalated, escalation())
	nameless.ID = ""
	requirePoison(t, n.Handle(t.Context(), nameless), "invalid")

	n.DB.Close()
	requireBlocks(t, n.Handle(t.Context(), asked(t, ticket.TicketEscalated{
		TicketID: uuid.New(), TicketNumber: "T-1", Channel: ticket.Email, Reason: "abuse", Urgency: "high", At: start,
	})))
}
