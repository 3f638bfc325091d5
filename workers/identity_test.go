package workers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// numberLapse is after how much silence a number of the tests is somebody else's.
const numberLapse = 180 * 24 * time.Hour

// opens opens the ticket of a conversation, as its first turn would, and
// returns its number.
func (b *testBundle) opens(m ticket.MessageReceived) string {
	b.t.Helper()
	id := b.Secrets.TicketID("ticket", m.MessageID.String())
	at := m.ReceivedAt
	open, err := b.DB.InsertTicket(b.t.Context(), schema.InsertTicketParams{
		ID: id, Number: ticket.Number(id), ConversationID: m.ConversationID, Category: "general", Priority: "medium", CreatedAt: &at,
	})
	require.NoError(b.t, err)
	return open.Number
}

// one reports whether the customers of two conversations are one.
func (b *testBundle) one(x, y ticket.MessageReceived) bool {
	b.t.Helper()
	return b.scalar(fmt.Sprintf(`SELECT (customer_root(x.customer_id) = customer_root(y.customer_id))::text
		FROM conversations x, conversations y WHERE x.id = '%s' AND y.id = '%s'`, x.ConversationID, y.ConversationID)) == "true"
}

func (b *testBundle) whatsApp(from, body string, at time.Time) ticket.MessageReceived {
	b.t.Helper()
	r := record(b.t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM"+uuid.NewString(), from, body))
	r.Time = at
	return b.takeOne(r)
}

func (b *testBundle) form(address, phone string) ticket.MessageReceived {
	b.t.Helper()
	s := submission(b, address, uuid.NewString())
	s.Phone = phone
	return b.takeOne(record(b.t, ticket.TypeWebFormSubmission, s))
}

// proved is a mail that passes its check.
func (b *testBundle) proved(from, text string, change ...func(*letter)) ticket.MessageReceived {
	b.t.Helper()
	l := letter{from: from, to: mailbox, id: "<" + uuid.NewString() + "@customer.example>", text: text, dmarc: true}
	for _, f := range change {
		f(&l)
	}
	return b.takeOne(b.mail(l))
}

// into sends a mail as a reply into a conversation.
func (b *testBundle) into(m ticket.MessageReceived) func(*letter) {
	return func(l *letter) { l.to = b.Secrets.ReplyAddress(mailbox, m.ConversationID) }
}

// scripted is one customer of the measurement: it returns two messages, which
// either are of one person or are not.
type scripted struct {
	name   string
	number int
	play   func(b *testBundle, address, phone string) (x, y ticket.MessageReceived)
}

func sameIdentity() []scripted {
	return []scripted{
		{"two mails of one address", 15, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			return b.proved(address, "Hello there"), b.proved(strings.ToUpper(address[:1])+address[1:], "Something else")
		}},
		{"two messages of one number, months apart", 15, func(b *testBundle, _, phone string) (x, y ticket.MessageReceived) {
			return b.whatsApp(phone, "Hello", start), b.whatsApp(phone, "Me again", start.Add(numberLapse-time.Hour))
		}},
		{"a mail and a reply to ours", 10, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			x = b.proved(address, "Hello there")
			return x, b.proved(address, "Thank you", b.into(x))
		}},
	}
}

func claimsProved() []scripted {
	return []scripted{
		{"a form, answered by mail", 10, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			x = b.proved(address, "An earlier matter")
			y = b.form(address, "")
			b.opens(y)
			b.proved(address, "Thank you", b.into(y))
			return x, y
		}},
		{"a mail without a check, then one with it", 5, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			x = b.proved(address, "An earlier matter")
			y = b.proved(address, "Hello", func(l *letter) { l.dmarc = false })
			b.proved(address, "Thank you", b.into(y))
			return x, y
		}},
		{"a form with a number, named from it", 5, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			y = b.form(address, phone[:3]+" "+phone[3:6]+"-"+phone[6:])
			return b.whatsApp(phone, "It is about "+b.opens(y), start), y
		}},
		{"a form, named in a new mail of its address", 5, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			y = b.form(address, "")
			return b.proved(address, "Any news about "+b.opens(y)+"?"), y
		}},
	}
}

func ticketsNamedInThreads() []scripted {
	return []scripted{
		{"a mail's ticket, named by WhatsApp", 8, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.proved(address, "My hub is offline")
			return x, b.whatsApp(phone, "hi, this is about "+strings.ToLower(b.opens(x))+", still offline", start)
		}},
		{"a WhatsApp ticket, named by mail", 7, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.whatsApp(phone, "My hub is offline", start)
			return x, b.proved(address, "As I wrote before (ticket T-"+strings.ReplaceAll(b.opens(x)[2:], "0", "O")+").")
		}},
	}
}

func withoutEvidence() []scripted {
	return []scripted{
		{"a form and a new mail of its address", 10, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			return b.form(address, ""), b.proved(address, "Hello, I have a question")
		}},
		{"a mail and a WhatsApp message", 10, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			return b.proved(address, "My hub is offline"), b.whatsApp(phone, "And my sensor, too", start)
		}},
	}
}

// mustNotBeOne are those that an attacker or an accident would want to be one.
func mustNotBeOne() []scripted {
	return []scripted{
		{"in Cc, with the ticket's number", 3, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.whatsApp(phone, "My hub is offline", start)
			return x, b.proved(address, "See "+b.opens(x), func(l *letter) { l.headers = []string{"Cc: somebody@else.example"} })
		}},
		{"in the thread of somebody else", 2, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			x = b.proved(address, "Hello", func(l *letter) { l.headers = []string{"Cc: eve-" + address} })
			return x, b.proved("eve-"+address, "I am in Cc", b.into(x))
		}},
		{"the same name", 4, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			return b.proved("Ana <"+address+">", "It is Ana"), b.whatsApp(phone, "It is Ana", start.Add(time.Hour))
		}},
		{"a recycled number", 3, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.proved(address, "My hub is offline")
			b.whatsApp(phone, "It is about "+b.opens(x), start)
			return x, b.whatsApp(phone, "Hello, this is my new number", start.Add(numberLapse+time.Hour))
		}},
		{"a recycled number, its former ticket named by mail", 2, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.whatsApp(phone, "My hub is offline", start)
			number := b.opens(x)
			y = b.whatsApp(phone, "Hello, this is my new number", start.Add(numberLapse+time.Hour))
			return b.proved(address, "What about "+number+"?"), y
		}},
		{"a forged From that names the ticket", 2, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.whatsApp(phone, "My hub is offline", start)
			return x, b.proved(address, "See "+b.opens(x), func(l *letter) { l.dmarc = false })
		}},
		{"a forged From that replies to the form", 2, func(b *testBundle, address, _ string) (x, y ticket.MessageReceived) {
			x, y = b.proved(address, "An earlier matter"), b.form(address, "")
			b.proved(address, "It is me", b.into(y), func(l *letter) { l.dmarc = false })
			return x, y
		}},
		{"the number in the subject, a quote or a forward", 2, func(b *testBundle, address, phone string) (x, y ticket.MessageReceived) {
			x = b.whatsApp(phone, "My hub is offline", start)
			n := b.opens(x)
			return x, b.proved(address, "Look at this\r\n\r\n> "+n+"\r\n\r\n---------- Forwarded message ---------\r\nFrom: Ana <ana@customer.example>\r\n\r\n"+n,
				func(l *letter) { l.subject = "Re: your ticket " + n })
		}},
	}
}

// TestOneHundredAndTwentyCustomers measures who is taken for whom.
func TestOneHundredAndTwentyCustomers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.NumberLapse = numberLapse
	next := 0
	measure := func(sort string, scripts []scripted) (linked, all int) {
		for _, s := range scripts {
			found := 0
			for range s.number {
				next++
				x, y := s.play(b, fmt.Sprintf("c%d@customer.example", next), fmt.Sprintf("+49151%07d", next))
				if b.one(x, y) {
					found++
				}
			}
			t.Logf("%-24s %-52s %2d of %2d are one", sort, s.name, found, s.number)
			linked, all = linked+found, all+s.number
		}
		return linked, all
	}
	right := 0
	for _, g := range []struct {
		sort    string
		scripts []scripted
		number  int
	}{{"same verified identity", sameIdentity(), 40}, {"a claim is proved", claimsProved(), 25}, {"a ticket is named", ticketsNamedInThreads(), 15}} {
		linked, all := measure(g.sort, g.scripts)
		require.Equal(t, g.number, all)
		right += linked
	}
	_, all := measure("no evidence", withoutEvidence())
	require.Equal(t, 20, all)
	wrong, all := measure("must not be one", mustNotBeOne())
	require.Equal(t, 20, all)
	t.Logf("right: %d of 80 (%.1f %%), wrong: %d of 20", right, float64(right)/0.8, wrong)
	require.GreaterOrEqual(t, right*100, 95*80)
	require.Zero(t, wrong)
}
