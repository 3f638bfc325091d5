package sla

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/ticket"
)

const hoursForm = `write for example "mon-fri 09:00-17:00, sat 10:00-13:00", "mon-fri 09:00-12:00 13:00-17:00" or "always"`

// ParseCalendar reads a calendar: hours such as "mon-fri 09:00-17:00, sat
// 10:00-13:00" or "always", a zone such as "Europe/Berlin", and holidays
// such as "2026-12-25" or, for every year, "12-25". Several stretches of a day
// stand behind it or in entries of their own. Every error has CodeInvalid and
// says what to write instead.
func ParseCalendar(hours, zone string, holidays []string) (*Calendar, error) {
	c := &Calendar{holidays: map[date]bool{}}
	var err error
	if c.zone, err = parseZone(zone); err != nil {
		return nil, err
	}
	if c.hours, err = parseHours(hours); err != nil {
		return nil, err
	}
	for _, h := range holidays {
		if h = strings.TrimSpace(h); h == "" {
			continue
		}
		day, err := parseHoliday(h)
		if err != nil {
			return nil, err
		}
		c.holidays[day] = true
	}
	if c.NextOpen(time.Unix(0, 0)).IsZero() {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the holidays leave no day on which the office opens; remove some")
	}
	return c, nil
}

func parseZone(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	zone, err := time.LoadLocation(name)
	// "Local" would mean another zone on every machine.
	if err != nil || name == "" || name == time.Local.String() {
		return nil, ticket.Errorf(ticket.CodeInvalid, `%q is not a time zone; write a name such as "Europe/Berlin", "America/New_York" or "UTC"`, name)
	}
	return zone, nil
}

func parseHoliday(s string) (date, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil && t.Year() > 0 {
		return date{t.Year(), t.Month(), t.Day()}, nil
	}
	// A leap year, so that 02-29 is a day.
	if t, err := time.Parse(time.DateOnly, "2000-"+s); err == nil {
		return date{0, t.Month(), t.Day()}, nil
	}
	return date{}, ticket.Errorf(ticket.CodeInvalid, `%q is not a day; write "2026-12-25", or "12-25" for every year`, s)
}

func parseHours(list string) (hours [7][]interval, err error) {
	if strings.EqualFold(strings.TrimSpace(list), "always") {
		for day := range hours {
			hours[day] = []interval{{0, midnight}}
		}
		return hours, nil
	}
	some := false
	for entry := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		some = true
		days, stretches, err := parseEntry(entry)
		if err != nil {
			return hours, err
		}
		for _, day := range days {
			hours[day] = append(hours[day], stretches...)
		}
	}
	if !some {
		return hours, ticket.Errorf(ticket.CodeInvalid, "no hours are given; %s", hoursForm)
	}
	for day := range hours {
		if hours[day], err = joined(hours[day]); err != nil {
			return hours, ticket.Wrap(ticket.CodeInvalid, err, "the hours of %s", time.Weekday(day))
		}
	}
	return hours, nil
}

// parseEntry reads days and what follows them: "mon-fri 09:00-12:00 13:00-17:00".
func parseEntry(entry string) (days []time.Weekday, stretches []interval, err error) {
	for i, word := range strings.Fields(entry) {
		if i == 0 {
			days, err = parseDays(word)
		} else {
			var s interval
			s, err = parseStretch(word)
			stretches = append(stretches, s)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if len(stretches) == 0 {
		return nil, nil, ticket.Errorf(ticket.CodeInvalid, "%q gives no hours; %s", strings.TrimSpace(entry), hoursForm)
	}
	return days, stretches, nil
}

func parseDays(word string) ([]time.Weekday, error) {
	first, last, isRange := strings.Cut(word, "-")
	if !isRange {
		last = first
	}
	from, ok1 := parseDay(first)
	to, ok2 := parseDay(last)
	if !ok1 || !ok2 {
		return nil, ticket.Errorf(ticket.CodeInvalid, "%q is not a day or a range of days; %s", word, hoursForm)
	}
	days := []time.Weekday{from}
	for from != to {
		from = (from + 1) % 7
		days = append(days, from)
	}
	return days, nil
}

func parseDay(word string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(word, day.String()) || strings.EqualFold(word, day.String()[:3]) {
			return day, true
		}
	}
	return 0, false
}

func parseStretch(word string) (interval, error) {
	first, last, _ := strings.Cut(word, "-")
	from, ok1 := parseMinutes(first)
	to, ok2 := parseMinutes(last)
	if !ok1 || !ok2 {
		return interval{}, ticket.Errorf(ticket.CodeInvalid, "%q is not a stretch of a day; %s", word, hoursForm)
	}
	if from >= to {
		return interval{}, ticket.Errorf(ticket.CodeInvalid,
			`%q does not end after it begins; write a night as two stretches, "fri 22:00-24:00, sat 00:00-06:00"`, word)
	}
	return interval{from, to}, nil
}

func parseMinutes(s string) (int, bool) {
	if s == "24:00" {
		return midnight, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// joined sorts the stretches of a day and makes one of those that touch.
func joined(stretches []interval) ([]interval, error) {
	slices.SortFunc(stretches, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	var out []interval
	for _, s := range stretches {
		last := len(out) - 1
		switch {
		case last < 0 || s.from > out[last].to:
			out = append(out, s)
		case s.from == out[last].to:
			out[last].to = s.to
		default:
			return nil, ticket.Errorf(ticket.CodeInvalid, "%s and %s overlap; write each stretch once", out[last], s)
		}
	}
	return out, nil
}
