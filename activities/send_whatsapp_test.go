package activities_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// long is an answer of several parts.
var long = strings.Join([]string{
	strings.Repeat("First open the settings of the app. ", 7),
	strings.Repeat("Then choose the device you want. ", 7),
	strings.Repeat("At last restart it and wait a minute. ", 7),
}, "\n\n")

// posts are the requests that hand a message to Twilio.
const posts = "POST /2010-04-01"

func impatient(o *whatsapp.Options) { o.Timeout = time.Second }

// onWhatsApp opens a turn on WhatsApp with a draft for it.
func (w *world) onWhatsApp(body string) (turnID, draftID uuid.UUID) {
	w.t.Helper()
	opened := w.turn(w.conversation(ticket.WhatsApp), "how do I log in?")
	return opened.TurnID, w.draft(opened.TurnID, body)
}

// bodies returns what Twilio has accepted from us, oldest first.
func (w *world) bodies() []string {
	var bodies []string
	for _, m := range w.twilio.Accepted() {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func TestPartsGoOutInOrderOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendReplyResult{State: ticket.SendDone, Kind: ticket.KindAnswer, Parts: len(w.bodies()), Status: ticket.WaitingCustomer}, res)
	require.Greater(t, len(w.bodies()), 2)
	parts := w.parts(turn)
	for i, m := range w.twilio.Accepted() {
		require.Equal(t, parts[i].Body, m.Body)
		require.Equal(t, "whatsapp:"+phone, m.To)
		require.Equal(t, "https://help.firnwacht.example/webhooks/whatsapp/status?oid="+parts[i].ID.String(), m.StatusCallback)
		require.Equal(t, m.SID, *parts[i].ProviderID)
		require.Equal(t, "sent", parts[i].State)
		require.EqualValues(t, 1, parts[i].Attempts)
	}
	again, err := w.send(turn, draft)
	require.NoError(t, err)
	require.Equal(t, res, again)
	require.Len(t, w.bodies(), res.Parts)
}

func TestManyWorkersSendEachPartOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	var all sync.WaitGroup
	problems := make([]error, 6)
	for i := range problems {
		all.Go(func() { _, problems[i] = w.send(turn, draft) })
	}
	all.Wait()
	for _, err := range problems {
		if err != nil {
			require.Contains(t, []string{string(ticket.CodeConflict), string(ticket.CodeUnknownOutcome)}, refusal(t, err).Type())
			require.False(t, refusal(t, err).NonRetryable())
		}
	}
	res, err := w.send(turn, draft)
	require.NoError(t, err)
	var bodies []string
	for _, p := range w.parts(turn) {
		bodies = append(bodies, p.Body)
	}
	require.Equal(t, bodies, w.bodies())
	require.Len(t, bodies, res.Parts)
}

func TestWhatTwilioRefusesIsFailedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 400, Body: `{"code":63003,"message":"no channel for ` + phone + `","status":400}`})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "not on WhatsApp")
	require.Equal(t, []string{"failed", "cancelled", "cancelled"}, w.states(turn), "what would follow is withdrawn")
	_, err = w.send(turn, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "part 1 was not delivered")
	require.Empty(t, w.bodies())
}

func TestWhatSurelyWasNotSentIsQueuedAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault wire.Fault
		code  ticket.Code
		wait  time.Duration
		fatal bool
	}{
		"throttled":            {wire.Fault{Status: 429, Header: map[string]string{"Retry-After": "7"}, Body: `{"code":20429,"message":"Too Many Requests","status":429}`}, ticket.CodeRateLimited, 7 * time.Second, false},
		"throttled by a proxy": {wire.Fault{Status: 429, Body: "slow down"}, ticket.CodeRateLimited, 0, false},
		"credentials":          {wire.Fault{Status: 401, Body: `{"code":20003,"message":"Authenticate","status":401}`}, ticket.CodeUnauthorized, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			turn, draft := w.onWhatsApp("Open the settings.")
			w.twilio.SetFault(tc.fault)
			_, err := w.send(turn, draft)
			requireRefused(t, err, tc.code, tc.fatal)
			require.Equal(t, tc.wait, refusal(t, err).NextRetryDelay())
			part := w.parts(turn)[0]
			require.Equal(t, "queued", part.State)
			require.Zero(t, part.Attempts)
			require.NotEmpty(t, part.Error)
			_, err = w.send(turn, draft)
			require.NoError(t, err)
			require.Len(t, w.bodies(), 1)
			require.Empty(t, w.parts(turn)[0].Error)
		})
	}
}

func TestAnUnreachableTwilioHasNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio(func(o *whatsapp.Options) { o.BaseURL = "http://127.0.0.1:1" })
	turn, draft := w.onWhatsApp("Open the settings.")
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Equal(t, []string{"queued"}, w.states(turn))
}

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

// callbacks takes status callbacks as the service does.
func (w *world) callbacks() (url string) {
	return w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		s, err := whatsapp.ParseStatus(
			map[string]string{"MessageSid": r.PostFormValue("MessageSid"), "MessageStatus": r.PostFormValue("MessageStatus")},
			map[string]string{whatsapp.OutboundQuery: r.URL.Query().Get(whatsapp.OutboundQuery)})
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		id := uuid.MustParse(s.OutboundID)
		if _, err := w.db.ApplyDelivery(r.Context(), schema.ApplyDeliveryParams{
			ID: &id, ProviderID: s.SID, Delivery: string(whatsapp.Delivery(s.Status)),
		}); err != nil {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	}), http.NoBody)
}

func TestACallbackSettlesAnUnknownPart(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(w *world, turn, draft uuid.UUID){
		"under way": func(*world, uuid.UUID, uuid.UUID) {},
		"queued again": func(w *world, turn, _ uuid.UUID) {
			w.exec("UPDATE outbox SET state = 'queued', attempts = 1, attempted_at = now()")
		},
		"given up": func(w *world, turn, _ uuid.UUID) {
			w.exec("UPDATE outbox SET state = 'failed', delivery = 'failed', error = 'unknown'")
		},
		"withdrawn": func(w *world, turn, _ uuid.UUID) { w.exec("UPDATE outbox SET state = 'cancelled'") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			w.options.PublicBaseURL = w.callbacks()
			turn, draft := w.onWhatsApp("Open the settings.")
			w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
			_, err := w.send(turn, draft)
			requireRefused(t, err, ticket.CodeUnknownOutcome, false)
			require.NoError(t, w.twilio.WaitFor(t.Context(), func(all []twilio.Message) bool {
				return len(all) == 1 && all[0].Status == "delivered"
			}))
			prepare(w, turn, draft)
			sid := w.twilio.Accepted()[0].SID
			status, err := w.twilio.SendStatus(t.Context(), sid, "delivered", 0)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			part := w.parts(turn)[0]
			require.Equal(t, "sent", part.State)
			require.Equal(t, ticket.DeliveryDelivered, part.Delivery)
			require.Equal(t, sid, *part.ProviderID)
			require.Empty(t, part.Error)
			_, err = w.send(turn, draft)
			require.NoError(t, err)
			require.Len(t, w.bodies(), 1)
		})
	}
}

// Two parts may claim one message; the callback of it must not break on the
// unique index and stop every callback behind it.
func TestACallbackForAMessageAnotherPartHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.turn(c, "one")
	_, err := w.send(first.TurnID, w.draft(first.TurnID, "Yes."))
	require.NoError(t, err)
	second := w.turn(c, "two")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.Drop})
	_, err = w.send(second.TurnID, w.draft(second.TurnID, "Yes."))
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	part := w.parts(second.TurnID)[0]
	n, err := w.db.ApplyDelivery(t.Context(), schema.ApplyDeliveryParams{
		ID: &part.ID, ProviderID: w.twilio.Accepted()[0].SID, Delivery: string(ticket.DeliveryDelivered),
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, ticket.DeliveryDelivered, w.parts(first.TurnID)[0].Delivery)
	require.Equal(t, []string{"sending"}, w.states(second.TurnID))
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

func TestWithoutTwilioNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	turn, draft := w.onWhatsApp("Open the settings.")
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	require.Equal(t, []string{"queued"}, w.states(turn))
	w.withTwilio()
	_, err = w.send(turn, draft)
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
	require.ErrorContains(t, <-done, context.Canceled.Error())
	require.Equal(t, []string{"sending"}, w.states(turn))
	_, err := w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Len(t, w.bodies(), 1)
}
