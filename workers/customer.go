package workers

import (
	"context"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
)

// Kinds of identities (column customer_identities.kind).
const (
	identityEmail    = "email"
	identityWhatsApp = "whatsapp"
)

// keep stores a customer's message in one transaction, with all that follows
// from it about who he is: in the conversation that is known, or in that of its
// keys. A message that is stored already changes nothing.
//
// Locks are always taken in this order: who is one with whom, the identity, the
// customer, the conversation, the rows of customers.
func (in *Intake) keep(ctx context.Context, m inbound, known *schema.Conversation) error {
	evidence, err := in.evidence(ctx, m, known)
	if err != nil {
		return err
	}
	return in.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := evidence.lock(ctx, q); err != nil {
			return err
		}
		_, err := q.MessageByExternalID(ctx, schema.MessageByExternalIDParams{Channel: m.channel, ExternalID: m.externalID})
		if !schema.NoRows(err) {
			return err
		}
		return in.keepFresh(ctx, q, m, known, evidence)
	})
}

func (in *Intake) keepFresh(ctx context.Context, q *schema.Queries, m inbound, known *schema.Conversation, e evidence) error {
	var sender uuid.UUID
	var err error
	if m.sender.verified {
		if sender, err = in.sender(ctx, q, m); err != nil {
			return err
		}
	}
	conv, err := in.place(ctx, q, m, sender, known)
	if err != nil {
		return err
	}
	began, link := m.sender, false
	if m.sender.verified {
		// Whoever takes part without being the customer proves nothing here.
		if m.sender.verified, link, err = e.proves(ctx, q, conv, sender); err != nil {
			return err
		}
	}
	m.id = uuid.New()
	target, err := in.sameWords(ctx, q, &m, conv, sender)
	if err != nil {
		return err
	}
	if err := heed(ctx, q, target, m); err != nil {
		return err
	}
	fresh, err := insert(ctx, q, target, m)
	if err != nil || !fresh {
		return err
	}
	if err := in.claim(ctx, q, conv, began, m); err != nil {
		return err
	}
	return e.apply(ctx, q, m, conv, sender, link)
}

// place returns the conversation of a message.
func (in *Intake) place(ctx context.Context, q *schema.Queries, m inbound, sender uuid.UUID, known *schema.Conversation) (schema.Conversation, error) {
	if known == nil {
		return in.conversation(ctx, q, m, sender)
	}
	return q.Conversation(ctx, known.ID) // as it is under the locks
}

// sender finds or makes the customer of an identity that its channel has
// proved. A phone number that nobody wrote from for long may have been given to
// somebody else, who then is a new customer.
func (in *Intake) sender(ctx context.Context, q *schema.Queries, m inbound) (uuid.UUID, error) {
	known, err := q.GetIdentity(ctx, schema.GetIdentityParams{Kind: m.sender.kind, Value: m.sender.value})
	found := err == nil
	if err != nil && !schema.NoRows(err) {
		return uuid.Nil, err
	}
	lapsed := found && m.sender.kind == identityWhatsApp && in.NumberLapse > 0 && m.at.Sub(known.SeenAt) > in.NumberLapse
	if found && !lapsed {
		return known.CustomerID, q.SeeIdentity(ctx, schema.SeeIdentityParams{Kind: m.sender.kind, Value: m.sender.value, SeenAt: m.at})
	}
	customer := schema.InsertCustomerParams{ID: uuid.New(), Name: m.senderName}
	if m.sender.kind == identityEmail {
		customer.PrimaryEmail = &m.sender.value
	}
	if err := q.InsertCustomer(ctx, customer); err != nil {
		return uuid.Nil, err
	}
	if lapsed {
		return customer.ID, q.MoveNumber(ctx, schema.MoveNumberParams{
			CustomerID: customer.ID, At: m.at, Number: m.sender.value, FormerID: known.CustomerID,
		})
	}
	return customer.ID, q.InsertIdentity(ctx, schema.InsertIdentityParams{
		Kind: m.sender.kind, Value: m.sender.value, CustomerID: customer.ID, SeenAt: m.at,
	})
}
