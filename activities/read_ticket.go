package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ReadTicket returns where a conversation stands.
func (a *Activities) ReadTicket(ctx context.Context, in ticket.ReadTicketInput) (ticket.Standing, error) {
	s, err := a.readTicket(ctx, in)
	return s, a.done(ctx, schema.Classify(err))
}

func (a *Activities) readTicket(ctx context.Context, in ticket.ReadTicketInput) (s ticket.Standing, err error) {
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		if _, err := q.LockConversation(ctx, in.ConversationID); err != nil {
			return err
		}
		s, err = a.stands(ctx, q, in.ConversationID)
		return err
	})
	return s, err
}
