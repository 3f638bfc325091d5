package workers

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// Bounds of what becomes part of a key, in bytes. The edge is stricter.
const (
	maxAddress = 400
	maxID      = 200
)

// webFormSubmission stores the first message of a form ticket. Its address was
// typed, not proved, so the sender is not verified.
func (in *Intake) webFormSubmission(ctx context.Context, r stream.Record) error {
	var s ticket.WebFormSubmission
	if err := decode(r, &s); err != nil {
		return err
	}
	address, body := strings.ToLower(text.Line(s.Email)), text.Sanitize(s.Message)
	if s.TicketID == uuid.Nil || !plain(address, maxAddress) || !strings.Contains(address, "@") || strings.TrimSpace(body) == "" {
		return stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "a form submission without ticket id, address or message"))
	}
	var claims []identity
	if number, ok := phoneNumber(s.Phone); ok {
		claims = append(claims, identity{kind: identityWhatsApp, value: number})
	}
	return in.store(ctx, r, inbound{
		channel: ticket.WebForm, externalID: webform.SubmissionID(s.TicketID), author: ticket.Customer,
		sender: identity{identityEmail, address, false}, senderName: text.Line(s.Name),
		keys: []string{s.TicketID.String()}, participants: []string{address}, subject: text.Line(s.Subject),
		category: oneOf(s.Category, webform.Categories(), "general"), priority: oneOf(s.Priority, webform.Priorities(), webform.DefaultPriority),
		replyTo: address, body: body, words: body, claims: claims, at: at(s.At, r),
	})
}

// oneOf returns s, or otherwise if it is none of the words: a message is not
// refused because another version of the form knows other words.
func oneOf(s string, words []string, otherwise string) string {
	if slices.Contains(words, s) {
		return s
	}
	return otherwise
}

// webFormMessage stores a further message written on the ticket page, which
// may belong to a conversation of any channel.
func (in *Intake) webFormMessage(ctx context.Context, r stream.Record) error {
	var w ticket.WebFormMessage
	if err := decode(r, &w); err != nil {
		return err
	}
	body := text.Sanitize(w.Message)
	if w.TicketID == uuid.Nil || !plain(w.N, maxID) || strings.TrimSpace(body) == "" {
		return stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "a ticket page message without ticket id, number or text"))
	}
	m := inbound{
		channel: ticket.WebForm, externalID: webform.MessageID(w.TicketID, w.N), author: ticket.Customer, body: body, at: at(w.At, r),
	}
	conv, proved, err := in.conversationOfTicket(ctx, w.TicketID)
	if schema.NoRows(err) {
		return in.orphan(ctx, r, m.externalID)
	}
	if err != nil {
		return err
	}
	in.waiting.over(m.externalID, inLane(m.externalID))
	m.sender.verified = proved
	if _, err := insert(ctx, in.DB.Queries, conv.ID, m); err != nil {
		return err
	}
	return in.publish(ctx, r, m)
}

// orphan holds back a page message whose submission is not stored: in its lane
// for a while, then at the end of the topic, for the submission may lie behind
// it in that very lane.
func (in *Intake) orphan(ctx context.Context, r stream.Record, id string) error {
	switch {
	case in.waiting.expired(id, orphanAfter):
		in.waiting.over(inLane(id))
		return stream.Poison("no_conversation", ticket.Wrap(ticket.CodeInvalid, errNotStored, "waiting for the submission of the ticket"))
	case in.waiting.expired(inLane(id), orphanInLane):
		return in.Publisher.Publish(ctx, r.Event)
	default:
		return ticket.Wrap(ticket.CodeUnavailable, errNotStored, "storing a ticket page message")
	}
}

// inLane names the wait of an event that holds up its lane.
func inLane(id string) string { return id + " in its lane" }

// conversationOfTicket finds the conversation behind a ticket id: through the
// stored ticket, or as the web form conversation that has it as its key. It is
// proved who holds the id when only a verified customer can have been given it:
// not that of a form, nor one from before a phone number changed hands.
func (in *Intake) conversationOfTicket(ctx context.Context, id uuid.UUID) (conv schema.Conversation, proved bool, err error) {
	stored, err := in.DB.TicketByID(ctx, id)
	if schema.NoRows(err) {
		conv, err = in.DB.ConversationByKey(ctx, schema.ConversationByKeyParams{Channel: ticket.WebForm, Key: id.String()})
		return conv, false, err
	}
	if err == nil {
		conv, err = in.DB.Conversation(ctx, stored.ConversationID)
	}
	proved = conv.Channel != ticket.WebForm && conv.SenderVerified
	if conv.CustomerSince != nil && stored.CreatedAt.Before(*conv.CustomerSince) {
		proved = false
	}
	return conv, proved, err
}
