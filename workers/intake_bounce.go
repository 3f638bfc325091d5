package workers

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// bouncedMail follows a mail server's report. It is stored in the conversation
// it concerns, in words of ours: what a report says was written by anybody. One
// that a mail of ours has failed on asks for a person, since the customer has
// heard nothing. known is false for a report about nothing of ours.
func (in *Intake) bouncedMail(ctx context.Context, r stream.Record, bounce *email.Bounce, m inbound) (known bool, err error) {
	part, err := in.bouncedPart(ctx, bounce)
	if err != nil || part == nil {
		return false, err
	}
	m.sender, m.body, m.quoted, m.subject, m.attachments = identity{}, bounce.Why(), m.body, "", nil
	m.wordless, m.rfcReferences = ticket.WordlessNot, nil
	err = in.DB.Tx(ctx, func(q *schema.Queries) error {
		if _, err := q.LockConversation(ctx, part.ConversationID); err != nil {
			return err
		}
		if err := q.NoteMailReport(ctx, schema.NoteMailReportParams{
			ProviderID: part.ProviderID, Status: strings.TrimSpace(string(bounce.Action) + " " + bounce.Status), PartID: part.ID,
		}); err != nil {
			return err
		}
		if bounce.Failed() {
			if err := q.RecordMailBounce(ctx, schema.RecordMailBounceParams{PartID: part.ID, Error: bounce.Why()}); err != nil {
				return err
			}
		}
		// Only the address that our mail went to: a report may name any.
		if bounce.Hard() && slices.Contains(bounce.Recipients, part.Recipient) {
			if err := q.SuppressBouncedAddress(ctx, schema.SuppressBouncedAddressParams{Address: part.Recipient, At: m.at}); err != nil {
				return err
			}
		}
		_, err := insert(ctx, q, part.ConversationID, m)
		return err
	})
	if err != nil {
		return false, err
	}
	if err := in.publish(ctx, r, m); err != nil || !bounce.Failed() {
		return true, err
	}
	return true, in.undelivered(ctx, r, part.ID, "bounce:"+m.externalID, bounce.Why())
}

// bouncedPart returns the mail of ours that a report is about, nil if it is
// about none. Our own id is looked for first: only a mail server and the
// recipient know it, and Gmail does not change it.
func (in *Intake) bouncedPart(ctx context.Context, bounce *email.Bounce) (*schema.MailPartRow, error) {
	if id, err := uuid.Parse(bounce.OutboundID); err == nil {
		part, err := in.DB.MailPart(ctx, id)
		if !schema.NoRows(err) {
			return &part, err
		}
	}
	if bounce.MessageID == "" {
		return nil, nil
	}
	part, err := in.DB.MailPartByMessageID(ctx, bounce.MessageID)
	if schema.NoRows(err) {
		return nil, nil
	}
	found := schema.MailPartRow(part)
	return &found, err
}
