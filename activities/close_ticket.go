package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// CloseTicket ends a ticket that has waited long enough for a reply and gives
// its conversation back to the assistant. Closing twice changes nothing.
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
		if err != nil || n == 0 {
			return err
		}
		res.Closed = true
		return q.GiveBack(ctx, open.ConversationID)
	})
	return res, a.done(ctx, schema.Classify(err))
}
