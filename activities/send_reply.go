package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
//
// A draft that the mode keeps back settles nothing, and one that is stopped on
// its way because the assistant was switched off nothing either. With an instruction the
// draft of a turn that is settled already goes out beside what it was settled
// with, once for each instruction.
func (a *Activities) SendReply(ctx context.Context, in ticket.SendReplyInput) (ticket.SendReplyResult, error) {
	defer beat(ctx)()
	res, err := a.sendReply(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) sendReply(ctx context.Context, in ticket.SendReplyInput) (res ticket.SendReplyResult, err error) {
	turn, err := a.DB.Turn(ctx, in.TurnID)
	if err != nil {
		return res, err
	}
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		conv, err := q.LockConversation(ctx, turn.ConversationID)
		if err != nil {
			return err
		}
		res, err = a.settle(ctx, q, conv, in)
		return err
	})
	if err != nil || res.State == ticket.SendStale || res.State == ticket.SendHeld {
		return res, err
	}
	failpoint.Here("send.afterOutboxCommit")
	parts, err := a.DB.PartsOfTurn(ctx, in.TurnID)
	if err != nil {
		return res, err
	}
	if turn, err = a.DB.Turn(ctx, in.TurnID); err != nil {
		return res, err
	}
	// What waited for the customer to write was said first.
	waiting, err := a.DB.WaitingParts(ctx, schema.WaitingPartsParams{ConversationID: turn.ConversationID, TurnID: turn.ID})
	if err != nil {
		return res, err
	}
	ahead := make([]schema.PartsOfTurnRow, len(waiting))
	for i, w := range waiting {
		ahead[i] = schema.PartsOfTurnRow(w)
		ahead[i].Error = heldUntil // whatever has become of a try since
	}
	muted, err := a.deliverParts(ctx, ahead)
	// A person who has what waited may not have what is said now.
	if mine := partsOf(in, turn, parts); err == nil && len(mine) > 0 {
		muted, err = a.deliverParts(ctx, mine)
	}
	switch {
	case errors.Is(err, errStopped):
		return a.takeBack(ctx, in)
	case in.Plain == ticket.PlainStop && whatsapp.OptedOut(whatsapp.ErrorCode(err)):
		// Twilio has heeded it, too, and has said so.
	case err != nil:
		return res, err
	}
	if muted {
		res.State = ticket.SendMuted
	}
	if err := a.publishTurn(ctx, in.TurnID); err != nil {
		return res, err
	}
	if res.Waits, err = a.DB.TurnWaits(ctx, in.TurnID); err != nil {
		return res, err
	}
	// Delivering takes time, and people act meanwhile.
	res.Standing, err = a.readTicket(ctx, ticket.ReadTicketInput{ConversationID: turn.ConversationID})
	return res, err
}

// partsOf returns those parts of a turn that a SendReply is about: what the
// turn was settled with, or what an instruction has added. A fixed text that was
// given up keeps nothing else back.
func partsOf(in ticket.SendReplyInput, turn schema.Turn, parts []schema.PartsOfTurnRow) []schema.PartsOfTurnRow {
	others := in.Plain == ticket.PlainStop || slices.ContainsFunc(parts, func(p schema.PartsOfTurnRow) bool { return p.Kind != ticket.KindAck })
	return slices.DeleteFunc(slices.Clone(parts), func(p schema.PartsOfTurnRow) bool {
		switch {
		case in.InstructionID != uuid.Nil:
			return p.ID != partID(in.InstructionID, p.SendKey)
		case p.Kind == ticket.KindAck:
			return others && (p.State == "failed" || p.State == "cancelled")
		case turn.State == turnAnswered:
			return p.Kind != ticket.KindAnswer
		default:
			return p.Kind != ticket.KindNotice
		}
	})
}

// partID returns the id that a part made for an instruction has, by which its
// parts are known again.
func partID(instruction uuid.UUID, sendKey string) uuid.UUID {
	return uuid.NewSHA1(instruction, []byte(sendKey))
}

// envelope is what the parts of a reply belong to, and where they go.
type envelope struct {
	conv        schema.Conversation
	route       schema.Conversation // whose address it is; the same one as a rule
	turn        schema.Turn
	instruction uuid.UUID // that asked for it; zero as a rule
}

// insertParts puts a reply into the outbox, behind what the turn has of its
// kind already.
func (a *Activities) insertParts(ctx context.Context, q *schema.Queries, e envelope, earlier []schema.PartsOfTurnRow, r reply) error {
	var route *uuid.UUID
	if e.route.ID != e.conv.ID {
		route = &e.route.ID
	}
	now := time.Now()
	first := int32(1)
	for _, p := range earlier {
		if p.Kind == r.kind {
			first = max(first, p.Part+1)
		}
	}
	for i, body := range r.texts {
		part := first + int32(i)
		key := fmt.Sprintf("%s/%s/%d", e.turn.ID, r.kind, part)
		message, id := uuid.New(), uuid.New()
		if e.instruction != uuid.Nil {
			id = partID(e.instruction, key)
		}
		if err := q.InsertOutboundMessage(ctx, schema.InsertOutboundMessageParams{
			ID: message, ConversationID: e.conv.ID, Channel: e.route.Channel, ExternalID: key, Author: ticket.Assistant,
			// A millisecond apart, so that parts sort in the order in which they are read.
			Body: body, ProviderAt: now.Add(time.Duration(i) * time.Millisecond), TurnID: &e.turn.ID,
		}); err != nil {
			return err
		}
		if err := q.InsertOutbox(ctx, schema.InsertOutboxParams{
			ID: id, SendKey: key, TurnID: &e.turn.ID, ConversationID: e.conv.ID, MessageID: message, Kind: r.kind,
			Part: part, Via: a.via(e.route.Channel), Recipient: e.route.ReplyTo, Epoch: e.conv.Epoch, RouteID: route,
		}); err != nil {
			return err
		}
		if i == 0 && r.proof != uuid.Nil {
			if err := q.MailVerification(ctx, schema.MailVerificationParams{ID: r.proof, PartID: id}); err != nil {
				return err
			}
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
