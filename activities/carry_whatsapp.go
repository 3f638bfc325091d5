package activities

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// whatsAppCarrier sends through Twilio, which has no idempotency key: our id
// travels in the callback address, and an unknown outcome is settled by the
// callback or by the list of sent messages.
type whatsAppCarrier struct{ *Activities }

func (c whatsAppCarrier) send(ctx context.Context, p schema.PartsOfTurnRow) (string, error) {
	if c.WhatsApp == nil {
		return "", ticket.Errorf(ticket.CodeUnauthorized, "WhatsApp is not configured on this worker; set the TWILIO_* settings")
	}
	callback := strings.TrimRight(c.PublicBaseURL, "/") + "/webhooks/whatsapp/status?" +
		url.Values{whatsapp.OutboundQuery: {p.ID.String()}}.Encode()
	if p.Template != "" {
		return c.WhatsApp.SendTemplate(ctx, p.Recipient, p.Template, callback)
	}
	return c.WhatsApp.Send(ctx, p.Recipient, p.Body, callback)
}

func (c whatsAppCarrier) find(ctx context.Context, p schema.PartsOfTurnRow) (trace, error) {
	if c.WhatsApp == nil {
		return trace{}, ticket.Errorf(ticket.CodeUnauthorized, "WhatsApp is not configured on this worker; set the TWILIO_* settings")
	}
	since := time.Now().Add(-time.Duration(p.AgeSeconds*float64(time.Second)) - time.Minute)
	listed, err := c.WhatsApp.List(ctx, p.Recipient, since)
	if err != nil {
		return trace{}, err
	}
	candidates := slices.DeleteFunc(listed, func(m whatsapp.Sent) bool {
		// What a template says is known to Twilio alone.
		return p.Template == "" && !sameText(m.Body, p.Body)
	})
	if len(candidates) == 0 {
		return trace{}, nil
	}
	sids := make([]string, len(candidates))
	for i, m := range candidates {
		sids[i] = m.SID
	}
	// The same words may have gone out for another part of ours.
	taken, err := c.DB.ProviderIDsInUse(ctx, schema.ProviderIDsInUseParams{Via: viaWhatsApp, ProviderIds: sids, PartID: p.ID})
	if err != nil {
		return trace{}, err
	}
	for _, m := range candidates {
		if !slices.Contains(taken, m.SID) {
			return trace{providerID: m.SID}, c.note(ctx, p, m)
		}
	}
	return trace{}, nil
}

// note keeps what the list says of a message as if a callback had told it: one
// that was refused since is not taken for sent.
func (c whatsAppCarrier) note(ctx context.Context, p schema.PartsOfTurnRow, m whatsapp.Sent) error {
	if whatsapp.Delivery(m.Status) != ticket.DeliveryFailed {
		return nil
	}
	return c.DB.NoteDelivery(ctx, schema.NoteDeliveryParams{
		Via: viaWhatsApp, ProviderID: m.SID, Status: m.Status, OutboxID: &p.ID, ErrorCode: int32(m.ErrorCode),
	})
}

// sameText compares what we sent with what the provider lists; white space may
// have changed on the way.
func sameText(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}

func (whatsAppCarrier) onceMore() bool { return true }
