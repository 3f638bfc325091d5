package workers

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
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
	return in.undelivered(ctx, r, s)
}

// undelivered asks for a person when the provider took a reply and then could
// not deliver it: the customer has heard nothing. The workflow, which thinks it
// has answered, hears of it too. A repeated callback publishes the same again.
func (in *Intake) undelivered(ctx context.Context, r stream.Record, s *whatsapp.Status) error {
	_, why := whatsapp.Explain(s.ErrorCode)
	t, err := in.DB.EscalateUndelivered(ctx, schema.EscalateUndeliveredParams{
		ProviderID: s.SID, EscalationCode: ticket.EscalateNotDelivered,
		EscalationReason: ticket.EscalationMeaning(ticket.EscalateNotDelivered) + " " + why,
	})
	if schema.NoRows(err) {
		return nil // not ours, or the ticket is closed
	}
	if err != nil {
		return err
	}
	event, err := activities.EscalationEvent(t.TurnID, t.CustomerID, ticket.TicketEscalated{
		TicketID: t.ID, TicketNumber: t.Number, Reason: ticket.EscalateNotDelivered, Urgency: "high", Channel: t.Channel, At: r.Time,
	})
	if err != nil {
		return err
	}
	event.Source, event.CorrelationID, event.TraceParent = "fte/intake", r.CorrelationID, r.TraceParent
	failed, err := in.DB.OutboundByProviderID(ctx, schema.OutboundByProviderIDParams{Via: "whatsapp", ProviderID: s.SID})
	if err != nil {
		return err
	}
	received, err := receivedEvent(r, whatsapp.EventID(s.SID, s.Status), ticket.MessageReceived{
		MessageID: failed.ID, ConversationID: failed.ConversationID, CustomerID: failed.CustomerID,
		Channel: failed.Channel, WorkflowID: failed.WorkflowID, ReceivedAt: failed.ProviderAt, Author: failed.Author,
	})
	if err != nil {
		return err
	}
	return in.Publisher.Publish(ctx, event, received)
}

// at returns t, or the record's own time when t is missing.
func at(t time.Time, r stream.Record) time.Time {
	if t.IsZero() {
		return r.Time
	}
	return t
}
