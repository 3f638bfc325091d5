package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// CreateTicket opens the turn for a batch of messages: with those that nothing
// has settled yet, on the conversation's open ticket or a new one. What must
// never be answered is settled here, and while a person owns the conversation
// everything is theirs. Called again with the same messages it returns the
// same turn, or none once they are settled.
func (a *Activities) CreateTicket(ctx context.Context, in ticket.CreateTicketInput) (res ticket.CreateTicketResult, err error) {
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		res, err = a.createTicket(ctx, q, in)
		return err
	})
	if err == nil {
		failpoint.Here("tickets.afterTurnOpened")
	}
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) createTicket(ctx context.Context, q *schema.Queries, in ticket.CreateTicketInput) (ticket.CreateTicketResult, error) {
	res := ticket.CreateTicketResult{CloseAfter: a.Policy.CloseAfter}
	conv, err := q.LockConversation(ctx, in.ConversationID)
	if err != nil {
		return res, err
	}
	res.Owner = conv.Owner
	res.CustomerRef = customerRef(conv.CustomerID)
	unsettled, err := q.UnsettledMessages(ctx, schema.UnsettledMessagesParams{ConversationID: conv.ID, Ids: in.MessageIDs})
	if err != nil {
		return res, err
	}
	var batch, forPerson []schema.UnsettledMessagesRow
	for _, m := range unsettled {
		outcome := ticket.Suppressed
		switch {
		case m.SuppressReason != "":
		case conv.Owner == ticket.OwnerHuman:
			outcome = ticket.Human
			forPerson = append(forPerson, m)
		default:
			batch = append(batch, m)
			continue
		}
		if _, err := q.SettleMessage(ctx, schema.SettleMessageParams{MessageID: m.ID, Outcome: outcome}); err != nil {
			return res, err
		}
	}
	// Whatever somebody has to see needs a ticket, also when a person answers it.
	visible := slices.Concat(batch, forPerson)
	open, err := q.OpenTicket(ctx, conv.ID)
	switch {
	case schema.NoRows(err) && len(visible) == 0:
		return res, nil
	case schema.NoRows(err):
		open, err = a.insertTicket(ctx, q, conv, visible[0])
	}
	if err != nil {
		return res, err
	}
	res.TicketID, res.TicketNumber, res.Status = open.ID, open.Number, open.Status
	res.Category, res.Priority = open.Category, open.Priority
	if len(batch) == 0 {
		return res, nil
	}
	for _, m := range batch {
		res.MessageIDs = append(res.MessageIDs, m.ID)
	}
	turn, err := q.OpenTurn(ctx, schema.OpenTurnParams{
		ID: uuid.New(), ConversationID: conv.ID, TicketID: open.ID,
		FirstMessageID: batch[0].ID, MessageIds: res.MessageIDs,
	})
	if err != nil {
		return res, err
	}
	res.TurnID = turn.ID
	if open.Status == ticket.WaitingCustomer || open.Status == ticket.Resolved {
		res.Status = ticket.Open
		_, err = q.SetTicketStatus(ctx, schema.SetTicketStatusParams{ID: open.ID, Status: ticket.Open})
	}
	return res, err
}

// insertTicket opens a ticket, under the first of its ids that is free.
func (a *Activities) insertTicket(ctx context.Context, q *schema.Queries, conv schema.Conversation, first schema.UnsettledMessagesRow) (schema.Ticket, error) {
	for _, id := range a.ticketIDs(conv, first) {
		open, err := q.InsertTicket(ctx, schema.InsertTicketParams{
			ID: id, Number: ticket.Number(id), ConversationID: conv.ID, Subject: cmp.Or(first.Subject, conv.Subject),
			Category: conv.InitialCategory, Priority: conv.InitialPriority,
		})
		if schema.NoRows(err) {
			continue // an earlier ticket of this conversation has it
		}
		if err == nil && conv.Owner == ticket.OwnerHuman {
			open.Status = ticket.WithHuman
			_, err = q.SetTicketStatus(ctx, schema.SetTicketStatusParams{ID: open.ID, Status: open.Status})
		}
		return open, err
	}
	return schema.Ticket{}, ticket.Errorf(ticket.CodeInternal, "no ticket id is free")
}

// ticketIDs returns the ids a new ticket may have. The first one of a web form
// conversation has the id that the customer already holds; every other id is
// minted from the ticket's first message, or from a seed of its own when that
// message had a ticket that was closed over it.
func (a *Activities) ticketIDs(conv schema.Conversation, first schema.UnsettledMessagesRow) []uuid.UUID {
	minted := []uuid.UUID{
		a.Secrets.TicketID(string(conv.Channel), first.ExternalID),
		a.Secrets.TicketID(string(conv.Channel), first.ExternalID, uuid.NewString()),
	}
	if held, err := uuid.Parse(conv.Key); err == nil && conv.Channel == ticket.WebForm {
		return append([]uuid.UUID{held}, minted...)
	}
	return minted
}

// customerRef is a name for a customer that tells nothing about the person.
func customerRef(id uuid.UUID) string {
	sum := sha256.Sum256(id[:])
	return hex.EncodeToString(sum[:6])
}
