package workers

import (
	"context"
	"errors"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// gmailPush wakes the workflow that reads the mailbox; the push itself says
// nothing but that something has changed.
func (in *Intake) gmailPush(ctx context.Context, r stream.Record) error {
	var push ticket.GmailPush
	if err := decode(r, &push); err != nil {
		return err
	}
	if in.Mailboxes == nil {
		return ticket.Errorf(ticket.CodeUnavailable, "the email channel is not configured on this worker; set the GMAIL_* settings")
	}
	if !strings.EqualFold(push.Mailbox, in.Mailbox) {
		return stream.Poison("unknown_mailbox", errors.New("a push for a mailbox that is not GMAIL_MAILBOX"))
	}
	return in.Mailboxes.Wake(ctx, in.Mailbox)
}

// emailRaw parses a stored mail and stores it as a message.
func (in *Intake) emailRaw(ctx context.Context, r stream.Record) error {
	var e ticket.EmailRaw
	if err := decode(r, &e); err != nil {
		return err
	}
	if !plain(e.Mailbox, maxAddress) || !plain(e.GmailID, maxID) {
		return stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "the reference to a mail without mailbox or id"))
	}
	raw, err := in.DB.RawEvent(ctx, e.RawRef)
	if schema.NoRows(err) {
		return stream.Poison("raw_missing", errors.New("the raw mail this event refers to is not stored"))
	}
	if err != nil {
		return err
	}
	mail, err := email.Parser{Groups: in.MailGroups}.Parse(raw.Body)
	if err != nil {
		return invalid(err)
	}
	m := in.inboundMail(e, mail)
	m.at = raw.ProviderAt
	if slices.Contains(raw.Labels, email.LabelSent) {
		return in.sentMail(ctx, r, mail, m)
	}
	if mail.Bounce != nil {
		if known, err := in.bouncedMail(ctx, r, mail.Bounce, m); err != nil || known {
			return err
		}
	}
	if err := in.liftBounce(ctx, m); err != nil {
		return err
	}
	return in.customerMail(ctx, r, e, mail, m)
}

func (in *Intake) inboundMail(e ticket.EmailRaw, mail *email.Mail) inbound {
	from := mail.From.Address
	m := inbound{
		channel: ticket.Email, externalID: "gmail:" + e.Mailbox + ":" + e.GmailID, author: ticket.Customer,
		sender: identity{identityEmail, from, mail.DMARC}, senderName: mail.From.Name, replyTo: from,
		subject: mail.Subject, category: "general", priority: "medium",
		quoted: mail.Quoted, rfcReferences: mail.References,
		suppress: string(mail.Suppress(append([]string{in.Mailbox, e.Mailbox}, in.MailGroups...)...)),
	}
	m.body, m.wordless = mail.Body()
	if in.onlyToUs(mail) {
		m.words = ownWords(mail.Subject, mail.Text)
	}
	for _, a := range mail.Attachments {
		m.attachments = append(m.attachments, attachment{
			name: a.Name, contentType: a.ContentType, sha256: a.SHA256, size: int64(a.Size), tooLarge: a.TooLarge(),
		})
	}
	// People answer to Reply-To, so who reads there takes part.
	for _, address := range []string{from, mail.ReplyTo.Address} {
		if address != "" && !slices.Contains(m.participants, address) {
			m.participants = append(m.participants, address)
		}
	}
	if mail.MessageID != "" {
		m.rfcMessageID = &mail.MessageID
	}
	if plain(e.ThreadID, maxID) {
		m.gmailThread = &e.ThreadID
	}
	return m
}

// liftBounce forgets that an address did not exist once its owner proves to
// write from it.
func (in *Intake) liftBounce(ctx context.Context, m inbound) error {
	if !m.sender.verified || m.sender.value == "" {
		return nil
	}
	return in.DB.LiftBouncedAddress(ctx, schema.LiftBouncedAddressParams{Address: m.sender.value, At: m.at})
}

func (in *Intake) customerMail(ctx context.Context, r stream.Record, e ticket.EmailRaw, mail *email.Mail, m inbound) error {
	from := mail.From.Address
	known, stranger, err := in.thread(ctx, mail, func(c schema.Conversation) bool {
		return from != "" && slices.Contains(c.Participants, from)
	})
	if err != nil {
		return err
	}
	if known == nil {
		m.keys = roots(e, mail, stranger)
		return in.store(ctx, r, m)
	}
	if err := in.join(ctx, known, m); err != nil {
		return err
	}
	return in.publish(ctx, r, m)
}

// join stores a mail in a conversation it belongs to, which may have begun on
// another channel. A reply from an address that was only claimed proves it.
func (in *Intake) join(ctx context.Context, conv *schema.Conversation, m inbound) error {
	return in.keep(ctx, m, conv)
}

// onlyToUs reports whether nobody else got a mail: a ticket's number that
// others may read says little about who writes it.
func (in *Intake) onlyToUs(mail *email.Mail) bool {
	return !slices.ContainsFunc(slices.Concat(mail.To, mail.Cc), func(to netmail.Address) bool {
		return !in.ours(to.Address) && !slices.Contains(in.MailGroups, strings.ToLower(to.Address))
	})
}

// sentMail follows what left the mailbox. Our own replies were stored when
// they were made; what a person wrote to the customer of a conversation is
// stored there, with it the person has taken over, and the workflow hears of it.
func (in *Intake) sentMail(ctx context.Context, r stream.Record, mail *email.Mail, m inbound) error {
	if mail.OutboundID != "" || wroteItself(mail) {
		return nil
	}
	known, _, err := in.thread(ctx, mail, func(schema.Conversation) bool { return true })
	if err != nil {
		return err
	}
	if known == nil {
		if len(mail.ThreadRefs()) == 0 {
			return nil
		}
		return in.unknownReply(ctx, r, m.externalID)
	}
	in.waiting.over(m.externalID, inLane(m.externalID))
	if !reachesCustomer(mail, known) {
		return nil
	}
	m.author, m.body, m.wordless = ticket.Staff, mail.Text, ticket.WordlessNot
	if err := in.takeOver(ctx, known, m); err != nil {
		return err
	}
	return in.publish(ctx, r, m)
}

// reachesCustomer reports whether a mail of ours goes to the customer. One that
// was passed on to somebody else is not for the customer to read on the ticket
// page, and does not answer him, though he may have named in Reply-To whoever it
// was passed on to.
func reachesCustomer(mail *email.Mail, conv *schema.Conversation) bool {
	return slices.ContainsFunc(mail.Recipients(), func(to string) bool {
		return to == conv.ReplyTo || slices.Contains(conv.Participants, to) && !passedOn.MatchString(mail.Subject)
	})
}

// unknownReply lets what a person sent wait at the end of the topic for the
// mail it replies to, whose partition may be behind; else the assistant would
// answer that mail as well. Its lane, which it shares with every push and all
// that is sent, goes on. Most such mails reply to somebody who never wrote to
// us, so the wait ends in silence.
func (in *Intake) unknownReply(ctx context.Context, r stream.Record, id string) error {
	if in.waiting.expired(id, orphanAfter) {
		in.waiting.over(inLane(id))
		return nil
	}
	if err := in.waiting.lap(ctx, inLane(id)); err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "pausing before a reply waits on")
	}
	return in.Publisher.Publish(ctx, r.Event)
}

// wroteItself reports whether the mail program wrote the mail, such as the
// mailbox's own absence notice: nobody has taken over then.
func wroteItself(mail *email.Mail) bool {
	switch mail.Suppress() {
	case email.SuppressAutoSubmitted, email.SuppressDeliveryReport, email.SuppressBulk:
		return true
	default:
		return false
	}
}

// takeOver stores a person's mail and silences the assistant, once.
func (in *Intake) takeOver(ctx context.Context, conv *schema.Conversation, m inbound) error {
	return in.DB.Tx(ctx, func(q *schema.Queries) error {
		if _, err := q.LockConversation(ctx, conv.ID); err != nil {
			return err
		}
		fresh, err := insert(ctx, q, conv.ID, m)
		if err != nil || !fresh {
			return err
		}
		return q.TakeOver(ctx, conv.ID)
	})
}
