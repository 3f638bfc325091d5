package sla

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func calendar(t *testing.T, hours, zone string, holidays ...string) *Calendar {
	t.Helper()
	c, err := ParseCalendar(hours, zone, holidays)
	require.NoError(t, err)
	return c
}

// at reads a moment with its offset, so that a test says which of two 02:30 it means.
func at(t *testing.T, s string) time.Time {
	t.Helper()
	m, err := time.Parse("2006-01-02 15:04 -07:00", s)
	require.NoError(t, err)
	return m
}

func TestAdd(t *testing.T) {
	t.Parallel()
	const office, berlin, newYork = "mon-fri 09:00-17:00", "Europe/Berlin", "America/New_York"
	tests := map[string]struct {
		hours, zone string
		holidays    []string
		from        string
		d           time.Duration
		want        string
	}{
		"over the weekend":               {office, berlin, nil, "2026-11-20 16:30 +01:00", time.Hour, "2026-11-23 09:30 +01:00"},
		"to the end of the day":          {office, berlin, nil, "2026-11-20 16:30 +01:00", 30 * time.Minute, "2026-11-20 17:00 +01:00"},
		"from closing time":              {office, berlin, nil, "2026-11-20 17:00 +01:00", time.Minute, "2026-11-23 09:01 +01:00"},
		"before opening":                 {office, berlin, nil, "2026-11-20 06:00 +01:00", time.Hour, "2026-11-20 10:00 +01:00"},
		"after closing":                  {office, berlin, nil, "2026-11-19 22:00 +01:00", time.Hour, "2026-11-20 10:00 +01:00"},
		"on a Sunday":                    {office, berlin, nil, "2026-11-22 12:00 +01:00", time.Hour, "2026-11-23 10:00 +01:00"},
		"three days of eight hours":      {office, berlin, nil, "2026-11-19 13:00 +01:00", 24 * time.Hour, "2026-11-24 13:00 +01:00"},
		"nothing, closed":                {office, berlin, nil, "2026-11-22 12:00 +01:00", 0, "2026-11-22 12:00 +01:00"},
		"less than nothing":              {office, berlin, nil, "2026-11-20 12:00 +01:00", -time.Hour, "2026-11-20 12:00 +01:00"},
		"asked from another zone":        {office, newYork, nil, "2026-11-20 22:30 +01:00", time.Hour, "2026-11-23 15:30 +01:00"},
		"another zone's day":             {office, "Asia/Tokyo", nil, "2026-11-22 23:00 +00:00", time.Hour, "2026-11-23 01:00 +00:00"},
		"lunch":                          {"mon-fri 09:00-12:00 13:00-17:00", berlin, nil, "2026-11-20 11:30 +01:00", time.Hour, "2026-11-20 13:30 +01:00"},
		"begun at lunch":                 {"mon-fri 09:00-12:00, mon-fri 13:00-17:00", berlin, nil, "2026-11-20 12:30 +01:00", time.Hour, "2026-11-20 14:00 +01:00"},
		"holiday of a year":              {office, berlin, []string{"2026-11-23"}, "2026-11-20 16:30 +01:00", time.Hour, "2026-11-24 09:30 +01:00"},
		"holiday of another year":        {office, berlin, []string{"2025-11-23"}, "2026-11-20 16:30 +01:00", time.Hour, "2026-11-23 09:30 +01:00"},
		"holidays of every year":         {office, berlin, []string{"12-25", "01-01", "2026-12-24"}, "2026-12-23 16:30 +01:00", time.Hour, "2026-12-28 09:30 +01:00"},
		"begun on a holiday":             {office, berlin, []string{"12-25"}, "2025-12-25 11:00 +01:00", time.Hour, "2025-12-26 10:00 +01:00"},
		"leap day":                       {office, berlin, nil, "2028-02-28 16:30 +01:00", 9 * time.Hour, "2028-03-01 09:30 +01:00"},
		"leap day as a holiday":          {office, berlin, []string{"02-29"}, "2028-02-28 16:30 +01:00", time.Hour, "2028-03-01 09:30 +01:00"},
		"half an hour beside the others": {office, "Asia/Kolkata", nil, "2026-11-20 10:30 +00:00", 2 * time.Hour, "2026-11-23 04:30 +00:00"},
		"half an hour of summer time":    {"always", "Australia/Lord_Howe", nil, "2026-10-03 00:00 +10:30", 48 * time.Hour, "2026-10-05 00:30 +11:00"},
		"quarter of an hour":             {office, "Asia/Kathmandu", nil, "2026-11-20 11:00 +00:00", time.Hour, "2026-11-23 04:00 +00:00"},

		"Berlin, the office after the night of the change": {office, berlin, nil, "2026-03-27 16:30 +01:00", time.Hour, "2026-03-30 09:30 +02:00"},
		"Berlin, and back":                       {office, berlin, nil, "2026-10-23 16:30 +02:00", time.Hour, "2026-10-26 09:30 +01:00"},
		"Berlin, always, forward":                {"always", berlin, nil, "2026-03-28 12:00 +01:00", 24 * time.Hour, "2026-03-29 13:00 +02:00"},
		"Berlin, always, back":                   {"always", berlin, nil, "2026-10-24 12:00 +02:00", 24 * time.Hour, "2026-10-25 11:00 +01:00"},
		"Berlin, a shift with the change":        {"sun 00:00-06:00", berlin, nil, "2026-03-29 00:00 +01:00", 5 * time.Hour, "2026-03-29 06:00 +02:00"},
		"Berlin, a shift with the change, back":  {"sun 00:00-06:00", berlin, nil, "2026-10-25 00:00 +02:00", 7 * time.Hour, "2026-10-25 06:00 +01:00"},
		"Berlin, a shift that begins in the gap": {"sun 02:30-06:00", berlin, nil, "2026-03-28 12:00 +01:00", time.Hour, "2026-03-29 04:00 +02:00"},
		"Berlin, a shift that ends in the gap":   {"sun 01:30-02:30, mon 09:00-17:00", berlin, nil, "2026-03-29 01:30 +01:00", time.Hour, "2026-03-30 09:30 +02:00"},
		"Berlin, a shift inside the gap":         {"sun 02:10-02:50, mon 09:00-17:00", berlin, nil, "2026-03-29 00:00 +01:00", time.Hour, "2026-03-30 10:00 +02:00"},
		"Berlin, a shift from the first 02:30":   {"sun 02:30-06:00", berlin, nil, "2026-10-24 12:00 +02:00", time.Hour, "2026-10-25 02:30 +01:00"},
		"Berlin, a night over the change":        {"sat 22:00-24:00, sun 00:00-06:00", berlin, nil, "2026-03-28 22:00 +01:00", 7 * time.Hour, "2026-03-29 06:00 +02:00"},

		"New York, the office after the night of the change": {office, newYork, nil, "2026-03-06 16:30 -05:00", time.Hour, "2026-03-09 09:30 -04:00"},
		"New York, and back":                       {office, newYork, nil, "2026-10-30 16:30 -04:00", time.Hour, "2026-11-02 09:30 -05:00"},
		"New York, always, forward":                {"always", newYork, nil, "2026-03-07 12:00 -05:00", 24 * time.Hour, "2026-03-08 13:00 -04:00"},
		"New York, a shift with the change":        {"sun 00:00-06:00", newYork, nil, "2026-03-08 00:00 -05:00", 5 * time.Hour, "2026-03-08 06:00 -04:00"},
		"New York, a shift with the change, back":  {"sun 00:00-06:00", newYork, nil, "2026-11-01 00:00 -04:00", 7 * time.Hour, "2026-11-01 06:00 -05:00"},
		"New York, a shift that begins in the gap": {"sun 02:30-06:00", newYork, nil, "2026-03-07 12:00 -05:00", time.Hour, "2026-03-08 04:00 -04:00"},
		"New York, a shift that ends in the gap":   {"sun 01:30-02:30, mon 09:00-17:00", newYork, nil, "2026-03-08 01:30 -05:00", time.Hour, "2026-03-09 09:30 -04:00"},
		"New York, a shift from the first 01:30":   {"sun 01:30-06:00", newYork, nil, "2026-10-31 12:00 -04:00", time.Hour, "2026-11-01 01:30 -05:00"},

		"a day without a midnight":        {"always", "Africa/Cairo", nil, "2026-04-23 12:00 +02:00", 24 * time.Hour, "2026-04-24 13:00 +03:00"},
		"a day that the zone left out":    {"always", "Pacific/Apia", nil, "2011-12-29 12:00 -10:00", 24 * time.Hour, "2011-12-31 12:00 +14:00"},
		"an office day that was left out": {office, "Pacific/Apia", nil, "2011-12-29 16:00 -10:00", 2 * time.Hour, "2012-01-02 10:00 +14:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := calendar(t, tt.hours, tt.zone, tt.holidays...)
			from, want := at(t, tt.from), at(t, tt.want)
			got := c.Add(from, tt.d)
			require.True(t, want.Equal(got), "got %s, want %s", got, want.In(got.Location()))
			require.Equal(t, max(tt.d, 0), c.Between(from, got))
		})
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	c := calendar(t, "mon-fri 09:00-17:00", "Europe/Berlin", "12-25")
	tests := map[string]struct {
		from, to string
		want     time.Duration
	}{
		"inside a day":      {"2026-11-20 10:00 +01:00", "2026-11-20 11:15 +01:00", 75 * time.Minute},
		"a weekend":         {"2026-11-20 17:00 +01:00", "2026-11-23 09:00 +01:00", 0},
		"over a weekend":    {"2026-11-20 16:00 +01:00", "2026-11-23 10:00 +01:00", 2 * time.Hour},
		"a week":            {"2026-11-16 00:00 +01:00", "2026-11-23 00:00 +01:00", 40 * time.Hour},
		"a week of holiday": {"2026-12-21 00:00 +01:00", "2026-12-28 00:00 +01:00", 32 * time.Hour},
		"backwards":         {"2026-11-20 11:00 +01:00", "2026-11-20 10:00 +01:00", 0},
		"no time":           {"2026-11-20 11:00 +01:00", "2026-11-20 11:00 +01:00", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, c.Between(at(t, tt.from), at(t, tt.to)))
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	c := calendar(t, "mon-fri 09:00-12:00 13:00-17:00", "Europe/Berlin", "2026-11-23")
	tests := map[string]struct {
		when string
		open bool
		next string
	}{
		"at work":        {"2026-11-20 10:00 +01:00", true, "2026-11-20 10:00 +01:00"},
		"as it opens":    {"2026-11-20 09:00 +01:00", true, "2026-11-20 09:00 +01:00"},
		"at lunch":       {"2026-11-20 12:00 +01:00", false, "2026-11-20 13:00 +01:00"},
		"as it closes":   {"2026-11-20 17:00 +01:00", false, "2026-11-24 09:00 +01:00"},
		"on a holiday":   {"2026-11-23 10:00 +01:00", false, "2026-11-24 09:00 +01:00"},
		"in the morning": {"2026-11-20 07:00 +01:00", false, "2026-11-20 09:00 +01:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			when := at(t, tt.when)
			require.Equal(t, tt.open, c.Open(when))
			require.True(t, at(t, tt.next).Equal(c.NextOpen(when)), "got %s", c.NextOpen(when))
		})
	}
	require.Equal(t, "Europe/Berlin", c.Zone().String())
}

func TestThinCalendarsEnd(t *testing.T) {
	t.Parallel()
	from := at(t, "2026-11-20 10:00 +01:00")
	never := &Calendar{zone: time.UTC}
	require.True(t, never.NextOpen(from).IsZero())
	require.False(t, never.Open(from))
	require.Equal(t, from, never.Add(from, time.Hour))
	require.Less(t, calendar(t, "mon 09:00-09:01", "UTC").Add(from, 8760*time.Hour).Year(), 2427)
}

// The laws of working time, for calendars and moments of every sort.
func TestLaws(t *testing.T) {
	t.Parallel()
	for _, hours := range []string{
		"always", "mon-fri 09:00-17:00", "mon-fri 09:00-12:00 13:00-17:00, sat 10:00-13:00",
		"mon-sun 00:00-02:30 22:00-24:00", "sun 01:15-02:15 02:15-02:45", "tue 00:00-24:00",
	} {
		for _, zone := range []string{
			"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
			"America/St_Johns", "Africa/Cairo", "Pacific/Chatham", "Africa/Casablanca",
		} {
			t.Run(hours+" "+zone, func(t *testing.T) {
				t.Parallel()
				c := calendar(t, hours, zone, "12-25", "2026-03-30", "02-29")
				r := rand.New(rand.NewPCG(1, uint64(len(hours)+100*len(zone))))
				for range 60 {
					a := time.Date(2024, 1, 1, 0, 0, r.IntN(4*366*24*3600), 0, time.UTC)
					if r.IntN(3) == 0 { // near a change of the clocks
						_, until := a.In(c.zone).ZoneBounds()
						if !until.IsZero() {
							a = until.Add(time.Duration(r.IntN(12*3600)-6*3600) * time.Second)
						}
					}
					d1 := time.Duration(r.IntN(30*3600)) * time.Second
					d2 := time.Duration(r.IntN(30*3600)) * time.Second
					b := c.Add(a, d1)
					require.Equal(t, d1, c.Between(a, b), "%s + %s", a, d1)
					require.False(t, b.Before(a))
					require.True(t, c.Add(b, d2).Equal(c.Add(a, d1+d2)), "%s + %s + %s", a, d1, d2)
					later := a.Add(time.Duration(r.IntN(3*24*3600)) * time.Second)
					require.False(t, c.Add(later, d1).Before(b), "%s and %s + %s", a, later, d1)
					last := later.Add(d2)
					require.Equal(t, c.Between(a, last), c.Between(a, later)+c.Between(later, last))
					require.LessOrEqual(t, c.Between(a, last), last.Sub(a))
					if d1 > 0 { // b is the earliest such moment
						require.Less(t, c.Between(a, b.Add(-time.Nanosecond)), d1)
					}
					next := c.NextOpen(a)
					require.True(t, c.Open(next))
					require.Zero(t, c.Between(a, next))
				}
			})
		}
	}
}

func TestParseCalendarRefuses(t *testing.T) {
	t.Parallel()
	office := "mon-fri 09:00-17:00"
	everyDay := make([]string, 0, 366)
	for day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2000; day = day.AddDate(0, 0, 1) {
		everyDay = append(everyDay, day.Format("01-02"))
	}
	tests := map[string]struct {
		hours, zone string
		holidays    []string
		says        string
	}{
		"no hours":             {"", "UTC", nil, `"mon-fri 09:00-17:00`},
		"only commas":          {" , ", "UTC", nil, "no hours are given"},
		"days alone":           {"mon-fri", "UTC", nil, `"mon-fri" gives no hours`},
		"hours alone":          {"09:00-17:00", "UTC", nil, `"09:00-17:00" is not a day`},
		"an unknown day":       {"mo-fr 09:00-17:00", "UTC", nil, `"mo-fr" is not a day`},
		"an open range":        {"mon- 09:00-17:00", "UTC", nil, `"mon-" is not a day`},
		"an hour too many":     {"mon 09:00-25:00", "UTC", nil, `"09:00-25:00" is not a stretch`},
		"no end":               {"mon 09:00", "UTC", nil, `"09:00" is not a stretch`},
		"over midnight":        {"fri 22:00-06:00", "UTC", nil, "fri 22:00-24:00, sat 00:00-06:00"},
		"no length":            {"fri 09:00-09:00", "UTC", nil, "does not end after it begins"},
		"overlap":              {"mon-fri 09:00-17:00, fri 16:00-18:00", "UTC", nil, "the hours of Friday: 09:00–17:00 and 16:00–18:00 overlap"},
		"the same twice":       {"mon 09:00-17:00 09:00-17:00", "UTC", nil, "overlap"},
		"an unknown zone":      {office, "Europe/Bielefeld", nil, `"Europe/Berlin"`},
		"no zone":              {office, "", nil, "not a time zone"},
		"the machine's zone":   {office, "Local", nil, "not a time zone"},
		"a file":               {office, "../../etc/passwd", nil, "not a time zone"},
		"a holiday in words":   {office, "UTC", []string{"Christmas"}, `"Christmas" is not a day; write "2026-12-25"`},
		"a day that is not":    {office, "UTC", []string{"2026-02-29"}, "not a day"},
		"a yearly day not":     {office, "UTC", []string{"02-30"}, "not a day"},
		"holidays all the way": {office, "UTC", everyDay, "no day on which the office opens"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := ParseCalendar(tt.hours, tt.zone, tt.holidays)
			require.Nil(t, c)
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
		})
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for hours, want := range map[string]string{
		"mon-fri 09:00-17:00":                        "Monday to Friday, 09:00–17:00 (Europe/Berlin)",
		"Monday-FRIDAY 9:00-17:00,  sat 10:00-13:00": "Monday to Friday, 09:00–17:00; Saturday, 10:00–13:00 (Europe/Berlin)",
		"mon-fri 13:00-17:00 09:00-12:00":            "Monday to Friday, 09:00–12:00 and 13:00–17:00 (Europe/Berlin)",
		"sat-sun 10:00-12:00":                        "Saturday and Sunday, 10:00–12:00 (Europe/Berlin)",
		"fri-mon 10:00-12:00":                        "Monday and Friday to Sunday, 10:00–12:00 (Europe/Berlin)",
		"mon 09:00-12:00, wed 09:00-12:00, fri 09:00-12:00, tue 10:00-11:00": "Monday, Wednesday and Friday, 09:00–12:00; " +
			"Tuesday, 10:00–11:00 (Europe/Berlin)",
		"mon 09:00-12:00, mon 12:00-24:00":     "Monday, 09:00–24:00 (Europe/Berlin)",
		"always":                               "around the clock (Europe/Berlin)",
		"mon-sun 00:00-12:00 12:00-24:00":      "around the clock (Europe/Berlin)",
		"mon-sun 08:00-20:00":                  "Monday to Sunday, 08:00–20:00 (Europe/Berlin)",
		"mon-fri 00:00-24:00, sat 00:00-24:00": "Monday to Saturday, 00:00–24:00 (Europe/Berlin)",
	} {
		require.Equal(t, want, calendar(t, hours, "Europe/Berlin").String(), hours)
	}
	require.Equal(t, "Monday to Friday, 09:00–17:00, except on holidays (UTC)", calendar(t, "mon-fri 09:00-17:00", "UTC", "12-25", " ", "").String())
}

func FuzzParseCalendar(f *testing.F) {
	f.Add("mon-fri 09:00-17:00, sat 10:00-13:00", "Europe/Berlin", "2026-12-25")
	f.Add("mon-fri 09:00-12:00 13:00-17:00", "America/New_York", "12-25")
	f.Add("always", "UTC", "02-29")
	f.Add("fri 22:00-06:00", "Local", "0000-01-01")
	f.Fuzz(func(t *testing.T, hours, zone, holiday string) {
		c, err := ParseCalendar(hours, zone, []string{holiday})
		if err != nil {
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			return
		}
		from := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		require.True(t, c.Open(c.NextOpen(from)))
		due := c.Add(from, 90*time.Minute)
		require.Equal(t, 90*time.Minute, c.Between(from, due))
		require.NotEmpty(t, c.String())
	})
}
