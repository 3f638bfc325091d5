package sla

import (
	"iter"
	"time"
	_ "time/tzdata" // zones are alike everywhere, also in an image without them
)

// Calendar is when people work: hours per weekday in a zone, without holidays.
// ParseCalendar makes one; it never changes and may be shared.
type Calendar struct {
	zone     *time.Location
	hours    [7][]interval // by time.Weekday; sorted, apart from each other
	holidays map[date]bool // year 0: every year
}

// interval is a stretch of a day in minutes of the clock on the wall since
// midnight; to is 1440 at most.
type interval struct{ from, to int }

const midnight = 24 * 60

type date struct {
	year  int
	month time.Month
	day   int
}

// horizon is how many days ahead a calendar is searched. Dates and weekdays
// repeat after 400 years, so what does not open until then never does.
const horizon = 146097

// span is an interval of one day, as moments.
type span struct{ from, to time.Time }

// Add returns the earliest moment at which d of working time has passed since
// t: t itself when d is zero or negative. A calendar too thin to hold d within
// 400 years gives the end of these.
func (c *Calendar) Add(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return t
	}
	last := t
	for s := range c.spans(t) {
		if left := s.to.Sub(s.from); d > left {
			d -= left
			last = s.to
			continue
		}
		return s.from.Add(d)
	}
	return last
}

// Between returns the working time from a to b, 0 if b is before a.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	var sum time.Duration
	for s := range c.spans(a) {
		if !s.from.Before(b) {
			break
		}
		if s.to.After(b) {
			s.to = b
		}
		sum += s.to.Sub(s.from)
	}
	return sum
}

// Open reports whether people work at t. The moment at which the office closes
// is not open any more.
func (c *Calendar) Open(t time.Time) bool { return c.NextOpen(t).Equal(t) }

// NextOpen returns when people work next: t itself when they do at t, the zero
// time when they never will.
func (c *Calendar) NextOpen(t time.Time) time.Time {
	for s := range c.spans(t) {
		return s.from
	}
	return time.Time{}
}

// Zone returns the zone in which the office reads its clocks.
func (c *Calendar) Zone() *time.Location { return c.zone }

// spans yields what is left of the working time from t on, in order, none of
// it empty.
func (c *Calendar) spans(t time.Time) iter.Seq[span] {
	t = t.In(c.zone)
	year, month, day := t.Date()
	return func(yield func(span) bool) {
		for n := range horizon + len(c.holidays) {
			// The zone plays no part in counting days.
			on := time.Date(year, month, day+n, 0, 0, 0, 0, time.UTC)
			if c.holiday(on) {
				continue
			}
			for _, i := range c.hours[on.Weekday()] {
				s := span{c.moment(on, i.from), c.moment(on, i.to)}
				if s.from.Before(t) {
					s.from = t
				}
				if s.from.Before(s.to) && !yield(s) {
					return
				}
			}
		}
	}
}

func (c *Calendar) holiday(on time.Time) bool {
	year, month, day := on.Date()
	return c.holidays[date{year, month, day}] || c.holidays[date{0, month, day}]
}

// moment returns when the clocks of the zone show so many minutes after
// midnight on a day. Where they are put forward over it that is the moment of
// the change, and where they show it twice the first time; so moments keep the
// order of the clock, which time.Date alone does not promise.
func (c *Calendar) moment(on time.Time, minutes int) time.Time {
	want := on.Add(time.Duration(minutes) * time.Minute)
	t := time.Date(want.Year(), want.Month(), want.Day(), want.Hour(), want.Minute(), 0, 0, c.zone)
	since, until := t.ZoneBounds()
	_, offset := t.Zone()
	switch shown := t.Unix() + int64(offset); {
	case shown > want.Unix():
		return since
	case shown < want.Unix():
		return until
	}
	if since.IsZero() {
		return t
	}
	_, before := since.Add(-time.Second).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); first.Before(since) && first.Before(t) {
		return first
	}
	return t
}
