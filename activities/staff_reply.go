package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// assistantGrace is how long a person's words wait for a part of the
	// assistant that a provider may have taken, so that they are not overtaken.
	assistantGrace = 30 * time.Second
	// assistantPoll is how soon it is looked again whether it has got there.
	assistantPoll = 2 * time.Second
)

// reply puts a person's stored message into the outbox and gives the ticket to
// that person. SendStaffReply delivers it.
func (d *deed) reply(ctx context.Context) error {
	m, err := d.q.MessageToSend(ctx, d.in.MessageID)
	if schema.NoRows(err) || (err == nil && (m.ConversationID != d.conv.ID || m.Author != ticket.Staff)) {
		return ticket.Errorf(ticket.CodeNotFound, "There is no such text of yours for %s.", d.on.Number)
	}
	if err != nil {
		return err
	}
	if strings.TrimSpace(m.Body) == "" {
		return refused("The reply is empty.")
	}
	sent, err := d.q.PartsOfMessage(ctx, m.ID)
	if err != nil {
		return err
	}
	if len(sent) > 0 {
		return refused("This text has been handed over for sending already.")
	}
	if err := d.takeOver(ctx); err != nil {
		return err
	}
	if _, err := d.answered(ctx, d.q, d.on, d.at); err != nil {
		return err
	}
	for i := range staffParts(d.conv.Channel, m.Body) {
		if err := d.q.InsertOutbox(ctx, schema.InsertOutboxParams{
			ID: uuid.New(), SendKey: fmt.Sprintf("%s/%s/%d", m.ID, ticket.KindReply, i+1), ConversationID: d.conv.ID,
			MessageID: m.ID, Kind: ticket.KindReply, Part: int32(i + 1),
			Via: d.via(d.conv.Channel), Recipient: d.conv.ReplyTo, Epoch: d.conv.Epoch,
		}); err != nil {
			return err
		}
	}
	return nil
}

// staffParts returns a person's words as the provider calls they take. Nothing
// is added to them.
func staffParts(c ticket.Channel, words string) []string {
	words = strings.TrimSpace(text.Sanitize(words))
	if c == ticket.WhatsApp {
		return whatsapp.Split(words)
	}
	return []string{words}
}

// SendStaffReply delivers a person's message, part by part and in order, under
// the rules of SendReply: each part is claimed before its provider is called,
// and one whose outcome is unknown is looked for before anything else happens.
// A part of the assistant that is under way comes first, for up to half a
// minute. A part that surely was not delivered is CodeInvalid; one that waits
// for the customer to write is sent by a later call with the same message.
func (a *Activities) SendStaffReply(ctx context.Context, in ticket.SendStaffReplyInput) (ticket.SendStaffReplyResult, error) {
	defer beat(ctx)()
	res, err := a.sendStaffReply(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) sendStaffReply(ctx context.Context, in ticket.SendStaffReplyInput) (res ticket.SendStaffReplyResult, err error) {
	parts, err := a.staffOutbox(ctx, in.MessageID)
	if err != nil {
		return res, err
	}
	res.Parts = len(parts)
	conversation := parts[0].ConversationID
	if parts[0].State == "queued" {
		if err := a.afterAssistant(ctx, conversation); err != nil {
			return res, err
		}
	}
	withdrawn, err := a.deliverParts(ctx, parts)
	if err != nil {
		return res, err
	}
	if withdrawn {
		return res, ticket.Errorf(ticket.CodeInvalid, "the reply was withdrawn because it could not be delivered; write it again")
	}
	failpoint.Here("reply.afterDelivery")
	if parts, err = a.staffOutbox(ctx, in.MessageID); err != nil {
		return res, err
	}
	res.Held = slices.ContainsFunc(parts, func(p schema.PartsOfTurnRow) bool { return p.State == "held" })
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		if _, err := q.LockConversation(ctx, conversation); err != nil {
			return err
		}
		res.Standing, err = a.stands(ctx, q, conversation)
		return err
	})
	return res, err
}

// staffOutbox returns the sends of a person's message, each with its share of
// the words.
func (a *Activities) staffOutbox(ctx context.Context, messageID uuid.UUID) ([]schema.PartsOfTurnRow, error) {
	rows, err := a.DB.PartsOfMessage(ctx, messageID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, ticket.Errorf(ticket.CodeNotFound, "message %s has not been handed over for sending", messageID)
	}
	conv, err := a.DB.Conversation(ctx, rows[0].ConversationID)
	if err != nil {
		return nil, err
	}
	words := staffParts(conv.Channel, rows[0].Body)
	if len(words) != len(rows) {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the reply does not fall into the %d parts it was queued in; write it again", len(rows))
	}
	parts := make([]schema.PartsOfTurnRow, len(rows))
	for i, r := range rows {
		parts[i] = schema.PartsOfTurnRow(r)
		parts[i].Body = words[i]
	}
	return parts, nil
}

// afterAssistant returns an error that asks to come again while a part of the
// assistant is on its way to the same customer.
func (a *Activities) afterAssistant(ctx context.Context, conversationID uuid.UUID) error {
	sending, err := a.DB.AssistantSending(ctx, conversationID)
	if err != nil {
		return err
	}
	for _, s := range sending {
		if left := assistantGrace - time.Duration(s.AgeSeconds*float64(time.Second)); left > 0 {
			return &ticket.Error{
				Code: ticket.CodeConflict, RetryAfter: min(left, assistantPoll),
				Message: "an answer of the assistant is on its way; the person's reply follows it",
			}
		}
	}
	return nil
}
