package workflows_test

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// standing is where the ticket stands after a change; the caller holds the lock.
func (d *desk) standing() ticket.Standing {
	d.revision++
	return d.stands()
}

// stands is standing where nothing has changed.
func (d *desk) stands() ticket.Standing {
	s := ticket.Standing{Revision: d.revision, Owner: d.owner, Epoch: d.epoch, Assignee: d.assignee, Unsent: d.unsent}
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
	d.status, d.escalation, d.category, d.pending, d.byPerson = ticket.Open, "", "", uuid.Nil, false
	if d.owner == ticket.OwnerHuman {
		d.status = ticket.WithHuman
	}
	d.facts = d.newFacts()
}

// waits notes that it is our move; the caller holds the lock.
func (d *desk) waits() {
	if d.facts.WaitingSince.IsZero() {
		d.facts.WaitingSince = d.now()
	}
	d.facts.IdleSince = time.Time{}
	if d.status == ticket.WaitingCustomer || d.status == ticket.Resolved {
		d.status = ticket.Open
	}
}

// answers notes that the customer gets an answer of the assistant; the caller
// holds the lock.
func (d *desk) answers(approved bool) {
	if d.status == "" {
		return
	}
	d.replied()
	missed := d.escalation == ticket.EscalateBreached || d.escalation == ticket.EscalateUnresolved
	if d.status == ticket.NeedsHuman && !approved && !missed {
		return // a person still owes an answer
	}
	d.idles()
	if d.status == ticket.Open || d.status == ticket.NeedsHuman {
		d.status, d.facts.EscalatedAt = ticket.WaitingCustomer, time.Time{}
	}
}

// replied notes when the customer first heard of us; the caller holds the lock.
func (d *desk) replied() {
	if d.facts.FirstRepliedAt.IsZero() {
		d.facts.FirstRepliedAt = d.now()
	}
}

// idles notes that it is the customer's move; the caller holds the lock.
func (d *desk) idles() {
	now := d.now()
	if !d.facts.WaitingSince.IsZero() {
		business, wall := d.policy.Used(d.facts.WaitingSince, now)
		d.facts.UsedBusiness += business
		d.facts.UsedWall += wall
	}
	d.facts.WaitingSince, d.facts.IdleSince = time.Time{}, now
}

// speaks notes that we said something: what was stored before is answered; the
// caller holds the lock.
func (d *desk) speaks() {
	d.words++
	d.parked = nil
}

// answeredByPerson reports that we have said something since a message came;
// the caller holds the lock.
func (d *desk) answeredByPerson(m uuid.UUID) bool {
	at, known := d.stored[m]
	return known && at < d.words
}

// arrives has intake store messages.
func (d *desk) arrives(messages ...ticket.MessageRef) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range messages {
		if _, before := d.stored[m.MessageID]; !before {
			d.stored[m.MessageID] = d.words
		}
	}
}

func (d *desk) readTicket(ctx context.Context, in ticket.ReadTicketInput) (ticket.Standing, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.Standing{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stands(), nil
}

// takeOver is what a person does whom the workflow does not know of, by writing
// to the customer from elsewhere.
func (d *desk) takeOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.speaks()
	if d.owner == ticket.OwnerAI {
		d.owner, d.assignee = ticket.OwnerHuman, ""
		d.epoch++
	}
	if d.status != "" {
		d.replied()
		d.idles()
		d.status, d.pending = ticket.WithHuman, uuid.Nil
		d.facts.EscalatedAt, d.facts.PersonAt = time.Time{}, d.now()
	}
	d.revision++
}

// own gives the conversation to a person; the caller holds the lock.
func (d *desk) own(actor string) {
	if t := d.pendingTurn(); t != nil {
		d.park(d.unsettled(t.messages))
	}
	if d.owner != ticket.OwnerHuman {
		d.owner = ticket.OwnerHuman
		d.epoch++
	}
	d.assignee, d.status, d.pending = actor, ticket.WithHuman, uuid.Nil
	d.facts.EscalatedAt, d.facts.PersonAt = time.Time{}, d.now()
}

// pendingTurn is the open turn whose draft waits for approval, nil if there is
// none; the caller holds the lock.
func (d *desk) pendingTurn() *deskTurn {
	for _, t := range d.turns {
		if d.pending != uuid.Nil && t.id == d.drafts[d.pending] && t.state == "" {
			return t
		}
	}
	return nil
}

// giveBack makes the assistant answer again; the caller holds the lock.
func (d *desk) giveBack() {
	if d.owner == ticket.OwnerHuman {
		d.owner, d.assignee = ticket.OwnerAI, ""
		d.epoch++
	}
	d.facts.PersonAt = time.Time{}
}

// release gives the messages that nobody has answered to the assistant; the
// caller holds the lock.
func (d *desk) release() (unanswered []ticket.MessageRef) {
	for _, m := range d.parked {
		if !d.answeredByPerson(m) && d.settled[m] != "" {
			delete(d.settled, m)
			unanswered = append(unanswered, ticket.MessageRef{MessageID: m, Author: ticket.Customer, ReceivedAt: d.times[m]})
		}
	}
	d.parked = nil
	d.giveBack()
	d.facts.EscalatedAt = time.Time{}
	switch {
	case len(unanswered) > 0:
		d.status = ticket.Open
	case !d.facts.WaitingSince.IsZero():
		d.status, d.facts.EscalatedAt = ticket.NeedsHuman, d.now()
	default:
		d.status = ticket.WaitingCustomer
		if d.facts.IdleSince.IsZero() {
			d.facts.IdleSince = d.now()
		}
	}
	return unanswered
}

// resolve settles the ticket, and what waited for approval with it; the caller
// holds the lock.
func (d *desk) resolve() {
	if t := d.pendingTurn(); t != nil {
		d.giveUp(t)
	}
	d.idles()
	d.giveBack()
	d.status, d.pending, d.facts.EscalatedAt = ticket.Resolved, uuid.Nil, time.Time{}
}

func (d *desk) sendStaffReply(ctx context.Context, in ticket.SendStaffReplyInput) (ticket.SendStaffReplyResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.SendStaffReplyResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.mailed[in.MessageID] {
		d.mailed[in.MessageID] = true
		d.replies = append(d.replies, reply{ticket.KindReply, []uuid.UUID{in.MessageID}})
	}
	return ticket.SendStaffReplyResult{Standing: d.stands(), Parts: 1}, nil
}

func (d *desk) newFacts() sla.Facts {
	return sla.Facts{Channel: ticket.Email, Priority: "medium", Status: d.status, LastInboundAt: d.lastInbound}
}
