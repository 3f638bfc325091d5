package workers

import (
	"context"
	"errors"
	"slices"


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
	if push.Mailbox != in.Mailbox {
		return stream.Poison("unknown_mailbox", errors.New("a push for a mailbox that is not GMAIL_MAILBOX"))
	}
	if in.Mailboxes == nil {
		return ticket.Errorf(ticket.CodeUnavailable, "the email channel is not configured on this worker; set the GMAIL_* settings")
	}
	return in.Mailboxes.Wake(ctx, push.Mailbox)
}

// emailRaw parses a stored mail and stores it as a message.
func (in *Intake) emailRaw(ctx context.Context, r stream.Record) error {
	var e ticket.EmailRaw
	if err := decode(r, &e); err != nil {
		return err
	}
	raw, err := in.DB.RawEvent(ctx, e.RawRef)
	if schema.NoRows(err) {
		return stream.Poison("raw_missing", errors.New("the raw mail this event refers to is not stored"))
	}
	if err != nil {
		return err
	}
	mail, err := email.Parse(raw.Body)
	if err != nil {
		return invalid(err)
	}
	sent := slices.Contains(raw.Labels, email.LabelSent)
	if sent && mail.OutboundID != "" {
		return nil // our own reply, stored when it was made
	}
	m := inbound{
		channel: ticket.Email, externalID: r.ID, author: ticket.Customer,
		sender: identity{identityEmail, mail.From.Address, mail.DMARC}, senderName: mail.From.Name,
		subject: mail.Subject, category: "general", priority: "medium", replyTo: mail.From.Address,
		body: mail.Text, quoted: mail.Quoted, rfcReferences: mail.References, suppress: string(mail.Suppress(in.Mailbox)), at: raw.ProviderAt,
	}
	if mail.MessageID != "" {
		m.rfcMessageID = &mail.MessageID
	}
	if e.ThreadID != "" {
		m.gmailThread = &e.ThreadID
	}
	if sent {
		return in.staffMail(ctx, mail, m)
	}
	known, stranger, err := in.thread(ctx, mail, mail.From.Address)
	if err != nil {
		return err
	}
	if known != nil {
		if err := in.join(ctx, known, m); err != nil {
			return err
		}
		return in.publish(ctx, r, m)
	}
	if m.key, err = in.newRoot(ctx, e, mail, stranger); err != nil {
		return err
	}
	return in.store(ctx, r, m)
}

// join stores a mail in a conversation it belongs to, which may have begun on
// another channel. A reply from an address that was only claimed proves it.
func (in *Intake) join(ctx context.Context, conv *schema.Conversation, m inbound) error {
	return in.DB.Tx(ctx, func(q *schema.Queries) error {
		if m.sender.verified {
			if err := q.VerifyIdentity(ctx, schema.VerifyIdentityParams{Kind: m.sender.kind, Value: m.sender.value}); err != nil {
				return err
			}
		}
		_, err := insert(ctx, q, conv.ID, m)
		return err
	})
}

// staffMail stores what a person wrote from the mailbox in a conversation of
// ours. With it the person has taken over: the assistant sends nothing more.
func (in *Intake) staffMail(ctx context.Context, mail *email.Mail, m inbound) error {
	known, _, err := in.thread(ctx, mail, "")
	if err != nil || known == nil {
		return err
	}
	m.author = ticket.Staff
	return in.DB.Tx(ctx, func(q *schema.Queries) error {
		if _, err := q.LockConversation(ctx, known.ID); err != nil {
			return err
		}
		fresh, err := insert(ctx, q, known.ID, m)
		if err != nil || !fresh {
			return err
		}
		return q.TakeOver(ctx, known.ID)
	})
}
