package staff

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestMergeAndUnmerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, number := w.customer("email", "ana@customer.example"), w.customer("whatsapp", "+4915112345678")
	mail, phone := w.ticket(ana, ticket.Email), w.ticket(number, ticket.WhatsApp)
	_, err := w.SetTier(t.Context(), "ben", phone.Number, "vip")
	require.NoError(t, err)

	made, err := w.Merge(t.Context(), "ben", phone.Number, "ana@customer.example", "  she said so\non the phone ")
	require.NoError(t, err)
	require.Equal(t, ana, made.IntoID, "the older one stays")
	require.Equal(t, number, made.MergedID)
	for _, ref := range []string{"ana@customer.example", "+4915112345678", mail.Number, phone.Number} {
		c, err := w.Customer(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, ana, c.ID, ref)
		require.Equal(t, "vip", c.Tier, "whoever of them is")
		require.Len(t, c.Identities, 2)
		require.Len(t, c.Tickets, 2)
		require.Equal(t, made.ID, c.Merges[0].ID)
		require.Equal(t, "by_hand ben", c.Merges[0].Reason+" "+c.Merges[0].Actor)
		require.Nil(t, c.Merges[0].UndoneAt)
	}
	require.Equal(t, ana, w.find(phone.Number).CustomerID)
	require.Equal(t, "vip", w.find(mail.Number).Tier)
	open, err := w.List(t.Context(), Filter{})
	require.NoError(t, err)
	require.Len(t, open, 2)
	for _, o := range open {
		require.Equal(t, ana, o.CustomerID)
		require.Equal(t, "vip", o.Tier)
	}
	require.Equal(t, "1", w.count("audit_log WHERE actor = 'ben' AND action = 'merge_customers' AND reason = 'she said so on the phone'"))

	_, err = w.Merge(t.Context(), "ben", "+4915112345678", "ana@customer.example", "again")
	requireSentence(t, err, ticket.CodeConflict, "one customer already")
	undone, err := w.Unmerge(t.Context(), "kim", made.ID, "two sisters")
	require.NoError(t, err)
	require.Equal(t, "kim", undone.UndoneBy)
	c, err := w.Customer(t.Context(), "ana@customer.example")
	require.NoError(t, err)
	require.Equal(t, "standard", c.Tier)
	require.Len(t, c.Identities, 1)
	require.Len(t, c.Tickets, 1)
	require.Equal(t, "kim", c.Merges[0].UndoneBy)
	require.NotNil(t, c.Merges[0].UndoneAt)
	_, err = w.Unmerge(t.Context(), "kim", made.ID, "two sisters")
	requireSentence(t, err, ticket.CodeConflict, "undone already")
	_, err = w.Unmerge(t.Context(), "kim", uuid.New(), "two sisters")
	requireSentence(t, err, ticket.CodeNotFound, "no merge")
	for _, reason := range []string{"", " \n", strings.Repeat("x", 501), "\xff"} {
		_, err = w.Merge(t.Context(), "ben", phone.Number, mail.Number, reason)
		requireSentence(t, err, ticket.CodeInvalid, "say why")
	}
	_, err = w.Merge(t.Context(), "ben", phone.Number, mail.Number, "they are one after all")
	require.NoError(t, err, "a person may")
	require.Equal(t, "0", w.count("audit_log WHERE to_jsonb(audit_log)::text LIKE '%%@%%'"), "no address in the log")
}

func TestClaimsAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.customer("email", "ana@customer.example")
	w.ticket(ana, ticket.Email)
	nobody := uuid.New()
	w.exec("INSERT INTO customers (id, name) VALUES ('%s', 'Ana, she says')", nobody)
	form := w.ticket(nobody, ticket.WebForm)
	w.exec("INSERT INTO identity_claims (conversation_id, kind, value) VALUES ('%[1]s', 'email', 'ana@customer.example'), ('%[1]s', 'whatsapp', '+4930123456')", form.ConversationID)

	c, err := w.Customer(t.Context(), "ana@customer.example")
	require.NoError(t, err)
	require.Equal(t, ana, c.ID, "who has proved it")
	require.Len(t, c.Tickets, 1)
	require.Equal(t, []Claim{{Kind: "email", Value: "ana@customer.example", Ticket: form.Number}}, c.Claims)
	c, err = w.Customer(t.Context(), "+4930123456")
	require.NoError(t, err)
	require.Equal(t, nobody, c.ID, "who only names it, when nobody has proved it")
	require.Empty(t, c.Identities)
	require.Len(t, c.Claims, 2)
	require.True(t, c.Claims[0].Own)
}

// TestMergesAtOnce lets people join three customers in a circle at once.
func TestMergesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refs := []string{"a@customer.example", "b@customer.example", "c@customer.example"}
	for _, ref := range refs {
		w.customer("email", ref)
	}
	for range 5 {
		var all sync.WaitGroup
		errs := make(chan error, 18)
		for i := range 9 {
			all.Go(func() {
				made, err := w.Merge(t.Context(), "ben", refs[i%3], refs[(i+1)%3], "race")
				errs <- err
				if err == nil && i%2 == 0 {
					_, err = w.Unmerge(t.Context(), "ben", made.ID, "race")
					errs <- err
				}
			})
		}
		all.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				require.Equal(t, ticket.CodeConflict, ticket.CodeOf(err), err)
			}
		}
	}
	require.Equal(t, "0", w.count("customers WHERE customer_root(id) IS NULL"), "no circle")
	require.Equal(t, "0", w.count(`customers c WHERE c.merged_into IS DISTINCT FROM (
		SELECT m.into_id FROM customer_merges m WHERE m.merged_id = c.id AND m.undone_at IS NULL)`))
}
