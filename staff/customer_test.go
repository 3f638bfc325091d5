package staff

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func TestCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.customer("email", "ana@customer.example")
	require.NoError(t, w.DB.InsertIdentity(t.Context(), schema.InsertIdentityParams{Kind: "whatsapp", Value: "+4915112345678", CustomerID: id, SeenAt: time.Now()}))
	first := w.ticket(id, ticket.Email)
	w.close(first)
	second := w.further(first.ConversationID)
	w.ticket(w.customer("email", "other@customer.example"), ticket.Email)
	for _, ref := range []string{"ana@customer.example", " Ana@Customer.example ", "+4915112345678", "whatsapp:+49 151 / 123-456.78", "+49 (151) 12345678", first.Number} {
		c, err := w.Customer(t.Context(), ref)
		require.NoError(t, err, ref)
		require.Equal(t, id, c.ID, ref)
		require.Equal(t, "Ana Silva standard", c.Name+" "+c.Tier)
		require.Equal(t, []string{"email ana@customer.example", "whatsapp +4915112345678"},
			[]string{c.Identities[0].Kind + " " + c.Identities[0].Value, c.Identities[1].Kind + " " + c.Identities[1].Value})
		require.Len(t, c.Tickets, 2)
		require.Equal(t, second.ID, c.Tickets[0].ID, "the newest first")
	}
	for ref, want := range map[string]ticket.Code{
		"nobody@customer.example": ticket.CodeNotFound, "+4915100000000": ticket.CodeNotFound, "T-0000000000": ticket.CodeNotFound,
		"": ticket.CodeInvalid, "015112345678": ticket.CodeInvalid, "+12": ticket.CodeInvalid, "+1234567890123456": ticket.CodeInvalid,
		"ana": ticket.CodeInvalid, "++4915112345678": ticket.CodeInvalid,
	} {
		_, err := w.Customer(t.Context(), ref)
		requireSentence(t, err, want, "")
	}
}

func TestSetTier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.customer("email", "ana@customer.example")
	change, err := w.SetTier(t.Context(), "ben", "ana@customer.example", "vip")
	require.NoError(t, err)
	require.Equal(t, TierChange{id, "standard", "vip"}, change)
	c, err := w.Customer(t.Context(), "ana@customer.example")
	require.NoError(t, err)
	require.Equal(t, "vip", c.Tier)
	require.Equal(t, "1", w.count("audit_log WHERE actor = 'ben' AND action = 'set_tier' AND object = 'customer:%s' AND detail->>'after' = 'vip'", id))
	require.Equal(t, "0", w.count("audit_log WHERE to_jsonb(audit_log)::text LIKE '%%@%%'"), "no address in the log")

	_, err = w.SetTier(t.Context(), "ben", "ana@customer.example", "gold")
	requireSentence(t, err, ticket.CodeInvalid, "the tier must be standard or vip")
	_, err = w.SetTier(t.Context(), "Ben", "ana@customer.example", "vip")
	requireSentence(t, err, ticket.CodeInvalid, "short name")
	_, err = w.SetTier(t.Context(), "ben", "nobody@customer.example", "vip")
	requireSentence(t, err, ticket.CodeNotFound, "nobody is known under this mail address")
	require.Equal(t, "1", w.count("audit_log"))
}
