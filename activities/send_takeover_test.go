package activities_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

func (w *world) takeOver(turnID uuid.UUID) {
	w.t.Helper()
	turn, err := w.db.Turn(w.t.Context(), turnID)
	require.NoError(w.t, err)
	require.NoError(w.t, w.db.TakeOver(w.t.Context(), turn.ConversationID))
}

// onRequest runs hook before the n-th message reaches Twilio.
func onRequest(n int32, hook func()) func(*whatsapp.Options) {
	var count atomic.Int32
	transport := http.DefaultTransport
	return func(o *whatsapp.Options) {
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && count.Add(1) == n {
				hook()
			}
			return transport.RoundTrip(r)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATakeoverBeforeTheTurnMutesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	w.takeOver(turn)
	for range 2 {
		res, err := w.send(turn, draft)
		require.NoError(t, err)
		require.Equal(t, ticket.SendMuted, res.State, "also when it is called again")
		require.Equal(t, ticket.WithHuman, res.Status)
		require.Zero(t, res.Parts)
	}
	require.Empty(t, w.bodies())
	require.Equal(t, "human", w.scalar("SELECT string_agg(outcome, ',') FROM processed_messages"))
	require.Equal(t, "handed_over", w.scalar("SELECT state FROM turns"))
	events := w.published.of(ticket.TopicMetrics)
	require.Len(t, events, 2, "the same event, once a call")
	require.Equal(t, events[0].ID, events[1].ID)
}

func TestATakeoverBetweenPartsWithdrawsTheRest(t *testing.T) {
	t.Parallel()
	var turn, draft uuid.UUID
	w := newWorld(t)
	// The takeover commits while the second part is on its way.
	w.withTwilio(onRequest(2, func() { w.takeOver(turn) }))
	turn, draft = w.onWhatsApp(long)
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Equal(t, []string{"sent", "sent", "cancelled"}, w.states(turn))
	require.Len(t, w.bodies(), 2)
	res, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Len(t, w.bodies(), 2)
}

func TestAPartOfAnEarlierEpochIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 429})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.exec("UPDATE conversations SET epoch = epoch + 2") // taken over and given back
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Equal(t, []string{"cancelled"}, w.states(turn))
	require.Empty(t, w.bodies())
}

func TestAThrottledPartIsNotSentAfterATakeover(t *testing.T) {
	t.Parallel()
	var turn, draft uuid.UUID
	w := newWorld(t)
	w.withTwilio(onRequest(1, func() { w.takeOver(turn) }))
	turn, draft = w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 429})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Equal(t, []string{"cancelled"}, w.states(turn))
	require.Empty(t, w.bodies())
}

func TestAnUnknownPartIsReconciledAfterATakeoverAndNeverResent(t *testing.T) {
	t.Parallel()
	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withTwilio()
		turn, draft := w.onWhatsApp(long)
		w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
		_, err := w.send(turn, draft)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		w.takeOver(turn)
		res, err := w.look(turn, draft, firstCheck)
		require.NoError(t, err)
		require.Equal(t, ticket.SendMuted, res.State)
		require.Equal(t, []string{"sent", "cancelled", "cancelled"}, w.states(turn))
		require.Len(t, w.bodies(), 1)
	})
	t.Run("not accepted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).withTwilio()
		turn, draft := w.onWhatsApp(long)
		w.neverAccepted(turn, draft)
		w.takeOver(turn)
		_, err := w.look(turn, draft, firstCheck)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		res, err := w.look(turn, draft, secondCheck)
		require.NoError(t, err)
		require.Equal(t, ticket.SendMuted, res.State)
		require.Equal(t, []string{"cancelled", "cancelled", "cancelled"}, w.states(turn))
		require.NotEmpty(t, w.parts(turn)[0].Error)
		require.Empty(t, w.bodies())
	})
}

func TestADraftIsNotSentAfterATakeover(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turn, draft := w.byMail("Open the settings.")
	w.gmail.SetFault(wire.Fault{Match: sendsDraft, Mode: wire.Drop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	w.takeOver(turn)
	res, err := w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Equal(t, []string{"cancelled"}, w.states(turn))
	require.Empty(t, w.gmail.Sent())
}
