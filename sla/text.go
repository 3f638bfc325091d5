package sla

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// String says the hours as customers read them: "Monday to Friday,
// 09:00–17:00 (Europe/Berlin)".
func (c *Calendar) String() string {
	var parts []string
	var told []time.Weekday
	for _, day := range week() {
		if len(c.hours[day]) == 0 || slices.Contains(told, day) {
			continue
		}
		var alike []time.Weekday
		for _, other := range week() {
			if slices.Equal(c.hours[day], c.hours[other]) {
				alike = append(alike, other)
			}
		}
		told = append(told, alike...)
		parts = append(parts, daysText(alike)+", "+stretchesText(c.hours[day]))
	}
	text := strings.Join(parts, "; ")
	if len(parts) == 1 && len(told) == 7 && slices.Equal(c.hours[told[0]], []interval{{0, midnight}}) {
		text = "around the clock"
	}
	if len(c.holidays) > 0 {
		text += ", except on holidays"
	}
	return fmt.Sprintf("%s (%s)", text, c.zone)
}

// week returns the days as an office counts them.
func week() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

// daysText names days that are in the order of the week; three or more in a
// row become a range.
func daysText(days []time.Weekday) string {
	place := func(d time.Weekday) int { return slices.Index(week(), d) }
	var names []string
	for len(days) > 0 {
		n := 1
		for n < len(days) && place(days[n]) == place(days[n-1])+1 {
			n++
		}
		if n < 3 {
			n = 1
			names = append(names, days[0].String())
		} else {
			names = append(names, days[0].String()+" to "+days[n-1].String())
		}
		days = days[n:]
	}
	return listText(names)
}

func stretchesText(stretches []interval) string {
	var texts []string
	for _, s := range stretches {
		texts = append(texts, s.String())
	}
	return listText(texts)
}

func listText(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func (i interval) String() string {
	return fmt.Sprintf("%02d:%02d–%02d:%02d", i.from/60, i.from%60, i.to/60, i.to%60)
}
