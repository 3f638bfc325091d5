package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

func TestAnAcceptedPartIsFoundAndAdopted(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wire.Fault{
		"no answer":         {Match: posts, Mode: wire.AcceptThenHang},
		"connection closed": {Match: posts, Mode: wire.AcceptThenDrop},
		"useless answer":    {Match: posts, Mode: wire.AcceptThenAnswer, Status: 502, Body: "<html>bad gateway</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio(impatient)
			turn, draft := w.onWhatsApp(long)
			w.twilio.SetFault(fault)
			_, err := w.send(turn, draft)
			requireRefused(t, err, ticket.CodeUnknownOutcome, false)
			require.Equal(t, firstCheck, refusal(t, err).NextRetryDelay())
			require.Equal(t, []string{"sending", "queued", "queued"}, w.states(turn), "the next part waits")
			require.Len(t, w.bodies(), 1)

			_, err = w.send(turn, draft)
			requireRefused(t, err, ticket.CodeUnknownOutcome, false)
			require.Greater(t, refusal(t, err).NextRetryDelay(), time.Duration(0), "too early to look")
			require.LessOrEqual(t, refusal(t, err).NextRetryDelay(), firstCheck)

			w.later(firstCheck)
			res, err := w.send(turn, draft)
			require.NoError(t, err)
			require.Equal(t, 3, res.Parts)
			require.Equal(t, []string{"sent", "sent", "sent"}, w.states(turn))
			var bodies []string
			for i, p := range w.parts(turn) {
				bodies = append(bodies, p.Body)
				require.Equal(t, w.twilio.Accepted()[i].SID, *p.ProviderID)
			}
			require.Equal(t, bodies, w.bodies())
		})
	}
}

// neverAccepted brings a part to where Twilio did not take it and we cannot know.
func (w *world) neverAccepted(turn, draft uuid.UUID) {
	w.t.Helper()
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.Drop})
	_, err := w.send(turn, draft)
	requireRefused(w.t, err, ticket.CodeUnknownOutcome, false)
	require.Empty(w.t, w.bodies())
}

// look lets time pass and looks at the provider once more.
func (w *world) look(turn, draft uuid.UUID, after time.Duration) (ticket.SendReplyResult, error) {
	w.t.Helper()
	w.later(after)
	return w.send(turn, draft)
}

func TestAPartThatIsAbsentTwiceIsSentOnceMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.neverAccepted(turn, draft)
	_, err := w.look(turn, draft, firstCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	require.InDelta(t, secondCheck-firstCheck, refusal(t, err).NextRetryDelay(), float64(5*time.Second))
	require.EqualValues(t, 1, w.parts(turn)[0].AbsentChecks)

	_, err = w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	require.Empty(t, w.bodies(), "the second look is not before its time")

	_, err = w.look(turn, draft, secondCheck-firstCheck)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
	require.EqualValues(t, 2, w.parts(turn)[0].Attempts)
}

func TestASilentTwilioThatTookNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio(impatient)
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.Hang})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	_, err = w.look(turn, draft, secondCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	require.Equal(t, time.Second, refusal(t, err).NextRetryDelay(), "a worker that comes late looks twice all the same")
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
}

func TestManyWorkersLookAndSendOnceMoreOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.neverAccepted(turn, draft)
	_, err := w.look(turn, draft, secondCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { _, _ = w.send(turn, draft) })
	}
	all.Wait()
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
}

func TestASecondUnknownOutcomeIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	w.neverAccepted(turn, draft)
	_, err := w.look(turn, draft, secondCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	w.neverAccepted(turn, draft) // this is the second try
	_, err = w.look(turn, draft, firstCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	_, err = w.look(turn, draft, secondCheck-firstCheck)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "it is unknown whether part 1 reached the customer")
	require.Equal(t, []string{"failed", "cancelled", "cancelled"}, w.states(turn))
	require.Empty(t, w.bodies())
}

func TestThrottlingDoesNotUseUpTheSecondTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.neverAccepted(turn, draft)
	_, err := w.look(turn, draft, secondCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 429})
	_, err = w.send(turn, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	require.Equal(t, []string{"queued"}, w.states(turn))
	require.EqualValues(t, 1, w.parts(turn)[0].Attempts)
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
}

func TestAListThatCannotBeReadDecidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.neverAccepted(turn, draft)
	w.twilio.SetFault(wire.Fault{Match: "GET /2010-04-01", Status: 503, Body: "down"})
	_, err := w.look(turn, draft, secondCheck)
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Zero(t, w.parts(turn)[0].AbsentChecks)
	require.Equal(t, []string{"sending"}, w.states(turn))
}

func TestEqualTextsAreNotAdoptedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.turn(c, "does it work in the rain?")
	_, err := w.send(first.TurnID, w.draft(first.TurnID, "Yes, it does."))
	require.NoError(t, err)
	second := w.turn(c, "and in the snow?")
	draft := w.draft(second.TurnID, "Yes, it does.")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.Drop})
	_, err = w.send(second.TurnID, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	_, err = w.look(second.TurnID, draft, firstCheck)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	require.Equal(t, []string{"sending"}, w.states(second.TurnID), "the first turn's message proves nothing")
	_, err = w.look(second.TurnID, draft, secondCheck)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 2)
	require.NotEqual(t, w.parts(first.TurnID)[0].ProviderID, w.parts(second.TurnID)[0].ProviderID)
}

func TestChangedWhiteSpaceIsStillOurText(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	w.exec(`UPDATE messages SET body = replace(body, ' ', '  ') || E'\r\n' WHERE author = 'assistant'`)
	_, err = w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
}

func TestAWorkerThatStopsDuringASend(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenHang})
	ctx, stop := context.WithCancel(t.Context())
	env := quietSuite().NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	a := w.acts()
	env.RegisterActivity(a.SendReply)
	done := make(chan error, 1)
	go func() {
		_, err := env.ExecuteActivity(a.SendReply, ticket.SendReplyInput{TurnID: turn, DraftID: draft})
		done <- err
	}()
	require.NoError(t, w.twilio.Faults().WaitForHits(t.Context(), 1))
	stop()
	requireRefused(t, <-done, ticket.CodeUnavailable, false)
	require.Equal(t, []string{"sending"}, w.states(turn))
	_, err := w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
}
