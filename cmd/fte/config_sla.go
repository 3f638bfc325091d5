package main

import (
	"fmt"

	"github.com/digital-fte/fte/sla"
)

// promiseFaults reads what is promised to customers into c.promises, and finds
// what cannot be understood or makes no sense.
func (c *Config) promiseFaults() (faults []error) {
	// Each setting is read by itself first, so that all that are wrong are named.
	for _, s := range []struct {
		name, hours, zone string
		holidays          []string
	}{
		{"FTE_BUSINESS_HOURS", c.BusinessHours, "UTC", nil},
		{"FTE_TIME_ZONE", "always", c.TimeZone, nil},
		{"FTE_HOLIDAYS", "always", "UTC", c.Holidays},
	} {
		if _, err := sla.ParseCalendar(s.hours, s.zone, s.holidays); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	p, err := sla.DefaultPolicy().WithTargets(c.Targets)
	if err != nil {
		faults = append(faults, fmt.Errorf("FTE_SLA: %w", err))
	}
	for _, d := range []struct {
		name  string
		wrong bool
		must  string
	}{
		{"FTE_ACKNOWLEDGE_AFTER", c.AcknowledgeAfter < 0, "must not be negative (0 turns it off)"},
		{"FTE_SECOND_LEVEL_AFTER", c.SecondLevelAfter < 0, "must not be negative (0 turns it off)"},
		{"FTE_AUTO_RELEASE_AFTER", c.AutoReleaseAfter < 0, "must not be negative (0 turns it off)"},
		{"FTE_UNRESOLVED_AFTER", c.UnresolvedAfter < 0, "must not be negative (0 turns it off)"},
		{"FTE_PERSON_RESPONSE", c.PersonResponse < 0, "must not be negative (0 holds people to the assistant's times)"},
		{"FTE_CLOSE_AFTER", c.CloseAfter <= 0, "must be positive"},
		{
			"FTE_SECOND_LEVEL_AFTER", c.SecondLevelAfter > 0 && c.SecondLevelAfter < c.AcknowledgeAfter,
			"must not be shorter than FTE_ACKNOWLEDGE_AFTER",
		},
	} {
		if d.wrong {
			faults = append(faults, fmt.Errorf("%s %s", d.name, d.must))
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if p.Calendar, err = sla.ParseCalendar(c.BusinessHours, c.TimeZone, c.Holidays); err != nil {
		return []error{fmt.Errorf("FTE_BUSINESS_HOURS and FTE_HOLIDAYS: %w", err)}
	}
	p.Acknowledge, p.SecondLevel, p.AutoRelease = c.AcknowledgeAfter, c.SecondLevelAfter, c.AutoReleaseAfter
	p.Person, p.Unresolved, p.CloseAfter = c.PersonResponse, c.UnresolvedAfter, c.CloseAfter
	c.promises = p
	return nil
}
