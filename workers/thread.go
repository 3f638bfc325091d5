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
// subject. Only who may enter a conversation gets into it; stranger says that
// the mail names one of ours, but none that its sender may enter.
func (in *Intake) thread(ctx context.Context, mail *email.Mail, mayEnter func(schema.Conversation) bool) (conv *schema.Conversation, stranger bool, err error) {
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
		if mayEnter(c) {
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

// roots returns the keys under which a mail may begin a conversation, or find
// one that an earlier mail of the same unknown thread has begun. The last is
// the mail's own: a stranger never meets a conversation of somebody else,
// whatever ids his mail bears, and who has no address meets none.
func roots(e ticket.EmailRaw, mail *email.Mail, stranger bool) []string {
	var keys []string
	add := func(root string) {
		if key := e.Mailbox + " " + root; root != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if mail.From.Address != "" {
		if !stranger {
			add(mail.RootKey(e.GmailID))
		}
		add(mail.MessageID)
	}
	add("gmail:" + e.GmailID)
	return keys
}
