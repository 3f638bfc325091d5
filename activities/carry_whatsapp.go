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
	var sids []string
	for _, m := range listed {
		if sameText(m.Body, p.Body) {
			sids = append(sids, m.SID)
		}
	}
	if len(sids) == 0 {
		return trace{}, nil
	}
	// The same words may have gone out for another part of ours.
	taken, err := c.DB.ProviderIDsInUse(ctx, schema.ProviderIDsInUseParams{Via: viaWhatsApp, ProviderIds: sids})
	if err != nil {
		return trace{}, err
	}
	for _, sid := range sids {
		if !slices.Contains(taken, sid) {
			return trace{providerID: sid}, nil
		}
	}
	return trace{}, nil
}

// sameText compares what we sent with what the provider lists; white space may
// have changed on the way.
func sameText(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}

func (whatsAppCarrier) onceMore() bool { return true }
