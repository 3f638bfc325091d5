package workers

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
)

// conversation finds or makes the conversation of a message: under the first
// of its keys that is free or belongs to a conversation its sender takes part
// in. Two strangers may write under one key at once, so who was first is read
// in the transaction that stores the message. A verified sender never meets a
// conversation that somebody else has begun in his name.
func (in *Intake) conversation(ctx context.Context, q *schema.Queries, m inbound, sender uuid.UUID) (conv schema.Conversation, err error) {
	for i, key := range m.keys {
		if conv, err = in.conversationUnder(ctx, q, m, sender, key); err != nil || i == len(m.keys)-1 {
			return conv, err
		}
		if !slices.Contains(conv.Participants, m.sender.value) {
			continue
		}
		if !m.sender.verified {
			return conv, nil
		}
		if same, err := q.SameCustomer(ctx, schema.SameCustomerParams{A: conv.CustomerID, B: sender}); err != nil || same {
			return conv, err
		}
	}
	return conv, nil
}

// conversationUnder finds or makes the conversation with this key, whoever
// takes part in it. Who is not verified is a customer of his own in each.
func (in *Intake) conversationUnder(ctx context.Context, q *schema.Queries, m inbound, sender uuid.UUID, key string) (schema.Conversation, error) {
	byKey := schema.ConversationByKeyParams{Channel: m.channel, Key: key}
	conv, err := q.ConversationByKey(ctx, byKey)
	if !schema.NoRows(err) {
		return conv, err
	}
	customer := sender
	if !m.sender.verified {
		customer = uuid.New()
		if err := q.InsertCustomer(ctx, schema.InsertCustomerParams{ID: customer, Name: m.senderName}); err != nil {
			return conv, err
		}
	}
	if err := q.InsertConversation(ctx, schema.InsertConversationParams{
		ID: uuid.New(), Channel: m.channel, Key: key, WorkflowID: in.Secrets.WorkflowID(m.channel, key),
		CustomerID: customer, SenderVerified: m.sender.verified, Subject: m.subject, Participants: nonNil(m.participants),
		ReplyTo: m.replyTo, GmailThreadID: m.gmailThread, InitialCategory: m.category, InitialPriority: m.priority,
	}); err != nil {
		return conv, err
	}
	conv, err = q.ConversationByKey(ctx, byKey)
	if err == nil && customer != sender && customer != conv.CustomerID {
		err = q.DropCustomer(ctx, customer) // somebody else was first
	}
	return conv, err
}
