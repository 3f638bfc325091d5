package sla

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// said is a clock as a test writes it: due and, if there is one, the warning.
type said struct {
	name      ticket.ClockName
	due, warn string
}

const (
	winter = "Mon 2 15:04" // of November 2026
	noon   = 12 * time.Hour
)

// berlin is the default policy in an office in Berlin.
func berlin(t *testing.T) Policy {
	t.Helper()
	p := DefaultPolicy()
	p.Calendar = calendar(t, "mon-fri 09:00-17:00", "Europe/Berlin")
	return p
}

func TestClocks(t *testing.T) {
	t.Parallel()
	// Friday the 20th of November 2026; the office closes at 17:00.
	friday := at(t, "2026-11-20 00:00 +01:00")
	opened := friday.Add(16*time.Hour + 30*time.Minute)
	answered := Facts{ // and it is the customer's move
		Channel: ticket.Email, Priority: "medium", Status: ticket.WaitingCustomer,
		FirstRepliedAt: friday.Add(10*time.Hour + time.Minute), IdleSince: friday.Add(noon),
		UsedBusiness: time.Hour, UsedWall: 2 * time.Hour,
	}
	with := func(f Facts, change func(*Facts)) Facts { change(&f); return f }
	fresh := Facts{Channel: ticket.Email, Priority: "medium", Status: ticket.Open, WaitingSince: opened}
	again := with(answered, func(f *Facts) { f.Status, f.WaitingSince, f.IdleSince = ticket.Open, opened, time.Time{} })

	tests := map[string]struct {
		facts Facts
		want  []said
	}{
		"nothing said yet": {fresh, []said{
			{ticket.ClockFirstResponse, "Fri 20 16:35", "Fri 20 16:33"},
			{ticket.ClockUnresolved, "Sat 21 16:30", "Sat 21 10:30"},
			{ticket.ClockResolution, "Tue 24 16:30", "Tue 24 12:30"},
		}},
		"before WhatsApp's time for free answers ends": {with(fresh, func(f *Facts) { f.Channel, f.LastInboundAt = ticket.WhatsApp, opened }), []said{
			{ticket.ClockFirstResponse, "Fri 20 16:32", "Fri 20 16:31"},
			{ticket.ClockWindow, "Sat 21 15:30", ""},
			{ticket.ClockUnresolved, "Sat 21 16:30", "Sat 21 10:30"},
			{ticket.ClockResolution, "Tue 24 16:30", "Tue 24 12:30"},
		}},
		"at night": {with(fresh, func(f *Facts) { f.WaitingSince = friday.Add(23 * time.Hour) }), []said{
			{ticket.ClockUnresolved, "Sat 21 23:00", "Sat 21 17:00"},
			{ticket.ClockFirstResponse, "Mon 23 09:05", "Mon 23 09:03"},
			{ticket.ClockResolution, "Tue 24 17:00", "Tue 24 13:00"},
		}},
		"urgent": {with(fresh, func(f *Facts) { f.Priority = "urgent" }), []said{
			{ticket.ClockFirstResponse, "Fri 20 16:32", "Fri 20 16:31"},
			{ticket.ClockUnresolved, "Sat 21 16:30", "Sat 21 10:30"},
			{ticket.ClockResolution, "Mon 23 12:30", "Mon 23 11:30"},
		}},
		"made urgent, too late to warn": {with(again, func(f *Facts) { f.Priority, f.UsedBusiness = "urgent", 5*time.Hour }), []said{
			{ticket.ClockResolution, "Fri 20 16:30", ""},
			{ticket.ClockNextResponse, "Fri 20 16:32", "Fri 20 16:31"},
			{ticket.ClockUnresolved, "Sat 21 14:30", "Sat 21 09:00"},
		}},
		"the form, of low priority": {with(fresh, func(f *Facts) { f.Channel, f.Priority = ticket.WebForm, "low" }), []said{
			{ticket.ClockFirstResponse, "Fri 20 16:40", "Fri 20 16:37"},
			{ticket.ClockUnresolved, "Sat 21 16:30", "Sat 21 10:30"},
			{ticket.ClockResolution, "Wed 25 16:30", "Wed 25 10:30"},
		}},
		"a priority nobody knows counts as medium": {with(fresh, func(f *Facts) { f.Priority = "vital" }), []said{
			{ticket.ClockFirstResponse, "Fri 20 16:35", "Fri 20 16:33"},
			{ticket.ClockUnresolved, "Sat 21 16:30", "Sat 21 10:30"},
			{ticket.ClockResolution, "Tue 24 16:30", "Tue 24 12:30"},
		}},
		"a later question": {again, []said{
			{ticket.ClockNextResponse, "Fri 20 16:35", "Fri 20 16:33"},
			{ticket.ClockUnresolved, "Sat 21 14:30", "Sat 21 09:00"},
			{ticket.ClockResolution, "Tue 24 15:30", "Tue 24 11:45"},
		}},
		"all the time is used up": {with(again, func(f *Facts) { f.UsedBusiness, f.UsedWall = 17*time.Hour, 30*time.Hour }), []said{
			{ticket.ClockResolution, "Fri 20 16:30", ""},
			{ticket.ClockUnresolved, "Fri 20 16:30", ""},
			{ticket.ClockNextResponse, "Fri 20 16:35", "Fri 20 16:33"},
		}},
		"seconds are left": {with(again, func(f *Facts) { f.UsedBusiness = 16*time.Hour - 59*time.Second }), []said{
			{ticket.ClockResolution, "Fri 20 16:30", ""},
			{ticket.ClockNextResponse, "Fri 20 16:35", "Fri 20 16:33"},
			{ticket.ClockUnresolved, "Sat 21 14:30", "Sat 21 09:00"},
		}},
		"answered": {answered, []said{{ticket.ClockClose, "Mon 23 12:00", ""}}},
		"resolved": {with(answered, func(f *Facts) { f.Status = ticket.Resolved }), []said{{ticket.ClockClose, "Mon 23 12:00", ""}}},
		"resolved by a person on the phone": {
			with(answered, func(f *Facts) {
				f.Status, f.IdleSince, f.PersonAt = ticket.Resolved, time.Time{}, friday.Add(13*time.Hour)
			}),
			[]said{{ticket.ClockClose, "Mon 23 13:00", ""}},
		},
		"needs a person": {with(fresh, func(f *Facts) { f.Status, f.EscalatedAt = ticket.NeedsHuman, opened.Add(10*time.Minute) }), []said{
			{ticket.ClockAcknowledge, "Fri 20 16:55", ""},
			{ticket.ClockUnresolved, "Sat 21 16:30", "Sat 21 10:30"},
			{ticket.ClockSecondLevel, "Mon 23 09:10", ""},
			{ticket.ClockFirstResponse, "Mon 23 10:30", "Mon 23 10:00"},
			{ticket.ClockResolution, "Tue 24 16:30", "Tue 24 12:30"},
		}},
		"needs a person, of whom the customer does not know": {
			with(answered, func(f *Facts) { f.Status, f.EscalatedAt = ticket.NeedsHuman, opened }),
			[]said{{ticket.ClockAcknowledge, "Fri 20 16:45", ""}, {ticket.ClockSecondLevel, "Fri 20 17:00", ""}},
		},
		"a person came": {with(again, func(f *Facts) { f.Status, f.PersonAt = ticket.WithHuman, opened.Add(15*time.Minute) }), []said{
			{ticket.ClockUnresolved, "Sat 21 14:30", "Sat 21 09:00"},
			{ticket.ClockNextResponse, "Mon 23 10:30", "Mon 23 10:00"},
			{ticket.ClockAutoRelease, "Mon 23 12:45", ""},
			{ticket.ClockResolution, "Tue 24 15:30", "Tue 24 11:45"},
		}},
		"the customer wrote to the person": {with(again, func(f *Facts) { f.Status, f.PersonAt = ticket.WithHuman, friday.Add(noon) }), []said{
			{ticket.ClockUnresolved, "Sat 21 14:30", "Sat 21 09:00"},
			{ticket.ClockNextResponse, "Mon 23 10:30", "Mon 23 10:00"},
			{ticket.ClockAutoRelease, "Mon 23 12:30", ""},
			{ticket.ClockResolution, "Tue 24 15:30", "Tue 24 11:45"},
		}},
		"the person answered": {
			with(answered, func(f *Facts) { f.Status, f.PersonAt = ticket.WithHuman, f.IdleSince }),
			[]said{{ticket.ClockAutoRelease, "Mon 23 12:00", ""}},
		},
		"a person took an answered one over": {
			with(answered, func(f *Facts) { f.Status, f.PersonAt = ticket.WithHuman, opened }),
			[]said{{ticket.ClockAutoRelease, "Mon 23 16:30", ""}},
		},
		"closed":              {with(fresh, func(f *Facts) { f.Status = ticket.Closed }), nil},
		"closed and answered": {with(answered, func(f *Facts) { f.Status = ticket.Closed }), nil},
		"no facts":            {Facts{Status: ticket.NeedsHuman}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := berlin(t)
			clocks := p.Clocks(tt.facts)
			var got []said
			for _, c := range clocks {
				s := said{name: c.Name, due: c.DueAt.In(p.Calendar.Zone()).Format(winter)}
				if !c.WarnAt.IsZero() {
					require.True(t, c.WarnAt.Before(c.DueAt))
					s.warn = c.WarnAt.In(p.Calendar.Zone()).Format(winter)
				}
				got = append(got, s)
			}
			require.Equal(t, tt.want, got)
			require.True(t, slices.IsSortedFunc(clocks, func(a, b ticket.Clock) int { return a.DueAt.Compare(b.DueAt) }))
		})
	}
}

func TestZeroDurationsRunNoClock(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-20 10:00 +01:00")
	for _, status := range []ticket.Status{ticket.Open, ticket.NeedsHuman, ticket.WithHuman, ticket.WaitingCustomer} {
		f := Facts{Channel: ticket.Email, Status: status, WaitingSince: now, IdleSince: now, EscalatedAt: now, PersonAt: now}
		require.Empty(t, Policy{Calendar: calendar(t, "always", "UTC")}.Clocks(f), status)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	at := at(t, "2026-11-23 10:00 +01:00").UTC()
	person := Facts{
		Channel: ticket.Email, Priority: "high", Status: ticket.NeedsHuman, WaitingSince: at, EscalatedAt: at,
	}
	later := Facts{Channel: ticket.Email, Priority: "high", Status: ticket.WithHuman, FirstRepliedAt: at, WaitingSince: at, PersonAt: at}
	idle := Facts{Channel: ticket.Email, Status: ticket.Resolved, IdleSince: at}
	var got []string
	for _, f := range []Facts{person, later, idle} {
		for _, c := range berlin(t).Clocks(f) {
			got = append(got, c.Label)
		}
	}
	require.Equal(t, []string{
		"a person has to take over by Mon 23 Nov 10:15 CET",
		"the second level is asked on Mon 23 Nov 10:30 CET",
		"first response due Mon 23 Nov 12:00 CET",
		"resolution due Tue 24 Nov 10:00 CET",
		"escalates as unresolved on Tue 24 Nov 10:00 CET",
		"next response due Mon 23 Nov 12:00 CET",
		"goes back to the assistant on Mon 23 Nov 14:00 CET",
		"resolution due Tue 24 Nov 10:00 CET",
		"escalates as unresolved on Tue 24 Nov 10:00 CET",
		"closes without a further message on Thu 26 Nov 10:00 CET",
	}, got)
}

// A pause stops the clock of the resolution: two waits use as much as one.
func TestPausesDoNotCount(t *testing.T) {
	t.Parallel()
	p := berlin(t)
	since := at(t, "2026-11-20 15:00 +01:00")
	business, wall := p.Used(since, at(t, "2026-11-23 10:00 +01:00"))
	require.Equal(t, 3*time.Hour, business)
	require.Equal(t, 67*time.Hour, wall)

	resumed := at(t, "2026-11-24 10:00 +01:00")
	clocks := p.Clocks(Facts{
		Channel: ticket.Email, Priority: "urgent", Status: ticket.Open, FirstRepliedAt: since,
		WaitingSince: resumed, UsedBusiness: business, UsedWall: 20 * time.Hour,
	})
	due := map[ticket.ClockName]time.Time{}
	for _, c := range clocks {
		due[c.Name] = c.DueAt
	}
	require.True(t, resumed.Add(time.Hour).Equal(due[ticket.ClockResolution]))
	require.True(t, resumed.Add(4*time.Hour).Equal(due[ticket.ClockUnresolved]))

	business, wall = p.Used(time.Time{}, resumed)
	require.Zero(t, business)
	require.Zero(t, wall)
	business, wall = p.Used(resumed, since)
	require.Zero(t, business)
	require.Zero(t, wall)
}

func TestWithTargets(t *testing.T) {
	t.Parallel()
	p, err := DefaultPolicy().WithTargets(" email/urgent=90s:3h , whatsapp/*=1m:8h, */low=0:24h,whatsapp/high= 30s : 1h,")
	require.NoError(t, err)
	require.Equal(t, map[ticket.Channel]map[string]Target{
		ticket.Email: {
			"urgent": {90 * time.Second, 3 * time.Hour}, "high": {5 * time.Minute, 8 * time.Hour},
			"medium": {5 * time.Minute, 16 * time.Hour}, "low": {0, 24 * time.Hour},
		},
		ticket.WhatsApp: {
			"urgent": {time.Minute, 8 * time.Hour}, "high": {30 * time.Second, time.Hour},
			"medium": {time.Minute, 8 * time.Hour}, "low": {0, 24 * time.Hour},
		},
		ticket.WebForm: {
			"urgent": {5 * time.Minute, 4 * time.Hour}, "high": {5 * time.Minute, 8 * time.Hour},
			"medium": {10 * time.Minute, 16 * time.Hour}, "low": {0, 24 * time.Hour},
		},
	}, p.Targets)

	defaults := DefaultPolicy()
	_, err = defaults.WithTargets("*/*=1m:1h")
	require.NoError(t, err)
	require.Equal(t, DefaultPolicy(), defaults, "the receiver keeps its targets")
	same, err := defaults.WithTargets("")
	require.NoError(t, err)
	require.Equal(t, defaults, same)

	for list, says := range map[string]string{
		"email":                 `"email" is not a target; write for example`,
		"email/urgent=2m":       "is not a target",
		"email=2m:4h":           `"" is not a priority; write low, medium, high, urgent or *`,
		"mail/urgent=2m:4h":     `"mail" is not a channel; write email, whatsapp, webform or *`,
		"email/asap=2m:4h":      `"asap" is not a priority`,
		"email/urgent=2:4":      "has no durations such as 2m:4h",
		"email/urgent=2m:":      "has no durations",
		"email/urgent=-2m:4h":   "between 0 and 8760h",
		"email/urgent=2m:9000h": "between 0 and 8760h",
	} {
		_, err := DefaultPolicy().WithTargets(list)
		require.ErrorContains(t, err, says, list)
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	}
}

func TestDefaultCalendarIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	written := calendar(t, "mon-fri 09:00-17:00", "UTC")
	require.Equal(t, written.String(), DefaultPolicy().Calendar.String())
	require.Equal(t, written.hours, DefaultPolicy().Calendar.hours)
}
