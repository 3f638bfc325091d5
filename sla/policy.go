package sla

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/ticket"
)

// Target is what a customer of one channel and priority may expect, in working
// time; zero makes no such promise.
type Target struct{ Response, Resolution time.Duration }

// Policy is all the time rules of the service. A zero duration means that the
// clock it is for never runs; the calendar has to be set.
type Policy struct {
	Calendar *Calendar
	// Targets are by channel, then by priority.
	Targets map[ticket.Channel]map[string]Target

	// Person is the working time within which a person answers who was asked or
	// has taken over; the response promise is then at least this long.
	Person      time.Duration
	Unresolved  time.Duration // by the wall: how long a customer waits in all before it is escalated
	Acknowledge time.Duration // working time within which a person takes an escalation over
	SecondLevel time.Duration // working time after which others are asked
	AutoRelease time.Duration // working time after which a silent person's conversation goes back
	CloseAfter  time.Duration // by the wall: how long a settled ticket waits for a reply
}

// DefaultPolicy returns the rules of an installation that sets none.
func DefaultPolicy() Policy {
	calendar := &Calendar{zone: time.UTC}
	for day := time.Monday; day <= time.Friday; day++ {
		calendar.hours[day] = []interval{{9 * 60, 17 * 60}}
	}
	targets := map[ticket.Channel]map[string]Target{}
	responses := map[ticket.Channel][]time.Duration{ // in the order of priorities
		ticket.Email:    {2 * time.Minute, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute},
		ticket.WhatsApp: {2 * time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute},
		ticket.WebForm:  {5 * time.Minute, 5 * time.Minute, 10 * time.Minute, 10 * time.Minute},
	}
	resolutions := []time.Duration{4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour}
	for channel, times := range responses {
		targets[channel] = map[string]Target{}
		for i, priority := range ticket.Priorities() {
			targets[channel][priority] = Target{Response: times[i], Resolution: resolutions[i]}
		}
	}
	return Policy{
		Calendar: calendar, Targets: targets, Person: 2 * time.Hour, Unresolved: 24 * time.Hour, Acknowledge: 15 * time.Minute,
		SecondLevel: 30 * time.Minute, AutoRelease: 4 * time.Hour, CloseAfter: 72 * time.Hour,
	}
}

const (
	targetForm = `write for example "email/urgent=2m:4h, whatsapp/*=2m:8h" (channel/priority=response:resolution in office time; 0 makes no promise)`
	maxTarget  = 8760 * time.Hour
)

// WithTargets returns the policy with some targets replaced, as the list says:
// "email/urgent=2m:4h, whatsapp/*=2m:8h", response then resolution. A star
// stands for every channel or priority, and a later entry wins. Errors have
// CodeInvalid and say what to write instead.
func (p Policy) WithTargets(list string) (Policy, error) {
	targets := map[ticket.Channel]map[string]Target{}
	for _, channel := range ticket.Channels() {
		targets[channel] = map[string]Target{}
		maps.Copy(targets[channel], p.Targets[channel])
	}
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		channels, ranks, target, err := parseTarget(entry)
		if err != nil {
			return Policy{}, err
		}
		for _, channel := range channels {
			for _, priority := range ranks {
				targets[channel][priority] = target
			}
		}
	}
	p.Targets = targets
	return p, nil
}

func parseTarget(entry string) (channels []ticket.Channel, ranks []string, target Target, err error) {
	who, what, _ := strings.Cut(entry, "=")
	channel, priority, _ := strings.Cut(strings.TrimSpace(who), "/")
	response, resolution, ok := strings.Cut(what, ":")
	switch {
	case !ok:
		return nil, nil, target, ticket.Errorf(ticket.CodeInvalid, "%q is not a target; %s", entry, targetForm)
	case channel == "*":
		channels = ticket.Channels()
	case ticket.Channel(channel).Valid():
		channels = []ticket.Channel{ticket.Channel(channel)}
	default:
		return nil, nil, target, ticket.Errorf(ticket.CodeInvalid, "%q: %q is not a channel; write email, whatsapp, webform or *", entry, channel)
	}
	switch {
	case priority == "*":
		ranks = ticket.Priorities()
	case slices.Contains(ticket.Priorities(), priority):
		ranks = []string{priority}
	default:
		return nil, nil, target, ticket.Errorf(ticket.CodeInvalid, "%q: %q is not a priority; write low, medium, high, urgent or *", entry, priority)
	}
	var err1, err2 error
	target.Response, err1 = time.ParseDuration(strings.TrimSpace(response))
	target.Resolution, err2 = time.ParseDuration(strings.TrimSpace(resolution))
	if err1 != nil || err2 != nil {
		return nil, nil, target, ticket.Errorf(ticket.CodeInvalid, "%q has no durations such as 2m:4h; %s", entry, targetForm)
	}
	for _, d := range []time.Duration{target.Response, target.Resolution} {
		if d < 0 || d > maxTarget {
			return nil, nil, target, ticket.Errorf(ticket.CodeInvalid, "%q: a target lies between 0 and 8760h", entry)
		}
	}
	return channels, ranks, target, nil
}

// Used returns how long a wait from since to until was, in working time and by
// the wall; both are zero when since is, or when it is after until.
func (p Policy) Used(since, until time.Time) (business, wall time.Duration) {
	if since.IsZero() || until.Before(since) {
		return 0, 0
	}
	return p.Calendar.Between(since, until), until.Sub(since)
}
