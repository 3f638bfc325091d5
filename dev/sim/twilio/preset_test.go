package twilio_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
)

func TestEveryPresetIsListedWithWhatItDoes(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{})
	res, err := http.Get(bundle.url + "/_sim/faults")
	require.NoError(t, err)
	defer res.Body.Close()
	var all []wire.Switch
	require.NoError(t, json.NewDecoder(res.Body).Decode(&all))
	var names []string
	for _, s := range all {
		require.Regexp(t, `^[A-Z].*\.$`, s.Does)
		names = append(names, s.Name)
	}
	slices.Sort(names)
	require.Equal(t, names, slices.Compact(slices.Clone(names)), "names are unique")
	for _, wanted := range []string{
		"accept-then-hang", "accept-then-drop", "late-63016", "refused-63016", "refused-63018", "refused-63038",
		"refused-21610", "refused-20429", "error-500", "html-502", "lost-webhook", "statuses-twice", "statuses-backwards",
	} {
		require.Contains(t, names, wanted)
	}
}

func TestRefusedByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]client.TwilioRestError{
		"refused-63016": {Status: 400, Code: 63016},
		"refused-63018": {Status: 429, Code: 63018},
		"refused-63038": {Status: 429, Code: 63038},
		"refused-21610": {Status: 400, Code: 21610},
		"refused-20429": {Status: 429, Code: 20429},
		"refused-20003": {Status: 401, Code: 20003},
		"refused-21211": {Status: 400, Code: 21211},
		"error-500":     {Status: 500, Code: 20500},
		"error-503":     {Status: 503, Code: 20503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := setup(t, twilio.Options{NoStatusCallbacks: true})
			require.NoError(t, bundle.sim.SwitchOn(name, 0))
			_, err := bundle.api.CreateMessage(send(theirs, "hi"))
			var problem *client.TwilioRestError
			require.ErrorAs(t, err, &problem)
			require.Equal(t, want.Status, problem.Status)
			require.Equal(t, want.Code, problem.Code)
			require.Empty(t, bundle.sim.Accepted())
			_, err = bundle.api.CreateMessage(send(theirs, "hi"))
			require.NoError(t, err, "it happens once")
		})
	}
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for name, accepted := range map[string]int{"accept-then-drop": 1, "accept-then-502": 1, "drop": 0, "html-502": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := setup(t, twilio.Options{NoStatusCallbacks: true})
			require.NoError(t, bundle.sim.SwitchOn(name, 0))
			_, err := bundle.api.CreateMessage(send(theirs, "hi"))
			require.Error(t, err)
			var problem *client.TwilioRestError
			require.NotErrorAs(t, err, &problem)
			require.Len(t, bundle.sim.Accepted(), accepted)
		})
	}
}

func TestLateFailures(t *testing.T) {
	t.Parallel()
	for _, code := range []int{63016, 63018, 63038, 21610, 63003, 63024, 63032} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			hook := newReceiver(t, "")
			bundle := setup(t, twilio.Options{WebhookURL: hook.URL + "/in"})
			require.NoError(t, bundle.sim.SwitchOn("late-"+strconv.Itoa(code), 0))
			_, err := bundle.api.CreateMessage(send(theirs, "hi").SetStatusCallback(hook.URL + "/status"))
			require.NoError(t, err)
			require.Equal(t, "queued", hook.next(t).Get("MessageStatus"))
			failed := hook.next(t)
			require.Equal(t, "failed", failed.Get("MessageStatus"))
			require.Equal(t, strconv.Itoa(code), failed.Get("ErrorCode"))
			require.NotEqual(t, "Unknown error", failed.Get("ErrorMessage"))
		})
	}
}

func TestOddStatusCallbacks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		twilio.StatusesTwice:     {"queued", "queued", "sent", "sent", "delivered", "delivered"},
		twilio.StatusesBackwards: {"delivered", "sent", "queued"},
		// What comes is of the next message.
		twilio.StatusesLost: {"queued", "sent", "delivered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hook := newReceiver(t, "")
			bundle := setup(t, twilio.Options{WebhookURL: hook.URL + "/in"})
			require.NoError(t, bundle.sim.SwitchOn(name, 0))
			// Without a callback there is nothing that could go wrong with it.
			_, err := bundle.api.CreateMessage(send(theirs, "silent"))
			require.NoError(t, err)
			first, err := bundle.api.CreateMessage(send(theirs, "hi").SetStatusCallback(hook.URL + "/status"))
			require.NoError(t, err)
			require.NoError(t, bundle.sim.WaitFor(deadline(t), func(all []twilio.Message) bool { return all[1].Status == "delivered" }))
			last := first
			if name == twilio.StatusesLost {
				last, err = bundle.api.CreateMessage(send(theirs, "hi").SetStatusCallback(hook.URL + "/status"))
				require.NoError(t, err)
			}
			for _, status := range want {
				form := hook.next(t)
				require.Equal(t, status, form.Get("MessageStatus"))
				require.Equal(t, *last.Sid, form.Get("MessageSid"))
			}
		})
	}
}

func TestWindowOfEachCustomer(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{EnforceWindow: true, RefuseOutsideWindow: true, NoStatusCallbacks: true})
	wrote := func(from string, ago time.Duration) {
		_, err := bundle.sim.Inbound(t.Context(), from, "hello", twilio.InboundOptions{NoWebhook: true, At: time.Now().Add(-ago)})
		require.NoError(t, err)
	}
	refused := func(params *openapi.CreateMessageParams) {
		t.Helper()
		_, err := bundle.api.CreateMessage(params)
		var problem *client.TwilioRestError
		require.ErrorAs(t, err, &problem)
		require.Equal(t, 63016, problem.Code)
	}
	template := func() *openapi.CreateMessageParams {
		params := &openapi.CreateMessageParams{}
		return params.SetTo(theirs).SetFrom(ours).SetContentSid("HX00000000000000000000000000000001")
	}
	refused(send(theirs, "hi"))
	_, err := bundle.api.CreateMessage(template())
	require.NoError(t, err, "a template goes out at any time")
	wrote(theirs, 23*time.Hour+59*time.Minute)
	_, err = bundle.api.CreateMessage(send(theirs, "hi"))
	require.NoError(t, err)
	refused(send("whatsapp:+491701234568", "hi"))
	wrote("+491701234568", 24*time.Hour+time.Minute)
	refused(send("whatsapp:+491701234568", "hi"))
	wrote(theirs, 48*time.Hour)
	_, err = bundle.api.CreateMessage(send(theirs, "hi"))
	require.NoError(t, err, "an older message closes no window")

	require.NoError(t, bundle.sim.SwitchOn(twilio.WindowClosed, 1))
	refused(send(theirs, "hi"))
	_, err = bundle.api.CreateMessage(send(theirs, "hi"))
	require.NoError(t, err)
}

func TestLostWebhook(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t, "")
	bundle := setup(t, twilio.Options{WebhookURL: hook.URL + "/in"})
	require.NoError(t, bundle.sim.SwitchOn(twilio.LostWebhook, 0))
	lost, err := bundle.sim.Inbound(t.Context(), theirs, "lost", twilio.InboundOptions{})
	require.NoError(t, err)
	require.True(t, lost.Lost)
	require.Empty(t, lost.Statuses)
	found, err := bundle.sim.Inbound(t.Context(), theirs, "found", twilio.InboundOptions{})
	require.NoError(t, err)
	require.Equal(t, found.SID, hook.next(t).Get("MessageSid"))
	listed, err := bundle.api.ListMessage((&openapi.ListMessageParams{}).SetTo(ours))
	require.NoError(t, err)
	require.Len(t, listed, 2)
	require.Equal(t, lost.SID, *listed[1].Sid)
}

func TestMediaOfAMessage(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t, "")
	bundle := setup(t, twilio.Options{WebhookURL: hook.URL + "/in"})
	receipt, err := bundle.sim.Inbound(t.Context(), theirs, "", twilio.InboundOptions{Media: []twilio.Media{{ContentType: "image/jpeg"}, {ContentType: "audio/ogg"}}})
	require.NoError(t, err)
	form := hook.next(t)
	require.Equal(t, "2", form.Get("NumMedia"))
	require.Equal(t, "image", form.Get("MessageType"))
	require.Regexp(t, `^https://api\.twilio\.com/2010-04-01/Accounts/`+account+`/Messages/`+receipt.SID+`/Media/ME[0-9a-f]{32}$`, form.Get("MediaUrl0"))
	listed, err := bundle.api.ListMedia(receipt.SID, nil)
	require.NoError(t, err)
	require.Len(t, listed, 2)
	require.Equal(t, "audio/ogg", *listed[1].ContentType)
	require.True(t, strings.HasSuffix(form.Get("MediaUrl1"), *listed[1].Sid))
	one, err := bundle.api.FetchMedia(receipt.SID, *listed[0].Sid, nil)
	require.NoError(t, err)
	require.Equal(t, receipt.SID, *one.ParentSid)

	params := send(theirs, "look")
	sent, err := bundle.api.CreateMessage(params.SetMediaUrl([]string{"https://support.example.com/manual.pdf?x=1"}))
	require.NoError(t, err)
	require.Equal(t, "1", *sent.NumMedia)
	listed, err = bundle.api.ListMedia(*sent.Sid, nil)
	require.NoError(t, err)
	require.Equal(t, "application/pdf", *listed[0].ContentType)
	_, err = bundle.api.FetchMedia(*sent.Sid, "ME00000000000000000000000000000000", nil)
	require.Error(t, err)
}

func TestValidityPeriodIsChecked(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{NoStatusCallbacks: true})
	for seconds, fits := range map[int]bool{0: false, 1: true, 14400: true, 36000: true, 36001: false} {
		_, err := bundle.api.CreateMessage(send(theirs, "hi").SetValidityPeriod(seconds))
		require.Equal(t, fits, err == nil, "%d: %v", seconds, err)
	}
}

func TestSignatureOfRepeatedKeys(t *testing.T) {
	t.Parallel()
	// Twilio's libraries sort the values of a key and leave out repeated ones.
	repeated := url.Values{"To": {"b", "a", "b"}, "From": {"c"}}
	require.Equal(t, twilio.Sign("12345", "https://x.example/", url.Values{"To": {"a", "b"}, "From": {"c"}}), twilio.Sign("12345", "https://x.example/", repeated))
	require.NotEqual(t, twilio.Sign("12345", "https://x.example/", url.Values{"To": {"a"}, "From": {"c"}}), twilio.Sign("12345", "https://x.example/", repeated))
}
