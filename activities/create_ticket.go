package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"

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
	var batch []schema.UnsettledMessagesRow
	for _, m := range unsettled {
		outcome := ticket.Suppressed
		switch {
		case m.SuppressReason != "":
		case conv.Owner == ticket.OwnerHuman:
			outcome = ticket.Human
		default:
			batch = append(batch, m)
			continue
		}
		if _, err := q.SettleMessage(ctx, schema.SettleMessageParams{MessageID: m.ID, Outcome: outcome}); err != nil {
			return res, err
		}
	}
	open, err := q.OpenTicket(ctx, conv.ID)
	switch {
	case schema.NoRows(err) && len(batch) == 0:
		return res, nil
	case schema.NoRows(err):
		open, err = a.insertTicket(ctx, q, conv, batch[0])
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

// insertTicket opens a ticket. The first one of a web form conversation has the
// id that the customer already holds; every other id is minted from the
// ticket's first message.
func (a *Activities) insertTicket(ctx context.Context, q *schema.Queries, conv schema.Conversation, first schema.UnsettledMessagesRow) (schema.Ticket, error) {
	id := a.Secrets.TicketID(string(conv.Channel), first.ExternalID)
	if conv.Channel == ticket.WebForm {
		if held, err := uuid.Parse(conv.Key); err == nil {
			if _, err := q.TicketByID(ctx, held); schema.NoRows(err) {
				id = held
			} else if err != nil {
				return schema.Ticket{}, err
			}
		}
	}
	subject := conv.Subject
	if first.Subject != "" {
		subject = first.Subject
	}
	category, priority := conv.InitialCategory, conv.InitialPriority
	return q.InsertTicket(ctx, schema.InsertTicketParams{
		ID: id, Number: ticket.Number(id), ConversationID: conv.ID, Subject: subject, Category: category, Priority: priority,
	})
}

// customerRef is a name for a customer that tells nothing about the person.
func customerRef(id uuid.UUID) string {
	sum := sha256.Sum256(id[:])
	return hex.EncodeToString(sum[:6])
}
