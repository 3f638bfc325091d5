package workflows_test

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

func (d *desk) escalate(ctx context.Context, in ticket.EscalateInput) (ticket.EscalateResult, error) {
	_, err := d.begin(ctx, in)
	if err != nil {
		return ticket.EscalateResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var t *deskTurn
	on := d.status != "" && in.TicketID == d.ticketID()
	if in.TurnID != uuid.Nil {
		t = d.turn(in.TurnID)
		on = d.status != "" && t.ticket == d.tickets
	}
	if t == nil && d.tooLate(on, in) {
		return ticket.EscalateResult{Standing: d.stands()}, nil
	}
	code := in.Code
	if in.Step != ticket.StepAsk {
		d.escaped = append(d.escaped, code+"/"+string(in.Step))
		return ticket.EscalateResult{Standing: d.stands()}, nil
	}
	d.escaped = append(d.escaped, code)
	if in.Code == ticket.EscalateNotDelivered {
		if t != nil {
			d.giveUp(t)
		}
		if on {
			d.waits()
		}
	}
	if on {
		asked := d.escalation != "" && (d.status == ticket.NeedsHuman || d.status == ticket.WithHuman)
		if t != nil || !asked {
			d.escalation = in.Code // a clock does not hide why a person was asked
		}
		if d.status != ticket.WithHuman {
			d.status = ticket.NeedsHuman
			if d.facts.EscalatedAt.IsZero() {
				d.facts.EscalatedAt = d.now()
			}
		}
	}
	return ticket.EscalateResult{Standing: d.standing()}, nil
}

// tooLate reports that what a clock has rung for was done in the meantime; the
// caller holds the lock.
func (d *desk) tooLate(on bool, in ticket.EscalateInput) bool {
	switch {
	case !on:
		return true
	case in.Step == ticket.StepReminder, in.Step == ticket.StepSecondLevel:
		return d.status != ticket.NeedsHuman
	}
	switch in.Code {
	case ticket.EscalateAtRisk, ticket.EscalateBreached, ticket.EscalateUnresolved:
		return d.facts.WaitingSince.IsZero()
	default:
		return false
	}
}

// giveUp leaves what a turn has not settled to a person; the caller holds the lock.
func (d *desk) giveUp(t *deskTurn) {
	for _, m := range d.unsettled(t.messages) {
		d.settled[m], d.left[m] = ticket.Human, "given up or resolved"
	}
	if t.state == "" {
		t.state = "handed over"
	}
}

// escalations lists why turns asked for a person, in order; what clocks bring
// about is left out.
func (d *desk) escalations() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.escaped), func(code string) bool {
		return strings.Contains(code, "/") || code == ticket.EscalateBreached || code == ticket.EscalateUnresolved
	})
}
