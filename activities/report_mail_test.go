package activities_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

const team = "team@firnwacht.example"

// withReport adds a mailbox, an address of staff and the report of a quiet day.
func (w *world) withReport() *world {
	w.t.Helper()
	w.withGmail()
	w.options.StaffEmail = team
	w.build(ticket.BuildReportInput{Zone: "UTC", Day: "2026-03-02"})
	return w
}

func (w *world) mailReport() (ticket.MailReportResult, error) {
	return run(w, w.acts().MailReport, ticket.MailReportInput{Day: "2026-03-02"})
}

func TestReportIsMailedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withReport()
	res, err := w.mailReport()
	require.NoError(t, err)
	require.Equal(t, ticket.MailReportResult{Mailed: true}, res)

	sent := w.gmail.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, []string{team}, sent[0].To)
	_, markdown := w.report("2026-03-02")
	require.Equal(t, strings.TrimSpace(markdown), strings.TrimSpace(strings.ReplaceAll(sent[0].Text, "\r\n", "\n")))
	require.Contains(t, string(sent[0].Raw), "text/html")
	require.Equal(t, "Daily report for Monday, 2 March 2026", sent[0].Headers.Get("Subject"))
	require.Equal(t, "auto-generated", sent[0].Headers.Get("Auto-Submitted"))
	require.Contains(t, sent[0].Headers.Get("Reply-To"), team)

	// Our own intake and every well-behaved machine leave it alone.
	parsed, err := email.Parse(sent[0].Raw)
	require.NoError(t, err)
	require.Equal(t, "daily-report:2026-03-02", parsed.OutboundID)
	require.Equal(t, email.SuppressOwnMail, parsed.Suppress(mailbox))

	res, err = w.mailReport()
	require.NoError(t, err)
	require.True(t, res.Mailed)
	require.Len(t, w.gmail.Sent(), 1)
}

// A worker that died, or an answer of Gmail that got lost, does not make two
// mails of one report.
func TestReportThatIsOutAlreadyIsFound(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wire.Fault{
		"sent, answer lost":    {Match: sendsDraft, Mode: wire.AcceptThenDrop},
		"drafted, answer lost": {Match: createsDraft, Mode: wire.AcceptThenDrop},
		"not sent":             {Match: sendsDraft, Status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withReport()
			w.gmail.SetFault(fault)
			_, err := w.mailReport()
			require.Error(t, err)
			res, err := w.mailReport()
			require.NoError(t, err)
			require.True(t, res.Mailed)
			require.Len(t, w.gmail.Sent(), 1)
			require.Empty(t, w.gmail.Drafts(mailbox))
		})
	}
}

func TestReportIsNotMailedWithoutMailboxOrAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res, err := w.mailReport()
	require.NoError(t, err)
	require.Contains(t, res.Note, "STAFF_ALERT_EMAIL is not set")
	w.options.StaffEmail = team
	res, err = w.mailReport()
	require.NoError(t, err)
	require.False(t, res.Mailed)
	require.Contains(t, res.Note, "GMAIL_MAILBOX")
	w.withGmail()
	_, err = w.mailReport()
	requireRefused(t, err, ticket.CodeNotFound, true)
}

func TestStaffMailThatCannotBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	s := activities.StaffMailer{Gmail: w.options.Gmail, Mailbox: mailbox, Company: "Firnwacht", To: "nobody"}
	err := s.Send(t.Context(), activities.StaffMail{ID: "1", Subject: "x", Text: "x", At: time.Now()})
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	require.Empty(t, w.gmail.Drafts(mailbox))
}
