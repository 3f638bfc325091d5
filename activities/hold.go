package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// errHeld says that a part waits for the customer to write.
var errHeld = errors.New("the part waits for the customer to write")

const (
	// heldUntil is what people read of a part that waits.
	heldUntil = "held until the customer writes again: WhatsApp takes free text only within 24 hours after the customer's last message"
	// windowClosed is what people read of a part that cannot even wait.
	windowClosed = "the customer's last message is more than 24 hours old, and WhatsApp then takes only an approved template; " +
		"set TWILIO_TEMPLATE_SID, or reach the customer another way"
	// templateWords are what the approved template says, for the timeline.
	templateWords = "We have an answer for you. Reply to this message to read it."
)

// holdPart makes a part wait for the customer to write, with what would follow it,
// and queues the approved template that asks for that: the provider surely does
// not have the part. It returns errHeld then, and nil when the part is somebody
// else's by now. Without a template the part has failed.
func (a *Activities) holdPart(ctx context.Context, p schema.PartsOfTurnRow) error {
	if a.WhatsAppTemplate == "" {
		return a.giveUp(ctx, p, windowClosed)
	}
	var held bool
	err := a.DB.Tx(ctx, func(q *schema.Queries) error {
		conv, err := q.LockConversation(ctx, p.ConversationID)
		if err != nil {
			return err
		}
		n, err := q.HoldPart(ctx, schema.HoldPartParams{ID: p.ID, Attempts: p.Attempts, Error: heldUntil})
		if held = n > 0; err != nil || !held {
			return err
		}
		return holdFollowing(ctx, q, conv, p.ID, a.WhatsAppTemplate)
	})
	if err != nil || !held {
		return err
	}
	failpoint.Here("send.afterHold")
	return errHeld
}

// HoldRefused takes back a part that Twilio has accepted under this id and
// refused since, because the customer's last message is too old: it waits for
// the customer to write, with what would follow it, and template is queued to
// ask for that. held is false when nothing could be changed: there is no
// template, a person owns the conversation by now, or the part has been read.
func HoldRefused(ctx context.Context, q *schema.Queries, part uuid.UUID, sid, template string) (held bool, err error) {
	p, err := q.OutboxByID(ctx, part)
	if err != nil || template == "" || p.Template != "" {
		return false, err
	}
	conv, err := q.LockConversation(ctx, p.ConversationID)
	if err != nil {
		return false, err
	}
	if p.TurnID != nil && (conv.Owner != ticket.OwnerAI || conv.Epoch != p.Epoch) {
		return false, nil
	}
	n, err := q.UnsendPart(ctx, schema.UnsendPartParams{ID: p.ID, ProviderID: sid, Error: heldUntil})
	if err != nil || n == 0 {
		return false, err
	}
	return true, holdFollowing(ctx, q, conv, p.ID, template)
}

// holdFollowing makes what would follow a held part wait with it, and queues the
// template unless the customer has been asked to write already.
func holdFollowing(ctx context.Context, q *schema.Queries, conv schema.Conversation, part uuid.UUID, template string) error {
	if err := q.HoldFollowing(ctx, part); err != nil {
		return err
	}
	if err := q.CountChange(ctx, conv.ID); err != nil {
		return err
	}
	p, err := q.OutboxByID(ctx, part)
	if err != nil {
		return err
	}
	route := conv.ID
	if p.RouteID != nil {
		route = *p.RouteID
	}
	asked, err := q.AskedToWrite(ctx, schema.AskedToWriteParams{ConversationID: conv.ID, RouteID: route})
	if err != nil || asked {
		return err
	}
	owner := p.MessageID
	if p.TurnID != nil {
		owner = *p.TurnID
	}
	key := fmt.Sprintf("%s/%s/template", owner, ticket.KindAck)
	earlier, err := q.TemplatesNamed(ctx, schema.TemplatesNamedParams{ConversationID: conv.ID, Prefix: key})
	if err != nil {
		return err
	}
	if earlier > 0 {
		key = fmt.Sprintf("%s/%d", key, earlier+1)
	}
	message := uuid.New()
	if err := q.InsertOutboundMessage(ctx, schema.InsertOutboundMessageParams{
		ID: message, ConversationID: conv.ID, Channel: ticket.WhatsApp, ExternalID: key, Author: ticket.Assistant,
		Body: templateWords, ProviderAt: time.Now(), TurnID: p.TurnID,
	}); err != nil {
		return err
	}
	return q.InsertOutbox(ctx, schema.InsertOutboxParams{
		ID: uuid.New(), SendKey: key, TurnID: p.TurnID, ConversationID: conv.ID, MessageID: message, Kind: ticket.KindAck,
		Part: 1, Via: p.Via, Recipient: p.Recipient, Epoch: conv.Epoch, RouteID: p.RouteID, Template: template,
	})
}

// askToWrite sends the template that asks the customer to write, unless it has
// been sent. One that failed is an error: what waits has not been announced.
func (a *Activities) askToWrite(ctx context.Context, conversation uuid.UUID) error {
	newest, err := a.DB.NewestTemplate(ctx, conversation)
	if schema.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if newest.State == "failed" {
		return ticket.Errorf(ticket.CodeInvalid, "the customer could not be asked to write: %s", newest.Error)
	}
	_, err = a.deliverPart(ctx, schema.PartsOfTurnRow(newest))
	return err
}
