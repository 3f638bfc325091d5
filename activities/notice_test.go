package activities

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

func TestTheNoticeSaysWhenPeopleAreThere(t *testing.T) {
	t.Parallel()
	calendar, err := sla.ParseCalendar("mon-fri 09:00-17:00, sat 10:00-13:00", "Europe/Berlin", []string{"12-25", "2026-12-26"})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		now  time.Time
		says string
	}{
		"open":             {time.Date(2026, 11, 23, 15, 59, 0, 0, time.UTC), "Our office is open now."},
		"closed":           {time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC), "Our office is closed now and opens again on Tuesday, 24 November at 09:00."},
		"before it opens":  {time.Date(2026, 11, 23, 7, 59, 0, 0, time.UTC), "Our office is closed now and opens again on Monday, 23 November at 09:00."},
		"weekend":          {time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), "Our office is closed now and opens again on Monday, 30 November at 09:00."},
		"holidays":         {time.Date(2026, 12, 25, 10, 0, 0, 0, time.UTC), "Our office is closed now and opens again on Monday, 28 December at 09:00."},
		"in summer's time": {time.Date(2026, 7, 6, 6, 0, 0, 0, time.UTC), "Our office is closed now and opens again on Monday, 6 July at 09:00."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := New(Options{Now: func() time.Time { return tc.now }, Policy: Policy{SLA: sla.Policy{Calendar: calendar}}})
			for _, channel := range ticket.Channels() {
				text := a.handoverNotice(channel, "T-0123456789", "", "en")
				require.Contains(t, text, tc.says, channel)
				require.Regexp(t, "(?i)a colleague will .*reply to you here", text, channel)
				require.Contains(t, text, "Office hours: Monday to Friday, 09:00–17:00; Saturday, 10:00–13:00, except on holidays (Europe/Berlin).")
				require.NotRegexp(t, `(?i)\b(within|minutes|shortly|soon|today|as soon as)\b`, text, "nobody can keep that")
			}
			text := a.handoverNotice(ticket.WhatsApp, "T-0123456789", "", "")
			require.Contains(t, text, "T-0123456789")
			require.LessOrEqual(t, utf8.RuneCountInString(text), 300, text)
		})
	}
}

func TestAnOfficeThatNeverCloses(t *testing.T) {
	t.Parallel()
	calendar, err := sla.ParseCalendar("always", "UTC", nil)
	require.NoError(t, err)
	a := New(Options{Policy: Policy{SLA: sla.Policy{Calendar: calendar}}})
	require.Equal(t, "Thank you for your message. I cannot settle this myself and have passed it to our team; a colleague will reply to you here. "+
		"Our office is open now. Office hours: around the clock (UTC). Ticket: T-1", a.handoverNotice(ticket.WhatsApp, "T-1", "", ""))
}
