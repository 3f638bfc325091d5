package workers

import (
	"context"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// webFormSubmission stores the first message of a form ticket. Its address was
// typed, not proved, so the sender is not verified.
func (in *Intake) webFormSubmission(ctx context.Context, r stream.Record) error {
	var s ticket.WebFormSubmission
	if err := decode(r, &s); err != nil {
		return err
	}
	if s.TicketID == uuid.Nil || s.Email == "" || s.Message == "" {
		return stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "a form submission without ticket id, address or message"))
	}
	return in.store(ctx, r, inbound{
		channel: ticket.WebForm, externalID: webform.SubmissionID(s.TicketID), author: ticket.Customer,
		sender: identity{identityEmail, s.Email, false}, senderName: s.Name,
		key: s.TicketID.String(), subject: s.Subject, category: s.Category, priority: s.Priority,
		replyTo: s.Email, body: s.Message, at: at(s.At, r),
	})
}

// webFormMessage stores a further message written on the ticket page, which
// may belong to a conversation of any channel.
func (in *Intake) webFormMessage(ctx context.Context, r stream.Record) error {
	var w ticket.WebFormMessage
	if err := decode(r, &w); err != nil {
		return err
	}
	if w.TicketID == uuid.Nil || w.N == "" || w.Message == "" {
		return stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "a ticket page message without ticket id, number or text"))
	}
	conv, err := in.conversationOfTicket(ctx, w.TicketID)
	if err != nil {
		return err
	}
	m := inbound{
		channel: ticket.WebForm, externalID: webform.MessageID(w.TicketID, w.N), author: ticket.Customer, body: w.Message, at: at(w.At, r),
	}
	if _, err := insert(ctx, in.DB.Queries, conv.ID, m); err != nil {
		return err
	}
	return in.publish(ctx, r, m)
}

// conversationOfTicket finds the conversation behind a ticket id: through the
// stored ticket, or as the web form conversation that has it as its key.
func (in *Intake) conversationOfTicket(ctx context.Context, id uuid.UUID) (schema.Conversation, error) {
	stored, err := in.DB.TicketByID(ctx, id)
	if err == nil {
		return in.DB.Conversation(ctx, stored.ConversationID)
	}
	if !schema.NoRows(err) {
		return schema.Conversation{}, err
	}
	conv, err := in.DB.ConversationByKey(ctx, schema.ConversationByKeyParams{Channel: ticket.WebForm, Key: id.String()})
	if schema.NoRows(err) {
		return conv, ticket.Wrap(ticket.CodeUnavailable, errNotStored, "storing a ticket page message")
	}
	return conv, err
}
