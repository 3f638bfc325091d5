package staff

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// maxShown is how many tickets of a customer are shown.
const maxShown = 50

// Tiers returns what a customer can be: vip is served before standard.
func Tiers() []string { return []string{"standard", "vip"} }

// Identity is an address or number under which a customer is known because its
// channel has proved it.
type Identity struct {
	Kind   string    `json:"kind"` // email or whatsapp
	Value  string    `json:"value"`
	SeenAt time.Time `json:"seen_at"` // when it was proved last
}

// Claim is an address or number that somebody has only named. It leads to
// nothing until its channel proves it.
type Claim struct {
	Kind     string     `json:"kind"` // email or whatsapp
	Value    string     `json:"value"`
	Ticket   string     `json:"ticket_number,omitempty"` // where it was named
	Own      bool       `json:"own"`                     // by this customer; else somebody else names what is this customer's
	ProvedAt *time.Time `json:"proved_at"`
}

// Customer is a customer as people see him: everything of all those who are one.
type Customer struct {
	ID         uuid.UUID  `json:"customer_id"`
	Name       string     `json:"name"`
	Tier       string     `json:"tier"`
	Since      time.Time  `json:"since"`
	Identities []Identity `json:"identities"`
	Claims     []Claim    `json:"claims"`
	Merges     []Merge    `json:"merges"`
	Tickets    []Ticket   `json:"tickets"` // the newest first, at most 50
}

// Customer returns the customer with this mail address, phone number or ticket
// number. An address that nobody has proved leads to whoever named it last.
// Codes: invalid, notfound.
func (d *Desk) Customer(ctx context.Context, ref string) (Customer, error) {
	id, err := d.customerID(ctx, ref)
	if err != nil {
		return Customer{}, err
	}
	row, err := d.DB.StaffCustomer(ctx, id)
	if err != nil {
		return Customer{}, schema.Classify(err)
	}
	c := Customer{ID: id, Name: row.Name, Tier: row.Tier, Since: row.CreatedAt}
	identities, err := d.DB.IdentitiesOf(ctx, id)
	if err != nil {
		return Customer{}, schema.Classify(err)
	}
	claims, err := d.DB.ClaimsOf(ctx, schema.ClaimsOfParams{CustomerID: id, MaxClaims: maxShown})
	if err != nil {
		return Customer{}, schema.Classify(err)
	}
	merges, err := d.DB.MergesOf(ctx, schema.MergesOfParams{CustomerID: id, MaxMerges: maxShown})
	if err != nil {
		return Customer{}, schema.Classify(err)
	}
	tickets, err := d.DB.TicketsOfCustomer(ctx, schema.TicketsOfCustomerParams{CustomerID: id, MaxTickets: maxShown})
	if err != nil {
		return Customer{}, schema.Classify(err)
	}
	c.Identities, c.Claims = make([]Identity, len(identities)), make([]Claim, len(claims))
	c.Merges, c.Tickets = make([]Merge, len(merges)), make([]Ticket, len(tickets))
	for i, known := range identities {
		c.Identities[i] = Identity(known)
	}
	for i, said := range claims {
		c.Claims[i] = Claim{Kind: said.Kind, Value: said.Value, Ticket: said.Number, Own: said.Own, ProvedAt: said.ProvedAt}
	}
	for i, m := range merges {
		c.Merges[i] = Merge{
			ID: m.ID, Reason: m.Reason, Actor: m.Actor, At: m.CreatedAt, UndoneAt: m.UndoneAt, UndoneBy: m.UndoneBy,
			MergedID: m.MergedID, IntoID: m.IntoID, Ticket: m.Number,
		}
	}
	for i, t := range tickets {
		c.Tickets[i] = ticketOf(schema.StaffTicketRow(t))
	}
	return c, nil
}

// TierChange is a customer's tier before and after.
type TierChange struct {
	CustomerID uuid.UUID `json:"customer_id"`
	Before     string    `json:"before"`
	After      string    `json:"after"`
}

// SetTier sets the tier of the customer with this mail address, phone number or
// ticket number. Codes: invalid, notfound.
func (d *Desk) SetTier(ctx context.Context, actor, ref, tier string) (TierChange, error) {
	if err := CheckActor(actor); err != nil {
		return TierChange{}, err
	}
	if tier != "standard" && tier != "vip" {
		return TierChange{}, ticket.Errorf(ticket.CodeInvalid, "the tier must be %s", strings.Join(Tiers(), " or "))
	}
	id, err := d.customerID(ctx, ref)
	if err != nil {
		return TierChange{}, err
	}
	change := TierChange{CustomerID: id, After: tier}
	err = d.DB.Tx(ctx, func(q *schema.Queries) error {
		// Who is one with this customer must stay so while the tier is set.
		if err := q.LockCustomers(ctx); err != nil {
			return err
		}
		before, err := q.StaffCustomer(ctx, id)
		if err != nil {
			return err
		}
		change.Before = before.Tier
		if err := q.SetTier(ctx, schema.SetTierParams{ID: id, Tier: tier}); err != nil {
			return err
		}
		return audit(ctx, q, actor, "set_tier", "customer:"+id.String(), change)
	})
	return change, schema.Classify(err)
}

func (d *Desk) customerID(ctx context.Context, ref string) (uuid.UUID, error) {
	ref = strings.TrimSpace(ref)
	if _, ok := readNumber(ref); ok {
		t, err := d.Find(ctx, ref)
		return t.CustomerID, err
	}
	key, err := identityOf(ref)
	if err != nil {
		return uuid.Nil, err
	}
	known, err := d.DB.GetIdentity(ctx, key)
	if err == nil {
		id, err := d.DB.CustomerRoot(ctx, known.CustomerID)
		return id, schema.Classify(err)
	}
	if !schema.NoRows(err) {
		return uuid.Nil, schema.Classify(err)
	}
	id, err := d.DB.NewestClaimant(ctx, schema.NewestClaimantParams(key))
	if schema.NoRows(err) {
		return uuid.Nil, unknown("nobody is known under this " + map[string]string{"email": "mail address", "whatsapp": "number"}[key.Kind])
	}
	return id, schema.Classify(err)
}

// identityOf reads a mail address or a phone number as people write it.
func identityOf(ref string) (schema.GetIdentityParams, error) {
	if strings.Contains(ref, "@") {
		return schema.GetIdentityParams{Kind: "email", Value: strings.ToLower(ref)}, nil
	}
	number, digits := "", 0
	for _, r := range strings.TrimPrefix(ref, "whatsapp:") {
		switch {
		case r >= '0' && r <= '9' && number != "":
			digits++
			number += string(r)
		case r == '+' && number == "":
			number = "+"
		case strings.ContainsRune(" -./()", r):
		default:
			return schema.GetIdentityParams{}, errNoIdentity()
		}
	}
	if digits < 7 || digits > 15 {
		return schema.GetIdentityParams{}, errNoIdentity()
	}
	return schema.GetIdentityParams{Kind: "whatsapp", Value: number}, nil
}

func errNoIdentity() error {
	return ticket.Errorf(ticket.CodeInvalid, "a customer is named by a mail address, a phone number with + and country code, or a ticket number")
}
