package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// reply is what a turn is settled with.
type reply struct {
	kind    ticket.Kind
	outcome ticket.Outcome
	texts   []string // one provider call each
	// approved says that a person stands behind the text.
	approved bool
	// held is the mode that keeps the text back; empty when it may go out.
	held ticket.Mode
	// why is the escalation code of what forbids to send it.
	why string
	// unsettled says that the text goes out and the turn stays open.
	unsettled bool
	// proof is the verification whose code it brings, and until how long that is good.
	proof uuid.UUID
	until time.Time
}

// replyOf returns the draft as the channel's parts, a fixed text, or the notice
// that a person will take care of the matter. A customer who has had the notice
// for this ticket is not sent it again, and nobody to whom nothing automatic
// may go.
func (a *Activities) replyOf(
	ctx context.Context, q *schema.Queries, conv, route schema.Conversation, open schema.Ticket, in ticket.SendReplyInput,
) (reply, error) {
	switch in.Plain {
	case "":
	case ticket.PlainVerify, ticket.PlainWrongCode:
		return a.proofReply(ctx, q, conv, route, open, in)
	default:
		return a.plainReply(ctx, q, route, open, in)
	}
	why, err := a.mayNotSend(ctx, q, route, open.ID)
	if err != nil {
		return reply{}, err
	}
	if in.DraftID == uuid.Nil {
		r := reply{kind: ticket.KindNotice, outcome: ticket.Human}
		if why == ticket.EscalateOptedOut {
			r.kind = ticket.KindAck
			r.texts, err = confirmation(ctx, q, route, open, in)
			return r, err
		}
		noticed, err := q.NoticeGiven(ctx, open.ID)
		if err != nil || noticed || why != "" {
			return r, err
		}
		turn, err := q.Turn(ctx, in.TurnID)
		r.texts = []string{a.handoverNotice(route.Channel, open.Number, open.EscalationCode, languageOf(turn))}
		return r, err
	}
	draft, err := q.Draft(ctx, in.DraftID)
	if err != nil {
		return reply{}, err
	}
	switch {
	case draft.TurnID != in.TurnID:
		return reply{}, ticket.Errorf(ticket.CodeInvalid, "draft %s belongs to another turn", in.DraftID)
	case draft.Decision == decisionRejected:
		return reply{}, ticket.Errorf(ticket.CodeInvalid, "a person has rejected draft %s", in.DraftID)
	}
	r := reply{kind: ticket.KindAnswer, outcome: ticket.Answered}
	if r.held, r.approved, err = heldBy(ctx, q, conv, open, draft, in.InstructionID); err != nil {
		return r, err
	}
	if !r.approved {
		r.why = why
	}
	words, err := a.wordsOf(ctx, q, draft)
	r.texts = laidOut(route.Channel, words, open.Number)
	return r, err
}

// wordsOf returns a draft as the customer reads it, with what has to be said
// ahead of it.
func (a *Activities) wordsOf(ctx context.Context, q *schema.Queries, draft schema.Draft) (string, error) {
	words, err := restored(ctx, q, draft)
	if err != nil {
		return "", err
	}
	earlier, err := a.earlierContact(ctx, q, draft.TurnID)
	if err != nil || earlier == "" {
		return words, err
	}
	return earlier + "\n\n" + words, nil
}

// laidOut returns an answer as the provider calls that its channel takes.
func laidOut(c ticket.Channel, words, number string) []string {
	if c == ticket.WhatsApp {
		return whatsapp.Split(whatsapp.Render(words, number))
	}
	return []string{words}
}

// confirmation says that nothing automatic follows, once, to a customer who has
// asked for that in this turn.
func confirmation(ctx context.Context, q *schema.Queries, route schema.Conversation, open schema.Ticket, in ticket.SendReplyInput) ([]string, error) {
	due, err := q.ConfirmStop(ctx, schema.ConfirmStopParams{ConversationID: open.ConversationID, TurnID: in.TurnID})
	if err != nil || !due {
		return nil, err
	}
	return laidOut(route.Channel, plainText(ticket.PlainStop, "", ""), ""), nil
}

// plainReply returns a fixed text.
func (a *Activities) plainReply(ctx context.Context, q *schema.Queries, route schema.Conversation, open schema.Ticket, in ticket.SendReplyInput) (reply, error) {
	r := reply{kind: ticket.KindAck, outcome: ticket.Answered, unsettled: in.Plain == ticket.PlainSlow}
	var answered ticket.Channel
	switch in.Plain {
	case ticket.PlainStop:
		r.outcome = ticket.Suppressed
		var err error
		r.texts, err = confirmation(ctx, q, route, open, in)
		return r, err
	case ticket.PlainSlow:
		told, err := q.AcksOfTurn(ctx, in.TurnID)
		if err != nil || told > 0 {
			return r, err
		}
	case ticket.PlainElsewhere:
		newest, err := q.NewestOfTurn(ctx, in.TurnID)
		if err != nil {
			return r, err
		}
		if answered, err = q.AnsweredElsewhere(ctx, newest.ID); err != nil {
			return r, err
		}
	default:
	}
	// The customer may have wished for no messages since the batch was read.
	if why, err := a.mayNotSend(ctx, q, route, open.ID); err != nil || why != "" {
		return r, err
	}
	if words := plainText(in.Plain, answered, open.Number); words != "" {
		r.texts = laidOut(route.Channel, words, "")
	}
	return r, nil
}
