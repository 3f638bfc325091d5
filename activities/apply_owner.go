package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// takeOver gives the ticket to the person who asks. What the assistant has not
// handed to a provider yet is withdrawn; what a provider may have taken is
// named. A closed ticket is opened again.
func (d *deed) takeOver(ctx context.Context) error {
	// Who answers from the mailbox is not known by name: anybody may go on.
	if d.conv.Owner == ticket.OwnerHuman && d.conv.Assignee != "" && d.conv.Assignee != d.in.Actor {
		return refused("%s is with %s. Ask %s to release it first, or resolve it.", d.on.Number, d.conv.Assignee, d.conv.Assignee)
	}
	// What the draft that waits was to answer is the person's now, until the
	// ticket is released.
	turn, err := d.pendingTurn(ctx)
	if err != nil {
		return err
	}
	if turn != nil {
		if err := settleForPerson(ctx, d.q, *turn, nil); err != nil {
			return err
		}
	}
	if err := d.q.GiveToPerson(ctx, schema.GiveToPersonParams{ID: d.conv.ID, Assignee: d.in.Actor}); err != nil {
		return err
	}
	if err := d.q.MuteAssistant(ctx, d.conv.ID); err != nil {
		return err
	}
	sending, err := d.q.AssistantSending(ctx, d.conv.ID)
	if err != nil {
		return err
	}
	for _, s := range sending {
		d.res.InFlight = append(d.res.InFlight, s.SendKey)
	}
	return d.q.PutWithPerson(ctx, schema.PutWithPersonParams{ID: d.on.ID, At: d.at})
}

// pendingTurn returns the turn whose draft waits for approval, while nothing has
// settled it; nil if there is none.
func (d *deed) pendingTurn(ctx context.Context) (*schema.Turn, error) {
	if d.on.PendingDraftID == nil {
		return nil, nil //nolint:nilnil // no draft waits in the ordinary case
	}
	draft, err := d.q.Draft(ctx, *d.on.PendingDraftID)
	if err != nil {
		return nil, err
	}
	turn, err := d.q.Turn(ctx, draft.TurnID)
	if err != nil || turn.State != turnOpen {
		return nil, err
	}
	return &turn, nil
}

// settleForPerson leaves those messages of a turn that nothing has settled to a person.
func settleForPerson(ctx context.Context, q *schema.Queries, turn schema.Turn, turnID *uuid.UUID) error {
	left, err := q.UnsettledMessages(ctx, schema.UnsettledMessagesParams{ConversationID: turn.ConversationID, Ids: turn.MessageIds})
	if err != nil {
		return err
	}
	for _, m := range left {
		if _, err := q.SettleMessage(ctx, schema.SettleMessageParams{MessageID: m.ID, TurnID: turnID, Outcome: ticket.Human}); err != nil {
			return err
		}
	}
	return nil
}

// release gives the ticket back to the assistant, which answers what the
// customer wrote since our last word. What it had handed over before and
// nobody has answered needs a person still.
func (d *deed) release(ctx context.Context) error {
	if d.conv.Owner != ticket.OwnerHuman {
		return refused("%s is with the assistant already.", d.on.Number)
	}
	if d.in.Actor == ticket.ActorClock {
		if err := d.stillSilent(ctx); err != nil {
			return err
		}
	}
	// While a person has the ticket everything is theirs, also what a run that was
	// ended by hand had not got to.
	if err := d.q.LeaveToPerson(ctx, d.conv.ID); err != nil {
		return err
	}
	unanswered, err := d.q.Unanswer(ctx, d.conv.ID)
	if err != nil {
		return err
	}
	for _, m := range unanswered {
		d.res.Unanswered = append(d.res.Unanswered, ticket.MessageRef{MessageID: m.ID, Author: ticket.Customer, ReceivedAt: m.ProviderAt})
	}
	on, err := d.countWait(ctx, d.q, d.on)
	if err != nil {
		return err
	}
	status := ticket.WaitingCustomer
	switch {
	case len(unanswered) > 0:
		status = ticket.Open
	case on.WaitingSince != nil:
		status = ticket.NeedsHuman
	}
	if err := d.q.GiveBack(ctx, d.conv.ID); err != nil {
		return err
	}
	return d.q.PutReleased(ctx, schema.PutReleasedParams{ID: d.on.ID, Status: status, At: d.at})
}

// clockSkew is how far the clock that rang may be ahead of ours.
const clockSkew = time.Minute

// stillSilent refuses to take a ticket from a person who has acted since the
// clock was set: it may not have heard of that.
func (d *deed) stillSilent(ctx context.Context) error {
	s, err := d.stands(ctx, d.q, d.conv.ID)
	if err != nil {
		return err
	}
	for _, c := range s.Clocks {
		if c.Name == ticket.ClockAutoRelease && !c.DueAt.After(d.at.Add(clockSkew)) {
			return nil
		}
	}
	return refused("%s stays with %s, who has acted on it just now.", d.on.Number, cmp.Or(d.conv.Assignee, "a colleague"))
}
