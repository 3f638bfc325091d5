package workflows_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// standing is where the ticket stands; the caller holds the lock. Like every
// transaction that may change it, it counts.
func (d *desk) standing() ticket.Standing {
	d.revision++
	s := ticket.Standing{Revision: d.revision, Owner: d.owner, Epoch: d.epoch, Assignee: d.assignee}
	if d.status == "" {
		return s
	}
	s.TicketID, s.TicketNumber = d.ticketID(), "T-"+string(rune('0'+d.tickets))
	s.Status, s.Category, s.Priority, s.Escalation = d.status, cmp.Or(d.category, "general"), d.facts.Priority, d.escalation
	d.facts.Status = d.status
	s.Clocks = d.policy.Clocks(d.facts)
	return s
}

// openTicket opens a new ticket; the caller holds the lock.
func (d *desk) openTicket() {
	d.tickets++
	d.status, d.escalation, d.category, d.pending = ticket.Open, "", "", uuid.Nil
	if d.owner == ticket.OwnerHuman {
		d.status = ticket.WithHuman
	}
	d.facts = d.newFacts()
}

// waits notes that it is our move; the caller holds the lock.
func (d *desk) waits() {
	if d.facts.WaitingSince.IsZero() {
		d.facts.WaitingSince, d.facts.IdleSince = d.now(), time.Time{}
	}
}

// answers notes that it is the customer's move; the caller holds the lock.
func (d *desk) answers() {
	now := d.now()
	if d.facts.FirstRepliedAt.IsZero() {
		d.facts.FirstRepliedAt = now
	}
	if d.status == ticket.NeedsHuman && !passing(d.escalation) {
		return // a person still owes an answer
	}
	if !d.facts.WaitingSince.IsZero() {
		business, wall := d.policy.Used(d.facts.WaitingSince, now)
		d.facts.UsedBusiness += business
		d.facts.UsedWall += wall
	}
	d.facts.WaitingSince, d.facts.IdleSince = time.Time{}, now
	if d.status == ticket.Open || d.status == ticket.NeedsHuman {
		d.status, d.facts.EscalatedAt = ticket.WaitingCustomer, time.Time{}
	}
}

// passing reports that an answer makes an end of what a person was asked for.
func passing(code string) bool {
	return code == ticket.EscalateBreached || code == ticket.EscalateUnresolved || code == ticket.EscalateApproval
}

func (d *desk) readTicket(ctx context.Context, in ticket.ReadTicketInput) (ticket.Standing, error) {
	_, err := d.begin(ctx, in)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.standing(), err
}

// takeOver is what a person does whom the workflow does not know of.
func (d *desk) takeOver(actor string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.own(actor)
}

// own gives the conversation to a person; the caller holds the lock.
func (d *desk) own(actor string) {
	if d.owner != ticket.OwnerHuman {
		d.owner = ticket.OwnerHuman
		d.epoch++
	}
	d.assignee, d.status, d.pending = actor, ticket.WithHuman, uuid.Nil
	d.facts.EscalatedAt, d.facts.PersonAt = time.Time{}, d.now()
}

// giveBack makes the assistant answer again; the caller holds the lock.
func (d *desk) giveBack() {
	if d.owner == ticket.OwnerHuman {
		d.owner, d.assignee = ticket.OwnerAI, ""
		d.epoch++
	}
	d.facts.PersonAt = time.Time{}
}

func (d *desk) applyAction(ctx context.Context, in ticket.ApplyActionInput) (ticket.ApplyActionResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.ApplyActionResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if res, done := d.actions[in.ActionID]; done {
		res.Standing = d.standing()
		return res, nil
	}
	if d.status == "" {
		switch in.Action {
		case ticket.ActionTakeover, ticket.ActionReply, ticket.ActionReopen:
			if d.tickets == 0 {
				return ticket.ApplyActionResult{}, bad("there is no ticket here yet")
			}
			d.status = ticket.NeedsHuman
		default:
			return ticket.ApplyActionResult{}, bad("no ticket is open here")
		}
	}
	var res ticket.ApplyActionResult
	switch in.Action {
	case ticket.ActionTakeover:
		d.own(in.Actor)
	case ticket.ActionRelease:
		res.Unanswered = d.release()
	case ticket.ActionApproveDraft, ticket.ActionRejectDraft:
		if d.pending != in.DraftID {
			return res, bad("this draft is outdated")
		}
		d.pending = uuid.Nil
		d.approved[in.DraftID] = in.Action == ticket.ActionApproveDraft
	case ticket.ActionReply:
		d.own(in.Actor)
	case ticket.ActionResolve:
		d.resolve()
	case ticket.ActionReopen:
		d.status, d.escalation = ticket.NeedsHuman, ticket.EscalateReopened
		d.facts.EscalatedAt = d.now()
		d.waits()
	case ticket.ActionSetPriority:
		d.facts.Priority = in.Priority
	case ticket.ActionOverride:
	}
	d.actions[in.ActionID] = res
	res.Standing = d.standing()
	return res, nil
}

// release gives the messages that nobody has answered to the assistant.
func (d *desk) release() (unanswered []ticket.MessageRef) {
	d.giveBack()
	for _, m := range d.parked {
		delete(d.settled, m)
		unanswered = append(unanswered, ticket.MessageRef{MessageID: m, Author: ticket.Customer, ReceivedAt: d.times[m]})
	}
	d.parked = nil
	d.status = ticket.WaitingCustomer
	if len(unanswered) > 0 {
		d.status = ticket.Open
	}
	return unanswered
}

// resolve settles the ticket, and what waited for approval with it.
func (d *desk) resolve() {
	for _, t := range d.turns {
		if t.state == "" && t.ticket == d.tickets {
			d.giveUp(t.id)
		}
	}
	d.giveBack()
	d.status, d.pending, d.parked = ticket.Resolved, uuid.Nil, nil
	d.facts.WaitingSince, d.facts.IdleSince, d.facts.EscalatedAt = time.Time{}, d.now(), time.Time{}
}

func (d *desk) sendStaffReply(ctx context.Context, in ticket.SendStaffReplyInput) (ticket.SendStaffReplyResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.SendStaffReplyResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replies = append(d.replies, reply{ticket.KindReply, []uuid.UUID{in.MessageID}})
	d.parked = nil
	d.facts.PersonAt = d.now()
	d.answers()
	return ticket.SendStaffReplyResult{Standing: d.standing(), Parts: 1}, nil
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

// alarms lists what clocks brought about, in order.
func (d *desk) alarms() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.escaped), func(code string) bool {
		return !strings.Contains(code, "/") && code != ticket.EscalateBreached && code != ticket.EscalateUnresolved
	})
}

func (d *desk) newFacts() sla.Facts {
	return sla.Facts{Channel: ticket.Email, Priority: "medium", Status: d.status, OpenedAt: d.now()}
}
