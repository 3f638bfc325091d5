package workers

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// undo takes the only merge that holds back, as a person does.
func (b *testBundle) undo() {
	b.t.Helper()
	id := uuid.MustParse(b.scalar("SELECT id::text FROM customer_merges WHERE undone_at IS NULL"))
	require.NoError(b.t, b.DB.Tx(b.t.Context(), func(q *schema.Queries) error {
		if err := q.LockCustomers(b.t.Context()); err != nil {
			return err
		}
		_, err := q.UndoMerge(b.t.Context(), schema.UndoMergeParams{ID: id, Actor: "kim"})
		return err
	}))
}

func (b *testBundle) verified(m ticket.MessageReceived) bool {
	b.t.Helper()
	return b.scalar("SELECT verified::text FROM messages WHERE id = '"+m.MessageID.String()+"'") == "true"
}

// TestFormIsNoBridge is about somebody who types an address into the form and
// knows the ticket's number: what its owner answers must not open the owner's
// history to him, in whatever order.
func TestFormIsNoBridge(t *testing.T) {
	t.Parallel()
	const ben, eve = "ben@customer.example", "+4915170000001"
	t.Run("the owner first", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		earlier, form := b.proved(ben, "My old matter"), b.form(ben, "")
		number := b.opens(form)
		require.True(t, b.verified(b.proved(ben, "I did not write this", b.into(form))))
		require.True(t, b.one(earlier, form))
		require.False(t, b.one(b.whatsApp(eve, "It is about "+number, start), earlier))
		t.Log("nor after a person has parted the two")
		b.undo()
		require.False(t, b.one(earlier, form))
		require.False(t, b.one(b.whatsApp(eve, "It is about "+number, start), form), "it holds what the owner wrote")
	})
	t.Run("the other first", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		earlier, form := b.proved(ben, "My old matter"), b.form(ben, eve)
		other := b.whatsApp(eve, "It is about "+b.opens(form), start)
		require.True(t, b.one(other, form), "he has proved the number that he typed")
		require.False(t, b.verified(b.proved(ben, "I did not write this", b.into(form))))
		require.False(t, b.one(earlier, form))
		require.False(t, b.one(earlier, other))
	})
}

func TestWhatProvesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const ben = "ben@customer.example"
	earlier, form := b.proved(ben, "My old matter"), b.form(ben, "")
	number := b.opens(form)
	b.proved(ben, "I am away until Monday", b.into(form), func(l *letter) { l.headers = []string{"Auto-Submitted: auto-replied"} })
	require.False(t, b.one(earlier, form), "an absence notice")
	b.proved(ben, "I am away. "+number, func(l *letter) { l.headers = []string{"Auto-Submitted: auto-replied"} })
	require.False(t, b.one(earlier, form), "an absence notice that names it")
	forwarded := whatsAppEvent("SMF", "+4915170000002", "See "+number)
	forwarded.Params["Forwarded"] = "true"
	require.False(t, b.one(b.takeOne(record(t, ticket.TypeWhatsAppMessage, forwarded)), form), "what was forwarded")

	t.Log("two addresses are two people")
	other := b.proved("ben@home.example", "My hub is offline")
	b.proved(ben, "See "+b.opens(other))
	require.False(t, b.one(earlier, other))
	require.Equal(t, "0", b.count("customer_merges"))

	t.Log("a message that names two people's tickets joins the first")
	anna, carl := b.proved("anna@customer.example", "Hello"), b.proved("carl@customer.example", "Hello")
	x := b.whatsApp("+4915170000003", b.opens(anna)+" and "+b.opens(carl), start)
	require.NotEqual(t, b.one(x, anna), b.one(x, carl))
	require.False(t, b.one(anna, carl))
}

func TestUndoneMergeStaysUndone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	x := b.proved("ben@customer.example", "My hub is offline")
	number := b.opens(x)
	y := b.whatsApp("+4915170000004", "About "+number, start)
	require.True(t, b.one(x, y))
	require.Equal(t, x.CustomerID.String(), b.scalar("SELECT into_id::text FROM customer_merges"), "the older one stays")
	again := b.whatsApp("+4915170000004", "And one more thing", start)
	require.Equal(t, x.CustomerID, again.CustomerID, "the workflow hears of who it is after the merge")
	b.undo()
	y = b.whatsApp("+4915170000004", "About "+number, start)
	require.False(t, b.one(x, y))
	require.NotEqual(t, x.CustomerID, y.CustomerID)
	require.Equal(t, "1", b.count("customer_merges"))
}

func TestClaims(t *testing.T) {
	t.Parallel()
	b := setup(t)
	claims := func(m ticket.MessageReceived) string {
		return b.scalar("SELECT coalesce(string_agg(kind || ' ' || value, ', ' ORDER BY kind, value), '') FROM identity_claims WHERE conversation_id = '" + m.ConversationID.String() + "'")
	}
	require.Equal(t, "email cleo@customer.example, whatsapp +4915112345678", claims(b.form("cleo@customer.example", " 0049 (151) 123-456 78")))
	require.Equal(t, "email cleo@customer.example", claims(b.form("cleo@customer.example", "call me")))
	require.Equal(t, "whatsapp +442079460000", claims(b.whatsApp("+4915170000004", "Or call +44 (0)20 7946 0000.", start)))
	require.Equal(t, "email ana@home.example, whatsapp +4930123456", claims(b.whatsApp("+4915170000005",
		"I am Ana@Home.example. or +49 30 123456, not "+mailbox+" or support+x@firnwacht.example, nor +4915170000005", start)))
	require.Empty(t, claims(b.proved("ben@customer.example", "It is ben@customer.example\r\n\r\nOn Mon, Mar 2, 2026 at 9:00 AM Ana <ana@customer.example> wrote:\r\n> Call +4930123456")))
	require.Equal(t, "email ben@customer.example", claims(b.proved("ben@customer.example", "Hello", func(l *letter) { l.dmarc = false })))
	many := b.whatsApp("+4915170000006", strings.Repeat("a@b.example, x"+uuid.NewString()[:8]+"@c.example, ", 3)+"d@e.example f@g.example h@i.example j@k.example l@m.example", start)
	require.Equal(t, "5", b.scalar("SELECT count(*)::text FROM identity_claims WHERE conversation_id = '"+many.ConversationID.String()+"'"))
}

func TestNumberThatChangesHands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.NumberLapse = numberLapse
	const phone = "+4915170000007"
	first := b.whatsApp(phone, "Hello", start)
	old := b.opens(first)
	b.whatsApp(phone, "STOP", start.Add(time.Minute))
	require.Equal(t, "1", b.count("suppressions"))
	oldID := b.Secrets.TicketID("ticket", first.MessageID.String())
	waiting := b.answered(first, "whatsapp", "held")
	later := start.Add(numberLapse + time.Hour)
	second := b.whatsApp(phone, "Hello", later)
	require.Equal(t, "cancelled", b.scalar("SELECT state FROM outbox WHERE id = '"+waiting.String()+"'"), "what waited for the former owner is not for this one")
	require.Equal(t, first.ConversationID, second.ConversationID)
	require.NotEqual(t, first.CustomerID, second.CustomerID)
	require.Equal(t, later, b.conversation(first.ConversationID).CustomerSince.UTC())
	require.Equal(t, "0", b.count("suppressions"), "that the former owner wanted no messages says nothing about this one")
	third := b.whatsApp(phone, "And more", later.Add(time.Hour))
	require.Equal(t, second.CustomerID, third.CustomerID)

	t.Log("a message from before that comes again changes nothing")
	r := record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM-late", phone, "Sent before, delivered after"))
	require.Equal(t, second.CustomerID, b.takeOne(r).CustomerID)
	require.Equal(t, "2", b.count("customers"))

	t.Log("whoever holds the page of the former ticket is not the new customer")
	page := b.takeOne(record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{TicketID: oldID, N: "1", Message: "What did I write?"}))
	require.False(t, b.verified(page))
	require.False(t, b.one(b.proved("ben@customer.example", "About "+old), second))
}

// TestCustomersAtOnce lets messages join customers in circles while people part
// them: every message is stored, nothing waits for ever, and what the rows say
// is what the merges say.
func TestCustomersAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const people = 8
	number := func(i int) string { return fmt.Sprintf("+4915171000%03d", i%people) }
	address := func(i int) string { return fmt.Sprintf("p%d@customer.example", i%people) }
	var tickets []string
	for i := range people {
		tickets = append(tickets, b.opens(b.whatsApp(number(i), "Hello", start)), b.opens(b.proved(address(i), "Hello")))
	}
	var records []stream.Record
	for i := range 6 * people {
		r := record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM"+uuid.NewString(), number(i), fmt.Sprintf("The same words on two channels, number %d, %s", i, tickets[(2*i+1)%len(tickets)])))
		records = append(records, r, b.mail(letter{
			from: address(i), id: "<" + uuid.NewString() + "@x>", to: mailbox, dmarc: true,
			text: fmt.Sprintf("The same words on two channels, number %d, %s", i, tickets[(2*i+2)%len(tickets)]),
		}))
	}
	var parting sync.WaitGroup
	parting.Go(func() {
		for range 20 {
			_ = b.DB.Tx(t.Context(), func(q *schema.Queries) error {
				if err := q.LockCustomers(t.Context()); err != nil {
					return err
				}
				id, err := uuid.Parse(b.scalar("SELECT coalesce((SELECT id::text FROM customer_merges WHERE undone_at IS NULL ORDER BY random() LIMIT 1), '')"))
				if err != nil {
					return nil //nolint:nilerr // nothing is merged yet
				}
				_, err = q.UndoMerge(t.Context(), schema.UndoMergeParams{ID: id, Actor: "kim"})
				return err
			})
		}
	})
	b.together(records)
	parting.Wait()
	require.Equal(t, fmt.Sprint(2*people+len(records)), b.count("messages"))
	require.Equal(t, "0", b.scalar(`SELECT count(*)::text FROM customers c WHERE c.merged_into IS DISTINCT FROM (
		SELECT m.into_id FROM customer_merges m WHERE m.merged_id = c.id AND m.undone_at IS NULL)`))
	require.Equal(t, "0", b.scalar("SELECT count(*)::text FROM customers WHERE customer_root(id) IS NULL"), "no circle")
	require.Equal(t, "0", b.scalar(`SELECT count(*)::text FROM customer_identities i JOIN customer_identities j ON i.kind = j.kind AND i.value < j.value
		WHERE customer_root(i.customer_id) = customer_root(j.customer_id)`), "no two addresses of one kind")
	require.NotEqual(t, "0", b.count("customer_merges"))
}

func TestQuotesAreNoWordsOfTheSender(t *testing.T) {
	t.Parallel()
	const words = "About T-ABCDEFGH12"
	for _, mark := range []string{"> ", ">> ", "\u200b> ", "＞ ", "» ", "| ", "│ ", "KA> ", "* > "} {
		require.NotContains(t, ownWords("Re: Login", "Mine.\n"+mark+words), words, mark)
	}
	for _, text := range []string{words, "- " + words, "A hub > 2 years old. " + words, "\"" + words + "\""} {
		require.Contains(t, ownWords("Re: Login", "Mine.\n"+text), words)
	}
}
