package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// settle decides the turn in the database, unless an earlier call has: a turn
// keeps what it was settled with, and a text made again is dropped. The caller
// holds the conversation's lock.
func (a *Activities) settle(ctx context.Context, q *schema.Queries, conv schema.Conversation, in ticket.SendReplyInput) (res ticket.SendReplyResult, err error) {
	turn, err := q.Turn(ctx, in.TurnID)
	if err != nil {
		return res, err
	}
	parts, err := q.PartsOfTurn(ctx, turn.ID)
	if err != nil {
		return res, err
	}
	if turn.State != turnOpen {
		mine := partsOf(in, turn, parts)
		if len(mine) > 0 || in.InstructionID == uuid.Nil || in.DraftID == uuid.Nil || conv.Owner == ticket.OwnerHuman {
			return a.asSettled(ctx, q, conv, mine)
		}
	}
	res.State = ticket.SendDone
	var batch []schema.UnsettledMessagesRow
	if turn.State == turnOpen {
		if batch, err = q.UnsettledMessages(ctx, schema.UnsettledMessagesParams{ConversationID: conv.ID, Ids: turn.MessageIds}); err != nil {
			return res, err
		}
		if len(batch) < len(turn.MessageIds) {
			res.State = ticket.SendStale
			res.Standing, err = a.stands(ctx, q, conv.ID)
			return res, err
		}
	}
	open, err := q.TicketByID(ctx, turn.TicketID)
	if err != nil {
		return res, err
	}
	newest, err := q.NewestOfTurn(ctx, turn.ID)
	if err != nil {
		return res, err
	}
	route, err := route(ctx, q, conv, newest.HomeID)
	if err != nil {
		return res, err
	}
	reply, err := a.replyOf(ctx, q, conv, route, open, in)
	if err != nil {
		return res, err
	}
	if turn.State != turnOpen {
		reply.kind = besides(turn, parts)
	}
	switch {
	case conv.Owner == ticket.OwnerHuman:
		reply.outcome, reply.texts = ticket.Human, nil
		res.State = ticket.SendMuted
	case reply.why != "" || reply.held != "":
		return a.hold(ctx, q, open, in.DraftID, reply)
	}
	res.Kind, res.Parts = reply.kind, len(reply.texts)
	envelope := envelope{conv: conv, route: route, turn: turn, instruction: in.InstructionID}
	if err := a.insertParts(ctx, q, envelope, parts, reply); err != nil {
		return res, err
	}
	if route.ID != conv.ID && reply.kind == ticket.KindAnswer {
		if err := a.pointTo(ctx, q, envelope, parts, open.Number); err != nil {
			return res, err
		}
	}
	res.Until = reply.until
	if reply.unsettled {
		res.Standing, err = a.stands(ctx, q, conv.ID)
		return res, err
	}
	if turn.State == turnOpen {
		if err := settleTurn(ctx, q, turn, batch, reply.outcome); err != nil {
			return res, err
		}
	}
	if err := q.DropDraftOfTurn(ctx, turn.ID); err != nil {
		return res, err
	}
	if reply.outcome != ticket.Human {
		if err := a.noteAnswer(ctx, q, open, reply.approved); err != nil {
			return res, err
		}
	}
	res.Standing, err = a.standing(ctx, q, conv.ID)
	return res, err
}

// asSettled is what an earlier call settled the turn with. A turn without parts
// was left to a person.
func (a *Activities) asSettled(ctx context.Context, q *schema.Queries, conv schema.Conversation, parts []schema.PartsOfTurnRow) (res ticket.SendReplyResult, err error) {
	res.State, res.Kind, res.Parts = ticket.SendDone, ticket.KindNotice, len(parts)
	switch {
	case len(parts) > 0:
		// Fixed texts may stand before and behind what settled the turn.
		res.Kind = parts[0].Kind
		for _, p := range parts {
			if p.Kind != ticket.KindAck {
				res.Kind = p.Kind
			}
		}
	case conv.Owner == ticket.OwnerHuman:
		res.State = ticket.SendMuted
	}
	res.Standing, err = a.stands(ctx, q, conv.ID)
	return res, err
}

// besides returns what a text is to the customer that goes out after its turn
// was settled: the answer that was missing, or a correction of it.
func besides(turn schema.Turn, parts []schema.PartsOfTurnRow) ticket.Kind {
	if turn.State == turnAnswered {
		return ticket.KindCorrection
	}
	for _, p := range parts {
		if p.Kind == ticket.KindAnswer {
			return ticket.KindCorrection
		}
	}
	return ticket.KindAnswer
}

// hold leaves the turn as it is; a draft that a person may approve waits for
// it on the ticket.
func (a *Activities) hold(ctx context.Context, q *schema.Queries, open schema.Ticket, draft uuid.UUID, r reply) (res ticket.SendReplyResult, err error) {
	res.State, res.Kind, res.Mode, res.Why = ticket.SendHeld, r.kind, r.held, r.why
	if r.why == "" && r.held == ticket.ModeDraft {
		if err := q.HoldDraft(ctx, schema.HoldDraftParams{ID: open.ID, DraftID: draft}); err != nil {
			return res, err
		}
	}
	res.Standing, err = a.standing(ctx, q, open.ConversationID)
	return res, err
}

// settleTurn settles a turn and every message of its batch.
func settleTurn(ctx context.Context, q *schema.Queries, turn schema.Turn, batch []schema.UnsettledMessagesRow, outcome ticket.Outcome) error {
	for _, m := range batch {
		n, err := q.SettleMessage(ctx, schema.SettleMessageParams{MessageID: m.ID, TurnID: &turn.ID, Outcome: outcome})
		if err != nil {
			return err
		}
		if n == 0 {
			return ticket.Errorf(ticket.CodeConflict, "message %s was settled meanwhile", m.ID)
		}
	}
	if err := q.AttachToTurn(ctx, schema.AttachToTurnParams{TurnID: &turn.ID, Ids: turn.MessageIds}); err != nil {
		return err
	}
	state := turnAnswered
	if outcome == ticket.Human {
		state = turnHandedOver
	}
	_, err := q.SettleTurn(ctx, schema.SettleTurnParams{ID: turn.ID, State: state})
	return err
}

// noteAnswer records on the ticket that the customer gets an answer, or wants none. While a
// person is needed for something else than its lateness we still owe that,
// unless a person has had a say in this answer.
func (a *Activities) noteAnswer(ctx context.Context, q *schema.Queries, open schema.Ticket, approved bool) error {
	if open.ClosedAt != nil {
		return nil
	}
	at := a.Now()
	if open.Status == ticket.NeedsHuman && !approved && !missed(open.EscalationCode) {
		_, err := q.NoteReply(ctx, schema.NoteReplyParams{ID: open.ID, At: at})
		return err
	}
	open, err := a.answered(ctx, q, open, at)
	if err != nil {
		return err
	}
	if open.Status != ticket.Open && open.Status != ticket.NeedsHuman {
		return nil
	}
	return q.AwaitCustomer(ctx, open.ID)
}

// pointTo tells the customer, on the channel where the conversation began, on
// which other one it was answered.
func (a *Activities) pointTo(ctx context.Context, q *schema.Queries, e envelope, earlier []schema.PartsOfTurnRow, number string) error {
	why, err := a.mayNotSend(ctx, q, e.conv, e.turn.TicketID)
	if err != nil || why != "" {
		return err
	}
	words := plainText(ticket.PlainElsewhere, e.route.Channel, number)
	e.route = e.conv
	return a.insertParts(ctx, q, e, earlier, reply{kind: ticket.KindAck, texts: laidOut(e.conv.Channel, words, "")})
}
