package workers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// Publisher returns when the broker has the events.
type Publisher interface {
	Publish(ctx context.Context, events ...stream.Event) error
}

// Mailboxes wakes the workflow that reads a mailbox.
type Mailboxes interface {
	Wake(ctx context.Context, mailbox string) error
}

// Intake turns one raw event of a channel into one stored message: it finds or
// makes customer and conversation and stores the message in one transaction,
// then publishes its ids. An event whose message is stored already is
// published again: only the turn decides that a message is done.
type Intake struct {
	DB        *schema.DB
	Publisher Publisher
	Mailboxes Mailboxes // nil when the email channel is off
	Mailbox   string    // our address
	// MailGroups are addresses of ours that pass mail on to Mailbox.
	MailGroups []string
	// WhatsAppTemplate is the ContentSid of the approved template that asks a
	// customer to write; empty when there is none.
	WhatsAppTemplate string
	Secrets          ticket.Secrets
	Logger           *slog.Logger
	// NumberLapse is after how much silence a phone number may belong to
	// somebody else; zero means never.
	NumberLapse time.Duration

	waiting waiting
}

// Handle processes one record of a channel topic.
func (in *Intake) Handle(ctx context.Context, r stream.Record) error {
	var err error
	switch r.Type {
	case ticket.TypeWhatsAppMessage:
		err = in.whatsAppMessage(ctx, r)
	case ticket.TypeWhatsAppStatus:
		err = in.whatsAppStatus(ctx, r)
	case ticket.TypeWebFormSubmission:
		err = in.webFormSubmission(ctx, r)
	case ticket.TypeWebFormMessage:
		err = in.webFormMessage(ctx, r)
	case ticket.TypeGmailPush:
		err = in.gmailPush(ctx, r)
	case ticket.TypeEmailRaw:
		err = in.emailRaw(ctx, r)
	default:
		return stream.Poison("unknown_type", fmt.Errorf("no handler for events of type %q", r.Type))
	}
	return schema.Classify(err)
}

// decode reads an event's value into v; what cannot be read is poison.
func decode(r stream.Record, v any) error {
	if err := json.Unmarshal(r.Value, v); err != nil {
		return stream.Poison("malformed", fmt.Errorf("decoding a %s event: %w", r.Type, err))
	}
	return nil
}

// invalid turns an error of our own parsers into poison and leaves every other
// error, such as that of a dependency, to block the lane.
func invalid(err error) error {
	if ticket.CodeOf(err) == ticket.CodeInvalid {
		return stream.Poison("invalid", err)
	}
	return err
}

// plain reports whether s can be part of a key: one line of at most so many
// bytes without anything that Postgres would refuse.
func plain(s string, most int) bool {
	return s != "" && len(s) <= most && text.Line(s) == s
}

// inbound is a message as a channel delivered it, before it is stored. Its
// texts are sanitised, so that the database takes every one of them.
type inbound struct {
	channel    ticket.Channel
	externalID string
	author     ticket.Author
	sender     identity
	senderName string
	// keys identify the conversation, the best first; the last belongs to this
	// sender alone. Subject, category and priority describe a new one.
	keys                        []string
	subject, category, priority string
	// participants may enter a new conversation later.
	participants []string
	replyTo      string
	gmailThread  *string
	body, quoted string
	// words are the sender's own new ones for us alone: what links customers
	// is looked for in nothing else.
	words         string
	rfcMessageID  *string
	rfcReferences []string
	suppress      string
	wordless      ticket.Wordless
	command       ticket.Command
	attachments   []attachment
	at            time.Time
	claims        []identity // what a form says besides the address

	// What is known once the message is about to be stored.
	id   uuid.UUID
	home *uuid.UUID // of a message that joins another conversation
	hash []byte     // of its words, when they are compared
}

// attachment is what came with a message besides its words.
type attachment struct {
	name, contentType, sha256 string
	size                      int64 // in bytes, zero when nobody says
	tooLarge                  bool
}

// identity is who a channel says a sender is, and whether it proved that. Its
// value is empty when nobody can say.
type identity struct {
	kind, value string
	verified    bool
}

// store keeps a message, with its customer and conversation, and publishes its ids.
func (in *Intake) store(ctx context.Context, r stream.Record, m inbound) error {
	if err := in.keep(ctx, m, nil); err != nil {
		return err
	}
	return in.publish(ctx, r, m)
}

// insert stores a message of a known conversation once; fresh is false when it
// had been delivered before.
func insert(ctx context.Context, q *schema.Queries, conversation uuid.UUID, m inbound) (fresh bool, err error) {
	id, err := q.InsertMessage(ctx, schema.InsertMessageParams{
		ID: cmp.Or(m.id, uuid.New()), ConversationID: conversation, Channel: m.channel, ExternalID: m.externalID, Author: m.author,
		Subject: m.subject, Body: m.body, Quoted: m.quoted, RfcMessageID: m.rfcMessageID,
		RfcReferences: nonNil(m.rfcReferences), SuppressReason: m.suppress, ProviderAt: m.at,
		Verified: m.sender.verified, Wordless: m.wordless, Command: m.command,
		HomeID: m.home, TextHash: m.hash,
	})
	if schema.NoRows(err) {
		return false, nil
	}
	for i, a := range m.attachments {
		if err != nil {
			break
		}
		err = q.InsertAttachment(ctx, schema.InsertAttachmentParams{
			MessageID: id, Ordinal: int32(i + 1), Name: a.name, ContentType: a.contentType, Size: a.size, Sha256: a.sha256, TooLarge: a.tooLarge,
		})
	}
	return err == nil, err
}

// publish tells the bridge about a stored message, whoever wrote it.
func (in *Intake) publish(ctx context.Context, r stream.Record, m inbound) error {
	failpoint.Here("intake.afterCommit")
	stored, err := in.DB.MessageByExternalID(ctx, schema.MessageByExternalIDParams{Channel: m.channel, ExternalID: m.externalID})
	if err != nil {
		return err
	}
	received := ticket.MessageReceived{
		MessageID: stored.ID, ConversationID: stored.ConversationID, CustomerID: stored.CustomerID,
		Channel: stored.Channel, WorkflowID: stored.WorkflowID, ReceivedAt: stored.ProviderAt,
	}
	if m.author != ticket.Customer {
		received.Author = m.author
	}
	event, err := receivedEvent(r, m.externalID, received)
	if err != nil {
		return err
	}
	return in.Publisher.Publish(ctx, event)
}

// receivedEvent tells the bridge of a message because of a record.
func receivedEvent(r stream.Record, id string, m ticket.MessageReceived) (stream.Event, error) {
	value, err := json.Marshal(m)
	if err != nil {
		return stream.Event{}, fmt.Errorf("encoding a received message: %w", err)
	}
	return stream.Event{
		Topic: ticket.TopicTicketsIncoming, Key: m.CustomerID.String(), ID: id, Type: ticket.TypeMessageReceived,
		Source: "fte/intake", Time: time.Now(), CorrelationID: r.CorrelationID, TraceParent: r.TraceParent, Value: value,
	}, nil
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
