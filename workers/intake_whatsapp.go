package workers

import (
	"context"
	"time"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func (in *Intake) whatsAppMessage(ctx context.Context, r stream.Record) error {
	var e ticket.WhatsAppEvent
	if err := decode(r, &e); err != nil {
		return err
	}
	m, err := whatsapp.Parse(e.Params)
	if err != nil {
		return invalid(err)
	}
	return in.store(ctx, r, inbound{
		channel: ticket.WhatsApp, externalID: whatsapp.EventID(m.SID, ""), author: ticket.Customer,
		sender: identity{identityWhatsApp, m.From, true}, senderName: m.ProfileName,
		keys: []string{whatsapp.ConversationKey(m.To, m.From)}, participants: []string{m.From}, category: "general", priority: "medium", replyTo: m.From,
		body: m.Text(),
		// Twilio gives a message no time of its own; the edge's is the nearest.
		at: r.Time,
	})
}

// at returns t, or the record's own time when t is missing.
func at(t time.Time, r stream.Record) time.Time {
	if t.IsZero() {
		return r.Time
	}
	return t
}
