package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// CloseTicket ends a ticket that has waited long enough for a reply and gives
// its conversation back to the assistant. A ticket that a person has to act on
// is left open, and the result says so. Closing twice changes nothing.
func (a *Activities) CloseTicket(ctx context.Context, in ticket.CloseTicketInput) (res ticket.CloseTicketResult, err error) {
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		open, err := q.TicketByID(ctx, in.TicketID)
		if err != nil {
			return err
		}
		// First, as everywhere else: two that lock in different orders block each other.
		conv, err := q.LockConversation(ctx, open.ConversationID)
		if err != nil {
			return err
		}
		n, err := q.CloseTicket(ctx, in.TicketID)
		if err != nil {
			return err
		}
		if open, err = q.TicketByID(ctx, in.TicketID); err != nil {
			return err
		}
		res = ticket.CloseTicketResult{Closed: open.Status == ticket.Closed, Status: open.Status, Owner: conv.Owner}
		if n == 0 {
			return nil
		}
		res.Owner = ticket.OwnerAI
		return q.GiveBack(ctx, open.ConversationID)
	})
	return res, a.done(ctx, schema.Classify(err))
}
