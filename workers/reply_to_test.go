package workers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// TestReplyToIsNoBridge is about somebody who names a customer in Reply-To, has
// him answer into the conversation by a trick, and would get the answer.
func TestReplyToIsNoBridge(t *testing.T) {
	t.Parallel()
	const ben, eve, id = "ben@customer.example", "eve@elsewhere.example", "<bait@elsewhere.example>"
	bait := func(b *testBundle, dmarc bool) ticket.MessageReceived {
		return b.proved(eve, "I am "+ben, func(l *letter) { l.id, l.replyTo, l.dmarc = id, ben, dmarc })
	}
	bites := func(l *letter) { l.inReplyTo = id }
	t.Run("his claim", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		known, conversation := b.proved(ben, "My old matter"), bait(b, false)
		reply := b.proved(ben, "What is this?", bites)
		require.Equal(t, conversation.ConversationID, reply.ConversationID)
		require.False(t, b.verified(reply), "its answer goes to somebody else")
		require.False(t, b.one(known, conversation))
		require.Equal(t, "0", b.scalar("SELECT count(*)::text FROM identity_claims WHERE proved_at IS NOT NULL"))
	})
	t.Run("a ticket that he was made to name", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		known, conversation := b.proved(ben, "My old matter"), bait(b, false)
		b.proved(ben, "They told me to write about "+b.opens(conversation))
		require.True(t, b.one(known, conversation))
		require.False(t, b.verified(b.proved(ben, "What is this?", bites)))
	})
	t.Run("a conversation of somebody proved", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		known, conversation := b.proved(ben, "My old matter"), bait(b, true)
		require.False(t, b.verified(b.proved(ben, "What is this?", bites)))
		require.False(t, b.one(known, conversation))
	})
}

// TestPassedOnIsNoReply is about somebody who names in Reply-To whom a person of
// ours may ask about the mail: what that person writes is not for him to read.
func TestPassedOnIsNoReply(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(b.mail(letter{
		from: "eve@customer.example", replyTo: "legal@firnwacht.example", id: "<1@customer.example>", subject: "My refund", text: "Pay me",
	}))
	require.Empty(t, b.take(b.mail(letter{
		from: "Kim <" + mailbox + ">", to: "legal@firnwacht.example", id: "<f@firnwacht.example>", inReplyTo: "<1@customer.example>",
		subject: "Fwd: My refund", text: "Is this a fraud?", sent: true,
	})))
	require.Equal(t, ticket.OwnerAI, b.conversation(m.ConversationID).Owner)
	require.Equal(t, "1", b.count("messages"))

	t.Log("but whoever writes from another address than people answer to is answered there")
	require.Len(t, b.take(b.mail(letter{
		from: "Kim <" + mailbox + ">", to: "legal@firnwacht.example", id: "<r@firnwacht.example>", inReplyTo: "<1@customer.example>",
		subject: "Re: My refund", text: "We look into it.", sent: true,
	})), 1)
	require.Equal(t, ticket.OwnerHuman, b.conversation(m.ConversationID).Owner)
}
