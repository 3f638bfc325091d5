package workflows_test

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

func (d *desk) applyAction(ctx context.Context, in ticket.ApplyActionInput) (ticket.ApplyActionResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.ApplyActionResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if res, done := d.actions[in.ActionID]; done {
		res.Standing = d.stands()
		return res, nil
	}
	if d.tickets == 0 {
		return ticket.ApplyActionResult{}, bad("there is no ticket here yet")
	}
	if why := d.refuses(in); why != "" {
		return ticket.ApplyActionResult{}, bad(why)
	}
	var res ticket.ApplyActionResult
	switch in.Action {
	case ticket.ActionTakeover:
		d.own(in.Actor)
	case ticket.ActionRelease:
		res.Unanswered = d.release()
	case ticket.ActionApproveDraft:
		d.approved[in.DraftID] = true
		if d.status == ticket.NeedsHuman {
			d.status, d.facts.EscalatedAt = ticket.Open, time.Time{}
			if d.facts.WaitingSince.IsZero() {
				d.status = ticket.WaitingCustomer
			}
		}
	case ticket.ActionRejectDraft:
		d.rejected[in.DraftID], d.pending = true, uuid.Nil
	case ticket.ActionReply:
		d.own(in.Actor)
		d.speaks()
		d.replied()
		d.idles()
	case ticket.ActionResolve:
		d.resolve()
	case ticket.ActionReopen:
		d.status, d.escalation = ticket.NeedsHuman, ticket.EscalateReopened
		d.facts.EscalatedAt, d.facts.PersonAt = d.now(), time.Time{}
		d.waits()
	case ticket.ActionSetPriority:
		d.facts.Priority, d.byPerson = in.Priority, true
	case ticket.ActionOverride:
	}
	d.actions[in.ActionID] = res
	d.done = append(d.done, in)
	res.Standing = d.standing()
	return res, nil
}

// refuses says why an action cannot be done; the caller holds the lock.
func (d *desk) refuses(in ticket.ApplyActionInput) string {
	person := d.owner == ticket.OwnerHuman
	if d.status == "" && !slices.Contains([]ticket.Action{ticket.ActionTakeover, ticket.ActionReply, ticket.ActionReopen}, in.Action) {
		return "the ticket is closed"
	}
	switch in.Action {
	case ticket.ActionTakeover, ticket.ActionReply:
		if person && d.assignee != "" && d.assignee != in.Actor {
			return "it is with " + d.assignee
		}
		if d.mailed[in.MessageID] {
			return "this text was handed over before"
		}
	case ticket.ActionRelease:
		if !person {
			return "it is with the assistant already"
		}
		if in.Actor == ticket.ActorClock && !d.silent() {
			return "the person has acted just now"
		}
	case ticket.ActionApproveDraft, ticket.ActionRejectDraft:
		switch t := d.pendingTurn(); {
		case d.pending == uuid.Nil || d.pending != in.DraftID:
			return "this draft does not wait"
		case d.approved[in.DraftID]:
			return "this draft has been approved already"
		case in.Action == ticket.ActionApproveDraft && t != nil && d.wroteSince(t):
			return "the customer has written again since"
		}
	case ticket.ActionResolve:
		if d.status == ticket.Resolved {
			return "it is resolved already"
		}
	case ticket.ActionReopen:
		if d.status != "" && d.status != ticket.Resolved && d.status != ticket.WaitingCustomer {
			return "it is not settled"
		}
	case ticket.ActionOverride:
		if person {
			return "it is with a person"
		}
		if !slices.ContainsFunc(d.turns, func(t *deskTurn) bool { return t.id == in.TurnID && t.ticket == d.tickets }) {
			return "this turn belongs to another ticket"
		}
	case ticket.ActionSetPriority:
	}
	return ""
}

// silent reports that the person who owns it has not acted for too long; the
// caller holds the lock.
func (d *desk) silent() bool {
	return slices.ContainsFunc(d.stands().Clocks, func(c ticket.Clock) bool {
		return c.Name == ticket.ClockAutoRelease && !c.DueAt.After(d.now().Add(time.Minute))
	})
}

// wroteSince reports that there is more to answer than a turn does; the caller
// holds the lock.
func (d *desk) wroteSince(t *deskTurn) bool {
	for m := range d.stored {
		if d.settled[m] == "" && !slices.Contains(t.messages, m) {
			return true
		}
	}
	return false
}
