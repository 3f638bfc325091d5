package activities

import (
	"context"
	"slices"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// resolve settles the matter, as a note says. What a draft was to answer is
// settled with it.
func (d *deed) resolve(ctx context.Context) error {
	if d.on.Status == ticket.Resolved {
		return refused("%s is resolved already.", d.on.Number)
	}
	note, err := d.q.Note(ctx, d.in.NoteID)
	if schema.NoRows(err) || (err == nil && note.ConversationID != d.conv.ID) {
		return ticket.Errorf(ticket.CodeNotFound, "There is no such note on %s. Say in a note how the matter was settled.", d.on.Number)
	}
	if err != nil {
		return err
	}
	turn, err := d.pendingTurn(ctx)
	if err != nil {
		return err
	}
	if turn != nil {
		if err := settleForPerson(ctx, d.q, *turn, &turn.ID); err != nil {
			return err
		}
		if _, err := d.q.SettleTurn(ctx, schema.SettleTurnParams{ID: turn.ID, State: turnHandedOver}); err != nil {
			return err
		}
	}
	if _, err := d.settled(ctx, d.q, d.on, d.at); err != nil {
		return err
	}
	if err := d.q.PutResolved(ctx, schema.PutResolvedParams{ID: d.on.ID, At: d.at}); err != nil {
		return err
	}
	return d.q.GiveBack(ctx, d.conv.ID)
}

// reopen asks for a person about a matter that was not settled after all.
func (d *deed) reopen(ctx context.Context) error {
	switch d.on.Status {
	case ticket.Resolved, ticket.WaitingCustomer, ticket.Closed:
	default:
		return refused("%s is not settled: there is nothing to reopen.", d.on.Number)
	}
	if err := d.q.PutReopened(ctx, schema.PutReopenedParams{
		ID: d.on.ID, At: d.at, EscalationCode: ticket.EscalateReopened, EscalationReason: ticket.EscalationMeaning(ticket.EscalateReopened),
	}); err != nil {
		return err
	}
	_, err := d.waits(ctx, d.q, d.on, d.at)
	return err
}

// prioritize sets the priority, which the model does not change from then on.
func (d *deed) prioritize(ctx context.Context) error {
	if !slices.Contains(llm.Priorities(), llm.Priority(d.in.Priority)) {
		return refused("The priority must be low, medium, high or urgent.")
	}
	return d.q.PutPriority(ctx, schema.PutPriorityParams{ID: d.on.ID, Priority: d.in.Priority})
}
