package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Routes that an outgoing part can take (column outbox.via).
const (
	viaWhatsApp = "whatsapp"
	viaGmail    = "gmail"
	viaPage     = "page" // read on the ticket page; nothing is called
)

// States of a turn (column turns.state).
const (
	turnOpen       = "open"
	turnAnswered   = "answered"
	turnHandedOver = "handed_over"
)

// SendReply settles a turn and delivers its reply. One transaction writes all
// parts to the outbox and settles every message of the batch, or none; then
// each part is claimed, handed to its provider and recorded, in order. Called
// again it goes on where it stopped: what was settled keeps its text, and
// what a provider accepted is never handed over again.
func (a *Activities) SendReply(ctx context.Context, in ticket.SendReplyInput) (ticket.SendReplyResult, error) {
	defer beat(ctx)()
	res, err := a.sendReply(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) sendReply(ctx context.Context, in ticket.SendReplyInput) (res ticket.SendReplyResult, err error) {
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		res, err = a.settle(ctx, q, in)
		return err
	})
	if err != nil || res.State == ticket.SendStale {
		return res, err
	}
	failpoint.Here("send.afterOutboxCommit")
	muted, err := a.deliver(ctx, in.TurnID)
	if err != nil {
		return res, err
	}
	if muted {
		res.State = ticket.SendMuted
	}
	return res, a.publishTurn(ctx, in.TurnID)
}

// settle decides the turn in the database, unless an earlier call has: a turn
// keeps what it was settled with, and a text made again is dropped.
func (a *Activities) settle(ctx context.Context, q *schema.Queries, in ticket.SendReplyInput) (ticket.SendReplyResult, error) {
	turn, err := q.Turn(ctx, in.TurnID)
	if err != nil {
		return ticket.SendReplyResult{}, err
	}
	conv, err := q.LockConversation(ctx, turn.ConversationID)
	if err != nil {
		return ticket.SendReplyResult{}, err
	}
	open, err := q.TicketByID(ctx, turn.TicketID)
	if err != nil {
		return ticket.SendReplyResult{}, err
	}
	res := ticket.SendReplyResult{State: ticket.SendDone, Status: open.Status}
	if turn.State != turnOpen {
		return asSettled(ctx, q, conv, turn, res)
	}
	unsettled, err := q.UnsettledMessages(ctx, schema.UnsettledMessagesParams{ConversationID: conv.ID, Ids: turn.MessageIds})
	if err != nil {
		return res, err
	}
	if len(unsettled) < len(turn.MessageIds) {
		res.State = ticket.SendStale
		return res, nil
	}
	reply, err := a.reply(ctx, q, conv, open, in)
	if err != nil {
		return res, err
	}
	if conv.Owner == ticket.OwnerHuman {
		reply.outcome, reply.texts = ticket.Human, nil
		res.State = ticket.SendMuted
	}
	res.Kind, res.Parts = reply.kind, len(reply.texts)
	if err := a.insertParts(ctx, q, conv, turn, reply); err != nil {
		return res, err
	}
	for _, m := range unsettled {
		n, err := q.SettleMessage(ctx, schema.SettleMessageParams{MessageID: m.ID, TurnID: &turn.ID, Outcome: reply.outcome})
		if err != nil {
			return res, err
		}
		if n == 0 {
			return res, ticket.Errorf(ticket.CodeConflict, "message %s was settled meanwhile", m.ID)
		}
	}
	if err := q.AttachToTurn(ctx, schema.AttachToTurnParams{TurnID: &turn.ID, Ids: turn.MessageIds}); err != nil {
		return res, err
	}
	state := turnAnswered
	if reply.outcome == ticket.Human {
		state = turnHandedOver
	} else if open.Status == ticket.Open {
		res.Status = ticket.WaitingCustomer
		if _, err := q.SetTicketStatus(ctx, schema.SetTicketStatusParams{ID: open.ID, Status: res.Status}); err != nil {
			return res, err
		}
	}
	_, err = q.SettleTurn(ctx, schema.SettleTurnParams{ID: turn.ID, State: state})
	return res, err
}

// asSettled is what an earlier call settled the turn with. A turn without parts
// was left to a person.
func asSettled(ctx context.Context, q *schema.Queries, conv schema.Conversation, turn schema.Turn, res ticket.SendReplyResult) (ticket.SendReplyResult, error) {
	parts, err := q.PartsOfTurn(ctx, turn.ID)
	if err != nil {
		return res, err
	}
	res.Kind, res.Parts = ticket.KindNotice, len(parts)
	switch {
	case len(parts) > 0:
		res.Kind = parts[0].Kind
	case conv.Owner == ticket.OwnerHuman:
		res.State = ticket.SendMuted
	}
	return res, nil
}

// reply is what a turn is settled with.
type reply struct {
	kind    ticket.Kind
	outcome ticket.Outcome
	texts   []string // one provider call each
}

// reply returns the draft as the channel's parts, or the notice that a person
// will take care of the matter. A customer who has had the notice for this
// ticket is not sent it again.
func (a *Activities) reply(ctx context.Context, q *schema.Queries, conv schema.Conversation, open schema.Ticket, in ticket.SendReplyInput) (reply, error) {
	if in.DraftID == uuid.Nil {
		r := reply{kind: ticket.KindNotice, outcome: ticket.Human}
		noticed, err := q.NoticeGiven(ctx, open.ID)
		if err == nil && !noticed {
			r.texts = []string{handoverNotice(conv.Channel, open.Number)}
		}
		return r, err
	}
	draft, err := q.Draft(ctx, in.DraftID)
	if err != nil {
		return reply{}, err
	}
	if draft.TurnID != in.TurnID {
		return reply{}, ticket.Errorf(ticket.CodeInvalid, "draft %s belongs to another turn", in.DraftID)
	}
	r := reply{kind: ticket.KindAnswer, outcome: ticket.Answered, texts: []string{draft.Body}}
	if conv.Channel == ticket.WhatsApp {
		r.texts = whatsapp.Split(whatsapp.Render(draft.Body, open.Number))
	}
	return r, nil
}

func (a *Activities) insertParts(ctx context.Context, q *schema.Queries, conv schema.Conversation, turn schema.Turn, r reply) error {
	now := time.Now()
	for i, body := range r.texts {
		key := fmt.Sprintf("%s/%s/%d", turn.ID, r.kind, i+1)
		id := uuid.New()
		if err := q.InsertOutboundMessage(ctx, schema.InsertOutboundMessageParams{
			ID: id, ConversationID: conv.ID, Channel: conv.Channel, ExternalID: key, Author: ticket.Assistant,
			// A millisecond apart, so that parts sort in the order in which they are read.
			Body: body, ProviderAt: now.Add(time.Duration(i) * time.Millisecond), TurnID: &turn.ID,
		}); err != nil {
			return err
		}
		if err := q.InsertOutbox(ctx, schema.InsertOutboxParams{
			ID: uuid.New(), SendKey: key, TurnID: turn.ID, ConversationID: conv.ID, MessageID: id, Kind: r.kind,
			Part: int32(i + 1),
			Via:  a.via(conv.Channel), Recipient: conv.ReplyTo, Epoch: conv.Epoch,
		}); err != nil {
			return err
		}
	}
	return nil
}

// via returns how a reply on a channel leaves us. A web form's answer is read
// on the ticket page, and mailed too when there is a mailbox.
func (a *Activities) via(c ticket.Channel) string {
	switch {
	case c == ticket.WhatsApp:
		return viaWhatsApp
	case c == ticket.Email || a.Gmail != nil:
		return viaGmail
	default:
		return viaPage
	}
}

// handoverNotice tells the customer truthfully that a person has been asked.
func handoverNotice(c ticket.Channel, number string) string {
	if c == ticket.WhatsApp {
		return "Thank you for your message. I cannot settle this myself, so I have passed it to our team; a colleague will reply to you here. Your ticket number is " + number + "."
	}
	return "Thank you for your message. Our automated assistant cannot settle this itself, so it has been passed to our team. A colleague will read it and reply to you here. You do not need to do anything."
}
