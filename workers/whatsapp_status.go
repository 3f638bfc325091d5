package workers

import (
	"context"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const viaWhatsApp = "whatsapp"

// news is what a status callback means to others than the row it is about.
type news string

// The news of a status callback.
const (
	noNews      news = ""
	undelivered news = "undelivered" // the customer has heard nothing
	heldBack    news = "held back"   // the part waits for the customer to write; its turn has to be sent on
)

// whatsAppStatus applies a status callback, whatever order and how often they
// come in. One whose message we do not know is kept until we do. What a
// callback means is told after it was applied, again if it comes again: the
// process may have ended in between.
func (in *Intake) whatsAppStatus(ctx context.Context, r stream.Record) error {
	var e ticket.WhatsAppEvent
	if err := decode(r, &e); err != nil {
		return err
	}
	s, err := whatsapp.ParseStatus(e.Params, e.Query)
	if err != nil {
		return invalid(err)
	}
	var part uuid.UUID
	var tell news
	if err := in.DB.Tx(ctx, func(q *schema.Queries) error {
		part, tell, err = in.applyStatus(ctx, q, s)
		return err
	}); err != nil {
		return err
	}
	failpoint.Here("status.afterCommit")
	eventID := whatsapp.EventID(s.SID, s.Status)
	switch tell {
	case undelivered:
		_, why := whatsapp.Explain(s.ErrorCode)
		return in.undelivered(ctx, r, part, eventID, why)
	case heldBack:
		event, err := in.outbound(ctx, r, part, eventID)
		if err != nil {
			return err
		}
		return in.Publisher.Publish(ctx, event)
	default:
		return nil
	}
}

// applyStatus stores a callback and moves the part it is about. Nobody who
// learns of the same message at the same time can cross it.
func (in *Intake) applyStatus(ctx context.Context, q *schema.Queries, s *whatsapp.Status) (part uuid.UUID, tell news, err error) {
	if err := q.LockProviderID(ctx, schema.LockProviderIDParams{Via: viaWhatsApp, ProviderID: s.SID}); err != nil {
		return part, noNews, err
	}
	var named *uuid.UUID
	if id, err := uuid.Parse(s.OutboundID); err == nil {
		named = &id
	}
	row, err := q.PartOfStatus(ctx, schema.PartOfStatusParams{Via: viaWhatsApp, ProviderID: s.SID, ID: named})
	unknown := schema.NoRows(err)
	if err != nil && !unknown {
		return part, noNews, err
	}
	if err := q.NoteDelivery(ctx, schema.NoteDeliveryParams{
		Via: viaWhatsApp, ProviderID: s.SID, Status: s.Status, OutboxID: named, ErrorCode: int32(s.ErrorCode), Applied: !unknown,
	}); err != nil || unknown {
		return part, noNews, err
	}
	part = row.Outbox.ID
	delivery := whatsapp.Delivery(s.Status)
	late := delivery == ticket.DeliveryFailed && whatsapp.WindowClosed(s.ErrorCode)
	switch {
	case row.Former && late:
		return part, heldBack, nil // told before, unless the process ended then
	case row.Former || delivery == "":
		return part, noNews, nil
	case late && row.Outbox.TurnID != nil:
		// What a person wrote is not sent on by itself: the person is told.
		held, err := activities.HoldRefused(ctx, q, part, s.SID, in.WhatsAppTemplate)
		if err != nil || held {
			return part, heldBack, err
		}
	}
	if _, err := q.ApplyDelivery(ctx, schema.ApplyDeliveryParams{Delivery: string(delivery), ProviderID: s.SID, ID: named}); err != nil {
		return part, noNews, err
	}
	if delivery != ticket.DeliveryFailed {
		return part, noNews, nil
	}
	if whatsapp.OptedOut(s.ErrorCode) {
		err = q.Suppress(ctx, schema.SuppressParams{Kind: identityWhatsApp, Value: row.Outbox.Recipient, Reason: activities.SuppressedByProvider})
	}
	return part, undelivered, err
}
