package activities

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// leftAfter is the age at which a message that nothing has settled no longer
// counts as on its way to the workflow.
const leftAfter = 30 * time.Second

// CreateTicket opens the turn for a batch of messages: with those that nothing
// has settled yet, on the conversation's open ticket or a new one, and with
// what a run that was ended by force has left behind. What must
// never be answered is settled here, and while a person owns the conversation
// everything is theirs. Called again with the same messages it returns the
// same turn, or none once they are settled; without messages it says where the
// conversation stands.
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

func (a *Activities) createTicket(ctx context.Context, q *schema.Queries, in ticket.CreateTicketInput) (res ticket.CreateTicketResult, err error) {
	conv, err := q.LockConversation(ctx, in.ConversationID)
	if err != nil {
		return res, err
	}
	customer, err := q.CustomerRoot(ctx, conv.CustomerID)
	if err != nil {
		return res, err
	}
	res.CustomerRef = ticket.CustomerRef(customer)
	left, err := q.LeftMessages(ctx, schema.LeftMessagesParams{ConversationID: conv.ID, Before: a.Now().Add(-leftAfter)})
	if err != nil {
		return res, err
	}
	unsettled, err := q.UnsettledMessages(ctx, schema.UnsettledMessagesParams{ConversationID: conv.ID, Ids: slices.Concat(in.MessageIDs, left)})
	if err != nil {
		return res, err
	}
	if len(unsettled) > 0 {
		return a.take(ctx, q, conv, unsettled, res)
	}
	if _, err := released(ctx, q, conv.ID, &res); err != nil {
		return res, err
	}
	if res.Standing, err = a.stands(ctx, q, conv.ID); err != nil {
		return res, err
	}
	res.Mode, err = mode(ctx, q, conv.Channel, res.Category)
	return res, err
}

// take settles those of the messages that need no answer of the assistant and
// opens the turn for the rest.
func (a *Activities) take(
	ctx context.Context, q *schema.Queries, conv schema.Conversation, unsettled []schema.UnsettledMessagesRow, res ticket.CreateTicketResult,
) (ticket.CreateTicketResult, error) {
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
	if visible := slices.Concat(batch, forPerson); len(visible) > 0 {
		open, err := q.OpenTicket(ctx, conv.ID)
		if schema.NoRows(err) {
			open, err = a.insertTicket(ctx, q, conv, visible[0])
		}
		if err != nil {
			return res, err
		}
		if slices.ContainsFunc(visible, func(m schema.UnsettledMessagesRow) bool { return !m.AnsweredByPerson }) {
			if open, err = a.waits(ctx, q, open, a.Now()); err != nil {
				return res, err
			}
		}
		if res, err = a.openTurn(ctx, q, conv, open, batch, res); err != nil {
			return res, err
		}
	}
	if len(forPerson) > 0 {
		if _, err := release(ctx, q, conv.ID, &res); err != nil {
			return res, err
		}
	}
	var err error
	if res.Standing, err = a.standing(ctx, q, conv.ID); err != nil {
		return res, err
	}
	res.Mode, err = mode(ctx, q, conv.Channel, res.Category)
	return res, err
}

// openTurn opens the turn for a batch. A draft for another one waits no more:
// the next answer covers all that nothing has settled.
func (a *Activities) openTurn(
	ctx context.Context, q *schema.Queries, conv schema.Conversation, open schema.Ticket, batch []schema.UnsettledMessagesRow,
	res ticket.CreateTicketResult,
) (ticket.CreateTicketResult, error) {
	if len(batch) == 0 {
		return res, nil
	}
	for _, m := range batch {
		res.MessageIDs = append(res.MessageIDs, m.ID)
	}
	if err := q.DropOutgrownDraft(ctx, schema.DropOutgrownDraftParams{
		ID: open.ID, FirstMessageID: batch[0].ID, MessageIds: res.MessageIDs,
	}); err != nil {
		return res, err
	}
	turn, err := q.OpenTurn(ctx, schema.OpenTurnParams{
		ID: uuid.New(), ConversationID: open.ConversationID, TicketID: open.ID,
		FirstMessageID: batch[0].ID, MessageIds: res.MessageIDs,
	})
	if err != nil {
		return res, err
	}
	res.TurnID = turn.ID
	if res.Mode, err = mode(ctx, q, conv.Channel, open.Category); err != nil {
		return res, err
	}
	b := &batchOf{Activities: a, q: q, conv: conv, on: open, turn: turn, messages: batch}
	return res, b.decide(ctx, res.Mode, &res)
}

// insertTicket opens a ticket, under the first of its ids that is free.
func (a *Activities) insertTicket(ctx context.Context, q *schema.Queries, conv schema.Conversation, first schema.UnsettledMessagesRow) (schema.Ticket, error) {
	at := a.Now()
	for _, id := range a.ticketIDs(conv, first) {
		open, err := q.InsertTicket(ctx, schema.InsertTicketParams{
			ID: id, Number: ticket.Number(id), ConversationID: conv.ID, Subject: cmp.Or(first.Subject, conv.Subject),
			Category: conv.InitialCategory, Priority: conv.InitialPriority, CreatedAt: &at,
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
