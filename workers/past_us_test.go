package workers

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// pastUs is a message that somebody sent from our number without this service,
// as the reconciler hands it in.
func pastUs(t *testing.T, sid, to, body string, media int) stream.Record {
	t.Helper()
	sent := whatsapp.Sent{SID: sid, From: "+14155238886", To: to, Body: body, NumMedia: media, Direction: "outbound-api"}
	return record(t, ticket.TypeWhatsAppMessage, ticket.WhatsAppEvent{Params: sent.Params()})
}

func TestPersonTakesOverPastUs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(says(t, "SM1", "hello", 0))
	queued := b.answered(m, "whatsapp", "queued")
	held := b.answered(b.takeOne(says(t, "SM2", "anybody there?", 1)), "whatsapp", "held")
	r := pastUs(t, "SMkim", ana, "I call you at three. Kim", 0)
	told := b.takeOne(r)
	require.Equal(t, ticket.Staff, told.Author, "the workflow hears of it and has nothing to answer")
	require.Equal(t, m.ConversationID, told.ConversationID)
	require.Equal(t, m.WorkflowID, told.WorkflowID)
	require.Equal(t, "human 1 with_human", b.scalar("SELECT c.owner || ' ' || c.epoch || ' ' || t.status FROM conversations c JOIN tickets t ON t.conversation_id = c.id"))
	for _, id := range []string{queued.String(), held.String()} {
		require.Equal(t, "cancelled", b.scalar("SELECT state FROM outbox WHERE id = '"+id+"'"))
	}
	require.Equal(t, "staff I call you at three. Kim true", b.scalar("SELECT author || ' ' || body || ' ' || verified::text FROM messages WHERE external_id = 'twilio:SMkim'"))

	t.Log("what was given back stays so when it is handed in again")
	require.NoError(t, b.DB.GiveBack(t.Context(), m.ConversationID))
	b.together([]stream.Record{r, r, r, r, r})
	require.Equal(t, ticket.OwnerAI, b.conversation(m.ConversationID).Owner)
	require.Equal(t, "1", b.scalar("SELECT count(*)::text FROM messages WHERE author = 'staff'"))

	t.Log("a picture takes over as well, and words of a command from us command nothing")
	b.takeOne(pastUs(t, "SMpicture", ana, "STOP", 1))
	require.Equal(t, ticket.OwnerHuman, b.conversation(m.ConversationID).Owner)
	require.Equal(t, "STOP\n[A file went to the customer.]", b.scalar("SELECT body FROM messages WHERE external_id = 'twilio:SMpicture'"))
	require.Equal(t, "nobody", b.optedOut())
}

func TestPastUsToAStrangerChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.takeOne(says(t, "SM1", "hello", 0))
	require.Empty(t, b.take(pastUs(t, "SMotp", "+4915199999999", "Your code is 42", 0)))
	require.Equal(t, "1", b.count("messages"))
	require.Equal(t, "1", b.count("conversations"))
}

func TestPastUsWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(says(t, "SM1", "hello", 0))
	r := pastUs(t, "SMkim", ana, "On it. Kim", 0)
	b.published.err = ticket.Errorf(ticket.CodeUnavailable, "no broker")
	requireBlocks(t, b.Handle(t.Context(), r))
	require.Equal(t, ticket.OwnerHuman, b.conversation(m.ConversationID).Owner, "the assistant is silent at once")
	b.published.err = nil
	require.Equal(t, ticket.Staff, b.takeOne(r).Author, "the workflow hears of it when it can")
	require.EqualValues(t, 1, b.conversation(m.ConversationID).Epoch)
}

func TestParamsOfTheListAreThoseOfAWebhook(t *testing.T) {
	t.Parallel()
	sent := whatsapp.Sent{SID: "SM1", From: ana, To: "+14155238886", Body: "hello", Direction: "inbound"}
	value, err := json.Marshal(ticket.WhatsAppEvent{Params: sent.Params()})
	require.NoError(t, err)
	require.JSONEq(t, `{"params":{"MessageSid":"SM1","From":"whatsapp:+4915112345678","To":"whatsapp:+14155238886","Body":"hello","NumMedia":"0"}}`, string(value))
}
