package workers

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// thread finds the conversation a mail belongs to: by In-Reply-To, by each of
// References from the last, then by the signed address it was sent to, never by
// subject. Only who takes part in a conversation can enter it; stranger says
// that the mail names one of ours whose sender does not. An empty sender is
// the mailbox itself and takes part everywhere.
func (in *Intake) thread(ctx context.Context, mail *email.Mail, sender string) (conv *schema.Conversation, stranger bool, err error) {
	candidates, err := in.candidates(ctx, mail)
	if err != nil {
		return nil, false, err
	}
	for _, id := range candidates {
		c, err := in.DB.Conversation(ctx, id)
		if schema.NoRows(err) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if sender == "" || slices.Contains(c.Participants, sender) {
			return &c, false, nil
		}
		stranger = true
	}
	return nil, stranger, nil
}

// candidates names the conversations that a mail refers to, the best first.
func (in *Intake) candidates(ctx context.Context, mail *email.Mail) ([]uuid.UUID, error) {
	refs := mail.ThreadRefs()
	rows, err := in.DB.ConversationsByRFCMessageID(ctx, refs)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, ref := range refs {
		for _, row := range rows {
			if row.RfcMessageID != nil && *row.RfcMessageID == ref && !slices.Contains(ids, row.ConversationID) {
				ids = append(ids, row.ConversationID)
			}
		}
	}
	for _, address := range mail.Recipients() {
		if id, ok := in.Secrets.ConversationOf(address); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// newRoot returns the key of a conversation that the mail begins, or of one
// that a mail of the same unknown thread has begun. A stranger never meets a
// conversation of somebody else under it, whatever ids his mail bears.
func (in *Intake) newRoot(ctx context.Context, e ticket.EmailRaw, mail *email.Mail, stranger bool) (string, error) {
	var roots []string
	if !stranger {
		roots = append(roots, mail.RootKey(e.GmailID))
	}
	if mail.MessageID != "" {
		roots = append(roots, mail.MessageID)
	}
	own := "gmail:" + e.GmailID
	for _, root := range roots {
		key := e.Mailbox + " " + root
		c, err := in.DB.ConversationByKey(ctx, schema.ConversationByKeyParams{Channel: ticket.Email, Key: key})
		if schema.NoRows(err) || (err == nil && slices.Contains(c.Participants, mail.From.Address)) {
			return key, nil
		}
		if err != nil {
			return "", err
		}
	}
	return e.Mailbox + " " + own, nil
}
