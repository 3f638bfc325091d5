package activities

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// errStopped says that a part was not begun because the assistant was switched
// off after its turn had been settled.
var errStopped = errors.New("the assistant was switched off before the answer was on its way")

// stopped reports whether that is why a part could not be claimed.
func (a *Activities) stopped(ctx context.Context, p schema.PartsOfTurnRow) (bool, error) {
	if p.Kind != ticket.KindAnswer && p.Kind != ticket.KindCorrection {
		return false, nil
	}
	state, err := a.DB.PartState(ctx, p.ID)
	if err != nil || state != "queued" {
		return false, err
	}
	turn, err := a.DB.Turn(ctx, *p.TurnID)
	if err != nil {
		return false, err
	}
	on, err := a.DB.TicketByID(ctx, turn.TicketID)
	if err != nil {
		return false, err
	}
	conv, err := a.DB.Conversation(ctx, p.ConversationID)
	if err != nil {
		return false, err
	}
	m, err := mode(ctx, a.DB.Queries, conv.Channel, on.Category)
	return m == ticket.ModeOff, err
}

// takeBack makes an answer that was stopped unsaid, as far as no provider has
// got it: its turn is open again, for the notice that a person will answer, and
// it is our move. A turn that was only to be answered anew keeps what it has.
func (a *Activities) takeBack(ctx context.Context, in ticket.SendReplyInput) (res ticket.SendReplyResult, err error) {
	turn, err := a.DB.Turn(ctx, in.TurnID)
	if err != nil {
		return res, err
	}
	res.State, res.Kind, res.Mode = ticket.SendHeld, ticket.KindAnswer, ticket.ModeOff
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		if _, err := q.LockConversation(ctx, turn.ConversationID); err != nil {
			return err
		}
		if err := q.DropQueuedAnswer(ctx, turn.ID); err != nil {
			return err
		}
		if in.InstructionID == uuid.Nil {
			if err := a.unsettle(ctx, q, turn); err != nil {
				return err
			}
		}
		res.Standing, err = a.standing(ctx, q, turn.ConversationID)
		return err
	})
	return res, err
}

func (a *Activities) unsettle(ctx context.Context, q *schema.Queries, turn schema.Turn) error {
	n, err := q.UnsettleTurn(ctx, turn.ID)
	if err != nil || n == 0 {
		return err
	}
	on, err := q.TicketByID(ctx, turn.TicketID)
	if err != nil || on.ClosedAt != nil {
		return err
	}
	_, err = a.waits(ctx, q, on, a.Now())
	return err
}
