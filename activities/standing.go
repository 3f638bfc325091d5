package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// standing counts the change and returns where the conversation stands now; the caller holds its lock.
func (a *Activities) standing(ctx context.Context, q *schema.Queries, conversationID uuid.UUID) (ticket.Standing, error) {
	if err := q.CountChange(ctx, conversationID); err != nil {
		return ticket.Standing{}, err
	}
	return a.stands(ctx, q, conversationID)
}

// stands is standing for a transaction that has changed nothing.
func (a *Activities) stands(ctx context.Context, q *schema.Queries, conversationID uuid.UUID) (ticket.Standing, error) {
	conv, err := q.ConversationStanding(ctx, conversationID)
	if err != nil {
		return ticket.Standing{}, err
	}
	s := ticket.Standing{Revision: conv.Revision, Owner: conv.Owner, Epoch: conv.Epoch, Assignee: conv.Assignee, Tier: conv.Tier}
	if s.Unsent, err = q.UnsentTurn(ctx, conversationID); err != nil && !schema.NoRows(err) {
		return s, err
	}
	open, err := q.OpenTicket(ctx, conversationID)
	if schema.NoRows(err) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if open, err = a.countWait(ctx, q, open); err != nil {
		return s, err
	}
	s.TicketID, s.TicketNumber, s.Status = open.ID, open.Number, open.Status
	s.Category, s.Priority, s.Escalation = open.Category, open.Priority, open.EscalationCode
	f := facts(conv.Channel, open)
	f.LastInboundAt = timeOf(conv.LastInboundAt)
	s.Clocks = a.Policy.SLA.Clocks(f)
	return s, q.SetDue(ctx, schema.SetDueParams{ID: open.ID, SlaDueAt: promised(s.Clocks)})
}

// facts returns what the clocks of a ticket follow from.
func facts(channel ticket.Channel, t schema.Ticket) sla.Facts {
	return sla.Facts{
		Channel: channel, Priority: t.Priority, Status: t.Status,
		FirstRepliedAt: timeOf(t.FirstRepliedAt), WaitingSince: timeOf(t.WaitingSince), IdleSince: timeOf(t.IdleSince),
		EscalatedAt: timeOf(t.EscalatedAt), PersonAt: timeOf(t.PersonAt),
		UsedBusiness: time.Duration(t.UsedBusinessMs) * time.Millisecond,
		UsedWall:     time.Duration(t.UsedWallMs) * time.Millisecond,
	}
}

// promised returns when the earliest promise to the customer is due, nil when none runs.
func promised(clocks []ticket.Clock) *time.Time {
	for _, c := range clocks {
		if c.Name.Promise() {
			return &c.DueAt
		}
	}
	return nil
}

// waits begins our move at a time: the customer waits for us. While it is our
// move already it changes nothing.
func (a *Activities) waits(ctx context.Context, q *schema.Queries, open schema.Ticket, at time.Time) (schema.Ticket, error) {
	open, err := a.countWait(ctx, q, open)
	if err != nil {
		return open, err
	}
	return q.BeginWait(ctx, schema.BeginWaitParams{ID: open.ID, At: at})
}

// answered ends our move at a time because the customer has got an answer, of
// the assistant or of a person. The status is for the caller to set.
func (a *Activities) answered(ctx context.Context, q *schema.Queries, open schema.Ticket, at time.Time) (schema.Ticket, error) {
	open, err := q.NoteReply(ctx, schema.NoteReplyParams{ID: open.ID, At: at})
	if err != nil {
		return open, err
	}
	return a.settled(ctx, q, open, at)
}

// settled ends our move at a time and adds what it took to the ticket: nobody
// waits for us. A second call adds nothing.
func (a *Activities) settled(ctx context.Context, q *schema.Queries, open schema.Ticket, at time.Time) (schema.Ticket, error) {
	open, err := a.countWait(ctx, q, open)
	if err != nil {
		return open, err
	}
	return a.endWait(ctx, q, open, at)
}

// countWait adds a wait that ended where nobody could count it: a person who
// answered from outside of the service has left its beginning beside its end.
func (a *Activities) countWait(ctx context.Context, q *schema.Queries, open schema.Ticket) (schema.Ticket, error) {
	if open.WaitingSince == nil || open.IdleSince == nil {
		return open, nil
	}
	return a.endWait(ctx, q, open, *open.IdleSince)
}

func (a *Activities) endWait(ctx context.Context, q *schema.Queries, open schema.Ticket, at time.Time) (schema.Ticket, error) {
	business, wall := a.Policy.SLA.Used(timeOf(open.WaitingSince), at)
	return q.EndWait(ctx, schema.EndWaitParams{ID: open.ID, At: at, BusinessMs: business.Milliseconds(), WallMs: wall.Milliseconds()})
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
