package workers

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// undelivered asks for a person when the provider took a part, an outbox row
// whose delivery is failed by now, and then could not deliver it: the customer
// has heard nothing. why is a sentence for people. The workflow, which thinks
// it has answered, hears of it too, by an event of this id. Called again for
// the same report it publishes the same again.
func (in *Intake) undelivered(ctx context.Context, r stream.Record, part uuid.UUID, eventID, why string) error {
	t, err := in.DB.EscalateUndelivered(ctx, schema.EscalateUndeliveredParams{
		PartID: part, EscalationCode: ticket.EscalateNotDelivered,
		EscalationReason: ticket.EscalationMeaning(ticket.EscalateNotDelivered) + " " + sentence(why),
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
	received, err := in.outbound(ctx, r, part, eventID)
	if err != nil {
		return err
	}
	return in.Publisher.Publish(ctx, event, received)
}

// outbound returns the event that tells a workflow of what became of a part.
func (in *Intake) outbound(ctx context.Context, r stream.Record, part uuid.UUID, eventID string) (stream.Event, error) {
	m, err := in.DB.OutboundByPart(ctx, part)
	if err != nil {
		return stream.Event{}, err
	}
	return receivedEvent(r, eventID, ticket.MessageReceived{
		MessageID: m.ID, ConversationID: m.ConversationID, CustomerID: m.CustomerID,
		Channel: m.Channel, WorkflowID: m.WorkflowID, ReceivedAt: m.ProviderAt, Author: m.Author,
	})
}

// sentence makes a whole sentence of what stands behind a colon elsewhere.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return strings.TrimSuffix(string(unicode.ToUpper(first))+s[size:], ".") + "."
}
