package workers

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// whatsAppMessage stores what a customer wrote, and what somebody wrote to a
// customer without this service.
func (in *Intake) whatsAppMessage(ctx context.Context, r stream.Record) error {
	var e ticket.WhatsAppEvent
	if err := decode(r, &e); err != nil {
		return err
	}
	m, err := whatsapp.Parse(e.Params)
	if err != nil {
		return invalid(err)
	}
	if whatsapp.Outbound(e.Params) {
		return in.whatsAppPastUs(ctx, r, m)
	}
	key := whatsapp.ConversationKey(m.To, m.From)
	quoted, err := in.quotedWhatsApp(ctx, m, key)
	if err != nil {
		return err
	}
	words := m.Body
	if m.Forwarded {
		words = "" // somebody else's
	}
	return in.store(ctx, r, inbound{
		channel: ticket.WhatsApp, externalID: whatsapp.EventID(m.SID, ""), author: ticket.Customer,
		sender: identity{identityWhatsApp, m.From, true}, senderName: m.ProfileName,
		keys: []string{key}, participants: []string{m.From}, category: "general", priority: "medium", replyTo: m.From,
		body: m.TextInReplyTo(quoted), words: words, wordless: m.Wordless(), command: m.Command(), attachments: whatsAppMedia(m),
		// Twilio gives a message no time of its own; the edge's is the nearest.
		at: r.Time,
	})
}

// quotedWhatsApp returns the text of the message that this one quotes; empty
// when it quotes none that we know.
func (in *Intake) quotedWhatsApp(ctx context.Context, m *whatsapp.Inbound, key string) (string, error) {
	if m.RepliedTo == "" {
		return "", nil
	}
	quoted, err := in.DB.QuotedWhatsApp(ctx, schema.QuotedWhatsAppParams{Sid: m.RepliedTo, Key: key, Customer: m.From})
	if schema.NoRows(err) {
		return "", nil
	}
	return quoted, err
}

// whatsAppMedia notes what came with the words. The addresses are not kept:
// whoever has one and the account's token can read the file.
func whatsAppMedia(m *whatsapp.Inbound) []attachment {
	all := make([]attachment, m.NumMedia)
	for i, media := range m.Media {
		all[i].contentType = media.ContentType
	}
	return all
}

// whatsAppPastUs stores what somebody wrote to a customer from our number, but
// not through this service: with it a person has taken over, as with a mail
// that was sent from the mailbox. To somebody who never wrote to us here it is
// none of our business.
func (in *Intake) whatsAppPastUs(ctx context.Context, r stream.Record, m *whatsapp.Inbound) error {
	conv, err := in.DB.ConversationByKey(ctx, schema.ConversationByKeyParams{
		Channel: ticket.WhatsApp, Key: whatsapp.ConversationKey(m.From, m.To),
	})
	if schema.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	sent := inbound{
		channel: ticket.WhatsApp, externalID: whatsapp.EventID(m.SID, ""), author: ticket.Staff,
		sender: identity{verified: true}, // it went to the number that the customer writes from
		body:   m.SentText(), attachments: whatsAppMedia(m), at: r.Time,
	}
	if err := in.takeOver(ctx, &conv, sent); err != nil {
		return err
	}
	return in.publish(ctx, r, sent)
}

// heed does what a message tells the service itself, in the transaction that
// stores it. While it holds the conversation nothing of the assistant can be
// handed to a provider, and afterwards it sees that it may not. A message that
// comes again, or later than one that says the opposite, changes nothing.
func heed(ctx context.Context, q *schema.Queries, conversation uuid.UUID, m inbound) error {
	if m.command != ticket.CommandStop && m.command != ticket.CommandStart {
		return nil
	}
	if _, err := q.LockConversation(ctx, conversation); err != nil {
		return err
	}
	due, err := q.CommandIsDue(ctx, schema.CommandIsDueParams{ConversationID: conversation, ProviderAt: m.at, ExternalID: m.externalID})
	if err != nil || !due {
		return err
	}
	if m.command == ticket.CommandStart {
		return q.Unsuppress(ctx, schema.UnsuppressParams{Kind: m.sender.kind, Value: m.sender.value})
	}
	if err := q.Suppress(ctx, schema.SuppressParams{Kind: m.sender.kind, Value: m.sender.value, Reason: reasonStop}); err != nil {
		return err
	}
	return q.CancelAutomatic(ctx, conversation)
}

// reasonStop says that the customer wanted no more automatic messages (column
// suppressions.reason).
const reasonStop = "stop"

// at returns t, or the record's own time when t is missing.
func at(t time.Time, r stream.Record) time.Time {
	if t.IsZero() {
		return r.Time
	}
	return t
}
