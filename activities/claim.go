package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// claim takes a part for one provider call, unless something keeps it back. A
// person who owns the conversation by now keeps the assistant's parts from
// being claimed, an opt-out what is automatic, and a closed window free text:
// that is decided in the transaction that claims the part, while nobody can
// change the conversation.
func (a *Activities) claim(ctx context.Context, p schema.PartsOfTurnRow, again bool) (claimed bool, err error) {
	var bar schema.PartBarredRow
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := q.ShareConversation(ctx, p.ConversationID); err != nil {
			return err
		}
		var n int64
		if bar, err = q.PartBarred(ctx, p.ID); err != nil || bar != (schema.PartBarredRow{}) {
			return err
		}
		if again {
			n, err = q.RetryPart(ctx, schema.RetryPartParams{ID: p.ID, Attempts: p.Attempts})
		} else {
			n, err = q.ClaimPart(ctx, p.ID)
		}
		claimed = n > 0
		return err
	})
	switch {
	case err != nil || claimed:
		return claimed, err
	case bar.Suppressed != "":
		return false, a.giveUp(ctx, p, whySuppressed(bar.Suppressed))
	case bar.Moot:
		return false, a.DB.WithdrawMoot(ctx, schema.WithdrawMootParams{ID: p.ID, Attempts: p.Attempts})
	case bar.WindowClosed:
		return false, a.holdPart(ctx, p)
	default:
		return false, nil
	}
}

// whySuppressed says in a sentence for people why nothing automatic goes to an
// address (column suppressions.reason).
func whySuppressed(reason string) string {
	if reason == suppressedBounced {
		return "mail to the customer's address comes back; reach the customer another way"
	}
	return "the customer wants no automatic messages; only a person may write"
}

// giveUp settles as failed a part that must not be sent. It returns nil when
// somebody else has settled the part meanwhile.
func (a *Activities) giveUp(ctx context.Context, p schema.PartsOfTurnRow, why string) error {
	if err := a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Attempts: p.Attempts, Error: why}); err != nil {
		return err
	}
	state, err := a.DB.PartState(ctx, p.ID)
	if err != nil || state != "failed" {
		return err
	}
	return &ticket.Error{Code: ticket.CodeInvalid, Message: why}
}

// notClaimed tells why a part could not be claimed: a takeover, the assistant
// was switched off, or another worker had the part first.
// After a takeover nothing more begins: the rest of the turn is withdrawn, and
// so is a part that we looked for in vain and may not send again.
func (a *Activities) notClaimed(ctx context.Context, p schema.PartsOfTurnRow) (muted bool, err error) {
	state, err := a.DB.PartState(ctx, p.ID)
	switch {
	case err != nil:
		return false, err
	case state == "held":
		return false, errHeld
	case state == "sent":
		return false, nil
	case state == "cancelled":
		return p.Template == "", nil
	}
	conv, err := a.DB.Conversation(ctx, p.ConversationID)
	if err != nil {
		return false, err
	}
	if p.TurnID == nil || (conv.Owner == ticket.OwnerAI && conv.Epoch == p.Epoch) {
		stopped, err := a.stopped(ctx, p)
		switch {
		case err != nil:
			return false, err
		case stopped && p.Error == heldUntil:
			// It is not what is said now: that goes out by other rules.
			return false, a.DB.WithdrawMoot(ctx, schema.WithdrawMootParams{ID: p.ID, Attempts: p.Attempts})
		case stopped:
			return false, errStopped
		}
		return false, ticket.Errorf(ticket.CodeConflict, "another worker has part %d", p.Part)
	}
	if err := a.DB.WithdrawPart(ctx, schema.WithdrawPartParams{
		ID: p.ID, Attempts: p.Attempts, Error: "a person took over before it was known to be sent; the provider does not have it",
	}); err != nil {
		return false, err
	}
	return true, a.DB.CancelParts(ctx, *p.TurnID)
}
