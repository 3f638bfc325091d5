package sla

import (
	"slices"
	"time"

	"github.com/digital-fte/fte/ticket"
)

// Facts are what the clocks of a ticket follow from. A zero time means that it
// has not happened, or does not hold now.
type Facts struct {
	Channel        ticket.Channel
	Priority       string
	Status         ticket.Status
	FirstRepliedAt time.Time
	WaitingSince   time.Time // since when it is our move
	IdleSince      time.Time // since when it is the customer's
	EscalatedAt    time.Time // since when a person is needed and none has come
	PersonAt       time.Time // when the person who owns it last acted
	LastInboundAt  time.Time // on WhatsApp: when the customer last wrote there

	UsedBusiness time.Duration // working time of earlier waits
	UsedWall     time.Duration // the same by the wall
}

// windowWarning is how long after the customer's last word staff is warned that
// WhatsApp takes free answers for 24 hours only.
const windowWarning = 23 * time.Hour

// Clocks returns the clocks that run, the earliest DueAt first. A clock that
// is due already is among them.
func (p Policy) Clocks(f Facts) []ticket.Clock {
	if f.Status == ticket.Closed {
		return nil
	}
	var running []ticket.Clock
	add := func(name ticket.ClockName, from time.Time, whole, used time.Duration, after func(time.Time, time.Duration) time.Time) {
		if whole <= 0 || from.IsZero() {
			return
		}
		left := max(whole-used, 0)
		due := after(from, left)
		clock := ticket.Clock{Name: name, DueAt: due, Label: label(name, due.In(p.Calendar.zone))}
		if name.Promise() && left >= time.Minute {
			clock.WarnAt = after(from, left/4*3)
		}
		running = append(running, clock)
	}
	work, wall := p.Calendar.Add, time.Time.Add

	waiting := !f.WaitingSince.IsZero()
	// The person's last act counts too: one who takes an old ticket over, or
	// settles it, does not lose it at once.
	quietSince := later(f.IdleSince, f.PersonAt)

	if waiting {
		target := p.target(f)
		if f.FirstRepliedAt.IsZero() {
			add(ticket.ClockFirstResponse, f.WaitingSince, target.Response, 0, work)
		} else {
			add(ticket.ClockNextResponse, f.WaitingSince, target.Response, 0, work)
		}
		add(ticket.ClockResolution, f.WaitingSince, target.Resolution, f.UsedBusiness, work)
		add(ticket.ClockUnresolved, f.WaitingSince, p.Unresolved, f.UsedWall, wall)
		add(ticket.ClockWindow, f.LastInboundAt, windowWarning, 0, wall)
	}
	switch f.Status {
	case ticket.NeedsHuman:
		add(ticket.ClockAcknowledge, f.EscalatedAt, p.Acknowledge, 0, work)
		add(ticket.ClockSecondLevel, f.EscalatedAt, p.SecondLevel, 0, work)
	case ticket.WithHuman:
		if waiting {
			add(ticket.ClockAutoRelease, later(f.PersonAt, f.WaitingSince), p.AutoRelease, 0, work)
		} else {
			add(ticket.ClockAutoRelease, quietSince, p.CloseAfter, 0, wall)
		}
	case ticket.WaitingCustomer, ticket.Resolved:
		if !waiting {
			add(ticket.ClockClose, quietSince, p.CloseAfter, 0, wall)
		}
	default:
	}
	slices.SortStableFunc(running, func(a, b ticket.Clock) int { return a.DueAt.Compare(b.DueAt) })
	return running
}

// target finds what was promised; a priority we do not know counts as medium.
// A person is not as quick as the assistant: once one is asked, the response
// may take as long as people take.
func (p Policy) target(f Facts) Target {
	t, ok := p.Targets[f.Channel][f.Priority]
	if !ok {
		t = p.Targets[f.Channel]["medium"]
	}
	if t.Response > 0 && (f.Status == ticket.NeedsHuman || f.Status == ticket.WithHuman) {
		t.Response = max(t.Response, p.Person)
	}
	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// label says what happens at due, as a lead reads it.
func label(name ticket.ClockName, due time.Time) string {
	var says string
	switch name {
	case ticket.ClockFirstResponse:
		says = "first response due"
	case ticket.ClockNextResponse:
		says = "next response due"
	case ticket.ClockResolution:
		says = "resolution due"
	case ticket.ClockUnresolved:
		says = "escalates as unresolved on"
	case ticket.ClockWindow:
		says = "staff is warned that WhatsApp's 24 hours end, on"
	case ticket.ClockAcknowledge:
		says = "a person has to take over by"
	case ticket.ClockSecondLevel:
		says = "the second level is asked on"
	case ticket.ClockAutoRelease:
		says = "goes back to the assistant on"
	case ticket.ClockClose:
		says = "closes without a further message on"
	}
	return says + " " + due.Format("Mon 2 Jan 15:04 MST")
}
