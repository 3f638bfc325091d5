package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// CloseTicket ends a ticket that has waited long enough for a reply and gives
// its conversation back to the assistant. A ticket that a person has to act on
// is left open, and the result says so. Closing twice closes once.
func (a *Activities) CloseTicket(ctx context.Context, in ticket.CloseTicketInput) (res ticket.CloseTicketResult, err error) {
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		open, err := q.TicketByID(ctx, in.TicketID)
		if err != nil {
			return err
		}
		// First, as everywhere else: two that lock in different orders block each other.
		if _, err := q.LockConversation(ctx, open.ConversationID); err != nil {
			return err
		}
		n, err := q.CloseTicket(ctx, in.TicketID)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := q.GiveBack(ctx, open.ConversationID); err != nil {
				return err
			}
		}
		if open, err = q.TicketByID(ctx, in.TicketID); err != nil {
			return err
		}
		res.Closed = open.Status == ticket.Closed
		res.Standing, err = a.standing(ctx, q, open.ConversationID)
		return err
	})
	return res, a.done(ctx, schema.Classify(err))
}
