package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/ticket"
)

// TestABouncedAnswerIsHandedOn follows an answer out and its bounce back in, up
// to where intake takes it.
func TestABouncedAnswerIsHandedOn(t *testing.T) {
	t.Parallel()
	for kind, want := range map[gmail.BounceKind]email.Bounce{
		gmail.BounceUnknown: {Action: email.BounceFailed, Status: "5.1.1"},
		gmail.BounceFull:    {Action: email.BounceFailed, Status: "5.2.2"},
		gmail.BounceDelayed: {Action: email.BounceDelayed, Status: "4.4.1"},
	} {
		w := synced(t)
		turn, draft := w.byMail("Open the settings.")
		_, err := w.send(turn, draft)
		require.NoError(t, err)
		id, err := w.gmail.Bounce(w.gmail.Sent()[0].ID, kind)
		require.NoError(t, err)
		_, err = w.sync()
		require.NoError(t, err)
		mails := w.published.of(ticket.TopicEmailInbound)
		bounced := valueOf[ticket.EmailRaw](t, mails[len(mails)-1])
		require.Equal(t, id, bounced.GmailID)
		raw, err := w.db.RawEvent(t.Context(), bounced.RawRef)
		require.NoError(t, err)
		m, err := email.Parse(raw.Body)
		require.NoError(t, err)
		part := w.parts(turn)[0]
		want.OutboundID, want.Recipients = part.ID.String(), []string{part.Recipient}
		want.MessageID = w.scalar("SELECT rfc_message_id FROM messages WHERE author = 'assistant'")
		require.Equal(t, &want, m.Bounce, kind)
		require.Equal(t, email.SuppressDeliveryReport, m.Suppress())
	}
}
