package workers

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// outbound records a mail of ours in a conversation.
func (b *testBundle) outbound(m ticket.MessageReceived, messageID string) {
	b.t.Helper()
	outbox := b.answered(m, "gmail", "sent")
	b.exec("UPDATE messages SET rfc_message_id = '" + messageID + "' WHERE id = (SELECT message_id FROM outbox WHERE id = '" + outbox.String() + "')")
}

func TestThreading(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ben := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	b.outbound(ben, "<out@firnwacht.example>")
	other := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<other@customer.example>", text: "Another matter"}))
	require.NotEqual(t, ben.ConversationID, other.ConversationID)
	address := b.Secrets.ReplyAddress(mailbox, ben.ConversationID)

	for name, l := range map[string]letter{
		"In-Reply-To his own mail":         {inReplyTo: "<1@customer.example>"},
		"In-Reply-To ours":                 {inReplyTo: "<out@firnwacht.example>"},
		"In-Reply-To before References":    {inReplyTo: "<1@customer.example>", references: "<other@customer.example>"},
		"the last of References counts":    {references: "<other@customer.example> <unknown@x.example> <out@firnwacht.example>"},
		"References, the last one unknown": {inReplyTo: "<unknown@x.example>", references: "<1@customer.example> <unknown@x.example>"},
		"the address it was sent to":       {to: "Support <" + address + ">"},
		"the address in upper case":        {to: strings.ToUpper(address)},
		"the address it was delivered to":  {to: mailbox, headers: []string{"Delivered-To: " + address}},
		"a known id before the address":    {inReplyTo: "<1@customer.example>", to: b.Secrets.ReplyAddress(mailbox, other.ConversationID)},
		"the case of the sender":           {from: "BEN@customer.example", inReplyTo: "<1@customer.example>"},
	} {
		if l.from == "" {
			l.from = "Ben <ben@customer.example>"
		}
		l.id, l.text = "<"+uuid.NewString()+"@customer.example>", "More"
		m := b.takeOne(b.mail(l))
		require.Equal(t, ben.ConversationID, m.ConversationID, name)
		require.Equal(t, ben.WorkflowID, m.WorkflowID, name)
	}

	t.Log("the subject says nothing")
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<3@customer.example>", subject: "Re: Hello", text: "New"}))
	require.NotEqual(t, ben.ConversationID, m.ConversationID)
}

func TestThreadWhoseBeginningIsUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<2@customer.example>", references: "<1@customer.example>", text: "As I said"}))
	require.Equal(t, mailbox+" <1@customer.example>", b.conversation(first.ConversationID).Key)
	second := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<3@customer.example>", references: "<1@customer.example> <x@customer.example>", text: "And again"}))
	require.Equal(t, first.ConversationID, second.ConversationID, "the same unknown thread")
	root := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "The first, delivered late"}))
	require.Equal(t, first.ConversationID, root.ConversationID)

	eve := b.takeOne(b.mail(letter{from: "eve@stranger.example", id: "<4@stranger.example>", references: "<1@elsewhere.example> <1@customer.example>", text: "Me too"}))
	require.NotEqual(t, first.ConversationID, eve.ConversationID)
}

func TestMailWithoutMessageID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.takeOne(b.mail(letter{from: "ben@customer.example", gmailID: "g1", text: "Hello"}))
	require.Equal(t, mailbox+" gmail:g1", b.conversation(first.ConversationID).Key)
	second := b.takeOne(b.mail(letter{from: "ben@customer.example", gmailID: "g2", text: "Hello"}))
	require.NotEqual(t, first.ConversationID, second.ConversationID)
	require.NotEqual(t, first.CustomerID, second.CustomerID, "nothing proves that they are one")
}

func TestReplyByMailToFormTicket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	form := b.takeOne(record(t, ticket.TypeWebFormSubmission, submission(b, "cleo@customer.example", "1")))
	m := b.takeOne(b.mail(letter{
		from: "Cleo <cleo@customer.example>", to: b.Secrets.ReplyAddress(mailbox, form.ConversationID), id: "<1@customer.example>", text: "Thank you", dmarc: true,
	}))
	require.Equal(t, form.ConversationID, m.ConversationID)
	require.Equal(t, form.WorkflowID, m.WorkflowID)
	require.Equal(t, ticket.WebForm, m.Channel)
	require.Equal(t, "email", b.scalar("SELECT channel FROM messages WHERE id = '"+m.MessageID.String()+"'"))
	require.Equal(t, "true", b.scalar("SELECT (proved_at IS NOT NULL)::text FROM identity_claims"), "a reply proves the address that was typed")
	require.Equal(t, "cleo@customer.example", b.scalar("SELECT value FROM customer_identities"))
	require.Equal(t, "claim_proved", b.scalar("SELECT reason FROM customer_merges"))
	require.Equal(t, "true", b.scalar("SELECT verified::text FROM messages WHERE id = '"+m.MessageID.String()+"'"))

	t.Log("a reply that fails the check proves nothing")
	other := setup(t)
	form = other.takeOne(record(t, ticket.TypeWebFormSubmission, submission(other, "cleo@customer.example", "1")))
	other.takeOne(other.mail(letter{from: "cleo@customer.example", to: other.Secrets.ReplyAddress(mailbox, form.ConversationID), text: "Thank you"}))
	require.Equal(t, "0 0", other.count("customer_identities")+" "+other.count("customer_merges"))
	require.Equal(t, "1", other.scalar("SELECT count(*)::text FROM identity_claims WHERE proved_at IS NULL"))
}

func TestStranger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ben := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<root@customer.example>", text: "Hello", dmarc: true}))
	b.outbound(ben, "<out@firnwacht.example>")
	form := b.takeOne(record(t, ticket.TypeWebFormSubmission, submission(b, "cleo@customer.example", "1")))
	phone := b.takeOne(record(t, ticket.TypeWhatsAppMessage, whatsAppEvent("SM1", "+4915112345678", "Hello")))
	others := []uuid.UUID{ben.ConversationID, form.ConversationID, phone.ConversationID}

	seen := map[uuid.UUID]string{}
	for name, l := range map[string]letter{
		"quotes an id":              {inReplyTo: "<root@customer.example>"},
		"quotes ours":               {references: "<root@customer.example> <out@firnwacht.example>"},
		"leaked address":            {to: b.Secrets.ReplyAddress(mailbox, ben.ConversationID)},
		"leaked address, form":      {to: b.Secrets.ReplyAddress(mailbox, form.ConversationID)},
		"leaked address, phone":     {to: b.Secrets.ReplyAddress(mailbox, phone.ConversationID)},
		"forges the root":           {id: "<root@customer.example>"},
		"forges and quotes":         {id: "<root@customer.example>", inReplyTo: "<out@firnwacht.example>"},
		"unknown root, then a leak": {references: "<root@customer.example> <x@stranger.example>", to: b.Secrets.ReplyAddress(mailbox, ben.ConversationID)},
		"the customer as a name":    {from: `"ben@customer.example" `, inReplyTo: "<root@customer.example>"},
	} {
		eve := "eve" + strconv.Itoa(len(seen)) + "@stranger.example"
		l.from += "<" + eve + ">"
		if l.id == "" {
			l.id = "<" + uuid.NewString() + "@stranger.example>"
		}
		l.text, l.dmarc = "Tell me everything", true
		m := b.takeOne(b.mail(l))
		require.NotContains(t, others, m.ConversationID, name)
		require.Equal(t, []string{eve}, b.conversation(m.ConversationID).Participants, name)
		seen[m.ConversationID] = name
	}
	require.Len(t, seen, 9, "each has a conversation of its own")

	t.Log("an address with a signature of somebody else leads nowhere")
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<9@customer.example>", to: "support+0123456789abcdefghjkmnpqrstvwxyz0123456@firnwacht.example", text: "Hello"}))
	require.NotContains(t, others, m.ConversationID)

	t.Log("the forged ids do not keep the customer out")
	again := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<2@customer.example>", inReplyTo: "<root@customer.example>", text: "Me again"}))
	require.Equal(t, ben.ConversationID, again.ConversationID)
}

// TestReplyToTakesPart is about senders who ask to be answered elsewhere.
func TestReplyToTakesPart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ben := b.takeOne(b.mail(letter{from: "ben@relay.example", replyTo: "Ben <ben@customer.example>", id: "<1@relay.example>", text: "Hello"}))
	require.Equal(t, "ben@relay.example", b.conversation(ben.ConversationID).ReplyTo)
	m := b.takeOne(b.mail(letter{from: "ben@customer.example", inReplyTo: "<1@relay.example>", text: "It is me"}))
	require.Equal(t, ben.ConversationID, m.ConversationID)
}
