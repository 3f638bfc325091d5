package activities_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/wire"
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
	require.Equal(t, ticket.SendReplyResult{Standing: res.Standing, State: ticket.SendDone, Kind: ticket.KindAnswer, Parts: len(w.bodies())}, res)
	require.Equal(t, ticket.WaitingCustomer, res.Status)
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
