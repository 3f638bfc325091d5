package workers

import (
	"context"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// whatsAppStatus applies a status callback. One whose message we have not
// recorded yet and that names no row of ours is of no use and done.
func (in *Intake) whatsAppStatus(ctx context.Context, r stream.Record) error {
	var e ticket.WhatsAppEvent
	if err := decode(r, &e); err != nil {
		return err
	}
	s, err := whatsapp.ParseStatus(e.Params, e.Query)
	if err != nil {
		return invalid(err)
	}
	if whatsapp.Rank(s.Status) < 0 {
		return nil
	}
	update := schema.ApplyDeliveryParams{Delivery: string(whatsapp.Delivery(s.Status)), ProviderID: s.SID}
	if id, err := uuid.Parse(s.OutboundID); err == nil {
		update.ID = &id
	}
	if _, err := in.DB.ApplyDelivery(ctx, update); err != nil || update.Delivery != string(ticket.DeliveryFailed) {
		return err
	}
	part, err := in.DB.PartByProviderID(ctx, schema.PartByProviderIDParams{Via: "whatsapp", ProviderID: s.SID})
	if schema.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, why := whatsapp.Explain(s.ErrorCode)
	return in.undelivered(ctx, r, part, whatsapp.EventID(s.SID, s.Status), why)
}
