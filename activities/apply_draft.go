package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// approve lets the draft that waits be sent. It stays the one that waits until
// it has been: nobody can decide about another meanwhile.
func (d *deed) approve(ctx context.Context) error {
	if err := d.waitsFor(ctx); err != nil {
		return err
	}
	turn, err := d.pendingTurn(ctx)
	if err != nil {
		return err
	}
	if turn != nil {
		wrote, err := d.q.WroteSince(ctx, turn.ID)
		if err != nil {
			return err
		}
		if wrote {
			return refused("The customer of %s has written again since this draft was made. Wait for the next one.", d.on.Number)
		}
	}
	if err := d.decide(ctx, decisionApproved); err != nil {
		return err
	}
	return d.q.NeedNobody(ctx, d.on.ID)
}

// reject ends the waiting of a draft. Its turn is still to be settled.
func (d *deed) reject(ctx context.Context) error {
	if d.in.ReasonCode == "" {
		return refused("Say why in one word, such as wrong, incomplete or tone.")
	}
	if err := d.waitsFor(ctx); err != nil {
		return err
	}
	if err := d.decide(ctx, decisionRejected); err != nil {
		return err
	}
	return d.q.WithdrawDraft(ctx, d.on.ID)
}

// waitsFor refuses a decision about a draft that is not the one that waits.
func (d *deed) waitsFor(ctx context.Context) error {
	switch pending := d.on.PendingDraftID; {
	case pending != nil && *pending == d.in.DraftID:
		return nil
	case pending != nil:
		return refused("This draft has been replaced by a newer one. Look at %s again and decide about that.", d.on.Number)
	case d.conv.Owner == ticket.OwnerHuman:
		return refused("%s is with a person now: no draft waits for approval. Reply in your own words.", d.on.Number)
	}
	draft, err := d.q.Draft(ctx, d.in.DraftID)
	if schema.NoRows(err) {
		return ticket.Errorf(ticket.CodeNotFound, "There is no such draft.")
	}
	if err != nil {
		return err
	}
	if draft.Decision != "" {
		return decided(draft)
	}
	return refused("No draft of %s waits for approval. It may have been sent, or a new message has come in.", d.on.Number)
}

func (d *deed) decide(ctx context.Context, decision string) error {
	n, err := d.q.DecideDraft(ctx, schema.DecideDraftParams{
		ID: d.in.DraftID, Decision: decision, DecidedBy: d.in.Actor, ReasonCode: d.in.ReasonCode, At: d.at,
	})
	if err != nil || n > 0 {
		return err
	}
	draft, err := d.q.Draft(ctx, d.in.DraftID)
	if err != nil {
		return err
	}
	return decided(draft)
}

func decided(draft schema.Draft) error {
	return refused("This draft has been %s by %s already.", draft.Decision, draft.DecidedBy)
}

// override lets the assistant answer a turn again as an instruction says. It
// changes nothing by itself.
func (d *deed) override(ctx context.Context) error {
	if d.conv.Owner == ticket.OwnerHuman {
		return refused("%s is with a person. Release it first, then let the assistant try again.", d.on.Number)
	}
	asked, err := d.q.InstructionByID(ctx, d.in.InstructionID)
	if schema.NoRows(err) || (err == nil && asked.TurnID != d.in.TurnID) {
		return ticket.Errorf(ticket.CodeNotFound, "There is no such instruction for this turn.")
	}
	if err != nil {
		return err
	}
	turn, err := d.q.Turn(ctx, d.in.TurnID)
	if err != nil {
		return err
	}
	if turn.ConversationID != d.conv.ID || turn.TicketID != d.on.ID {
		return refused("This turn does not belong to %s.", d.on.Number)
	}
	return nil
}
