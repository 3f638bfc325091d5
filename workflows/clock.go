package workflows

import (
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// maxRung bounds how many times of ringing a run remembers.
const maxRung = 20

// alarm returns when the next clock rings, and its name.
func (c *conversation) alarm() (at time.Time, name string) {
	for _, clock := range c.clocks() {
		for _, r := range chimes(clock) {
			if !c.hasRung(r.Ring) && (at.IsZero() || r.at.Before(at)) {
				at, name = r.at, r.name
			}
		}
	}
	return at, name
}

// due returns a clock that has to ring now. A warning that comes too late is
// left out: the clock itself is due.
func (c *conversation) due(now time.Time) *ticket.Ring {
	for _, clock := range c.clocks() {
		for _, r := range chimes(clock) {
			if !c.hasRung(r.Ring) && !now.Before(r.at) {
				return &r.Ring
			}
		}
	}
	return nil
}

// clocks returns the clocks that matter now: while something is being done or
// was asked for, a ticket does not end.
func (c *conversation) clocks() []ticket.Clock {
	busy := c.turning || c.writing || c.verdict != nil || c.retake != nil || len(c.replies) > 0
	if !busy && c.inbox.empty() {
		return c.standing.Clocks
	}
	var running []ticket.Clock
	for _, clock := range c.standing.Clocks {
		if clock.Name != ticket.ClockClose {
			running = append(running, clock)
		}
	}
	return running
}

// chime is one time at which a clock rings, with its name for people.
type chime struct {
	ticket.Ring
	at   time.Time
	name string
}

// chimes returns the times at which a clock rings, the weightier first.
func chimes(clock ticket.Clock) []chime {
	due := ticket.Ring{Name: clock.Name, DueAt: clock.DueAt}
	if clock.WarnAt.IsZero() {
		return []chime{{due, clock.DueAt, clock.Label}}
	}
	warning := ticket.Ring{Name: clock.Name, DueAt: clock.DueAt, Warn: true}
	return []chime{{due, clock.DueAt, clock.Label}, {warning, clock.WarnAt, "warning ahead of: " + clock.Label}}
}

// hasRung reports that this was done, or is not worth doing any more.
func (c *conversation) hasRung(r ticket.Ring) bool {
	for _, done := range c.rung {
		if done.Name == r.Name && done.DueAt.Equal(r.DueAt) && (done.Warn == r.Warn || !done.Warn) {
			return true
		}
	}
	return false
}

// ring does what follows from a clock, in a coroutine of its own: a turn, a
// person's action and the other clocks do not wait for it.
func (c *conversation) ring(ctx workflow.Context) {
	r := *c.due(workflow.Now(ctx))
	c.rung = append(c.rung, r)
	if len(c.rung) > maxRung {
		c.rung = c.rung[1:]
	}
	c.ringing = true
	workflow.GoNamed(ctx, "clock", func(ctx workflow.Context) {
		defer func() { c.ringing = false; c.show(ctx) }()
		before := c.standing
		if err := c.follow(ctx, r); err != nil {
			c.fault = err
			return
		}
		if c.standing.Status != before.Status && r.Name != ticket.ClockAutoRelease { // an action shows itself
			c.publish(ctx)
		}
	})
}

// follow says what each clock is for.
func (c *conversation) follow(ctx workflow.Context, r ticket.Ring) error {
	code, step := ticket.EscalateBreached, ticket.StepAsk
	switch r.Name {
	case ticket.ClockClose:
		return c.closeTicket(ctx)
	case ticket.ClockAutoRelease:
		c.release(ctx, r)
		return nil
	case ticket.ClockAcknowledge:
		code, step = c.standing.Escalation, ticket.StepReminder
	case ticket.ClockSecondLevel:
		code, step = c.standing.Escalation, ticket.StepSecondLevel
	case ticket.ClockUnresolved:
		code = ticket.EscalateUnresolved
	case ticket.ClockWindow:
		code, step = ticket.EscalateWindow, ticket.StepWarning
	case ticket.ClockFirstResponse, ticket.ClockNextResponse, ticket.ClockResolution:
	}
	if r.Warn {
		code, step = ticket.EscalateAtRisk, ticket.StepWarning
	}
	what := stepMeaning(r, step)
	res, err := ordinary[ticket.EscalateResult](ctx, staffOptions(what), ticket.ActivityEscalate,
		ticket.EscalateInput{TicketID: c.standing.TicketID, Code: code, Step: step, DueAt: r.DueAt, Urgency: c.standing.Priority})
	if err != nil {
		return err
	}
	c.adopt(res.Standing)
	c.note(ctx, what, uuid.Nil, nil)
	return nil
}

// stepMeaning says in words what a clock has brought about.
func stepMeaning(r ticket.Ring, step ticket.Step) string {
	switch step {
	case ticket.StepWarning:
		return "staff warned: " + clockMeaning(r.Name) + " is due soon"
	case ticket.StepReminder:
		return "staff reminded: nobody has taken the ticket over"
	case ticket.StepSecondLevel:
		return "second level asked: still nobody has taken the ticket over"
	case ticket.StepAsk:
	}
	return "missed: " + clockMeaning(r.Name)
}

// clockMeaning is the name of a clock in words.
func clockMeaning(n ticket.ClockName) string {
	switch n {
	case ticket.ClockFirstResponse:
		return "first response"
	case ticket.ClockNextResponse:
		return "next response"
	case ticket.ClockResolution:
		return "resolution"
	case ticket.ClockUnresolved:
		return "resolution within a day"
	case ticket.ClockWindow:
		return "the end of WhatsApp's time for free answers"
	case ticket.ClockAcknowledge:
		return "a person taking over"
	case ticket.ClockSecondLevel:
		return "second level"
	case ticket.ClockAutoRelease:
		return "return to the assistant"
	case ticket.ClockClose:
		return "end of the ticket"
	default:
		return string(n)
	}
}

// closeTicket ends a ticket that has waited long enough. The run completes next,
// unless something has come in meanwhile. A ticket that a person has to act on
// stays open.
func (c *conversation) closeTicket(ctx workflow.Context) error {
	res, err := local[ticket.CloseTicketResult](ctx, ticket.ActivityCloseTicket, "close the ticket",
		ticket.CloseTicketInput{TicketID: c.standing.TicketID})
	if err != nil {
		return err
	}
	c.adopt(res.Standing)
	what := "left open: a person has to act on it"
	if res.Closed {
		what = "closed without a further message"
	}
	c.note(ctx, what, uuid.Nil, nil)
	return nil
}

// release gives a ticket back to the assistant whose owner has been silent.
func (c *conversation) release(ctx workflow.Context, r ticket.Ring) {
	_, err := c.apply(ctx, ticket.ActionRelease, ticket.ActionRequest{
		ActionID: "auto-release:" + c.standing.TicketID.String() + ":" + strconv.FormatInt(r.DueAt.Unix(), 10), Actor: ticket.ActorClock,
	})
	// A refusal means that somebody has acted in this very moment.
	c.stale = c.stale || err != nil
}
