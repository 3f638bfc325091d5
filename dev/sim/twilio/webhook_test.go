package twilio_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/digital-fte/fte/dev/sim/twilio"
)

func TestInboundWebhook(t *testing.T) {
	t.Parallel()
	// Behind a proxy: the signature covers an address nobody listens on.
	hook := newReceiver(t, "https://support.example.com")
	bundle := setup(t, twilio.Options{
		WebhookURL: "https://support.example.com/webhooks/whatsapp?tenant=a%20b#rc=5&rp=all", WebhookTarget: hook.URL,
	})
	receipt, err := bundle.sim.Inbound(t.Context(), "+491701234567", "Grüße & 1+1=2", twilio.InboundOptions{
		ProfileName: "Ada", Repeat: 3, Media: []twilio.Media{{URL: "https://api.twilio.com/x", ContentType: "image/png"}},
	})
	require.NoError(t, err)
	require.Equal(t, []int{200, 200, 200}, receipt.Statuses)
	for range 3 {
		form := hook.next(t)
		require.Equal(t, receipt.SID, form.Get("MessageSid"))
		require.Equal(t, receipt.SID, form.Get("SmsSid"))
		require.Equal(t, account, form.Get("AccountSid"))
		require.Equal(t, theirs, form.Get("From"))
		require.Equal(t, ours, form.Get("To"))
		require.Equal(t, "Grüße & 1+1=2", form.Get("Body"))
		require.Equal(t, "1", form.Get("NumMedia"))
		require.Equal(t, "image/png", form.Get("MediaContentType0"))
		require.Equal(t, "Ada", form.Get("ProfileName"))
		require.Equal(t, "491701234567", form.Get("WaId"))
		require.Equal(t, "tenant=a%20b", form.Get("query"))
	}
	listed, err := bundle.api.ListMessage((&openapi.ListMessageParams{}).SetTo(ours))
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, "inbound", *listed[0].Direction)
	require.Equal(t, "received", *listed[0].Status)
}

func TestInboundIsRetried(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t, "", http.StatusServiceUnavailable, http.StatusBadGateway)
	patient := setup(t, twilio.Options{WebhookURL: hook.URL + "/in", RetryFor: 10 * time.Second})
	receipt, err := patient.sim.Inbound(t.Context(), theirs, "hi", twilio.InboundOptions{})
	require.NoError(t, err)
	require.Equal(t, receipt.SID, hook.next(t).Get("MessageSid"))

	broken := newReceiver(t, "", http.StatusServiceUnavailable)
	plain := setup(t, twilio.Options{WebhookURL: broken.URL + "/in"})
	receipt, err = plain.sim.Inbound(t.Context(), theirs, "hi", twilio.InboundOptions{})
	require.ErrorContains(t, err, "status 503")
	require.Equal(t, []int{503}, receipt.Statuses)
	require.Len(t, plain.sim.Messages(), 1)
}

func TestOneRetryAfterAConnectionFailure(t *testing.T) {
	t.Parallel()
	tries := 0
	dropping := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		tries++
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(dropping.Close)
	bundle := setup(t, twilio.Options{WebhookURL: dropping.URL})
	receipt, err := bundle.sim.Inbound(t.Context(), theirs, "hi", twilio.InboundOptions{})
	require.Error(t, err)
	require.Equal(t, []int{0}, receipt.Statuses)
	dropping.Close()
	require.Equal(t, 2, tries)
}

func TestWrongSignatureIsNoticed(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t, "")
	bundle := setup(t, twilio.Options{WebhookURL: hook.URL + "/in"})
	receipt, err := bundle.sim.Inbound(t.Context(), theirs, "hi", twilio.InboundOptions{Signature: "bm8="})
	require.Error(t, err)
	require.Equal(t, []int{403}, receipt.Statuses)
}

func TestStatusCallbacks(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t, "https://support.example.com")
	bundle := setup(t, twilio.Options{WebhookURL: "https://support.example.com/in", WebhookTarget: hook.URL})
	callback := "https://support.example.com/webhooks/whatsapp/status?oid=t1%2Fanswer%2F1"
	created, err := bundle.api.CreateMessage(send(theirs, "hi").SetStatusCallback(callback))
	require.NoError(t, err)
	for _, status := range []string{"queued", "sent", "delivered"} {
		form := hook.next(t)
		require.Equal(t, status, form.Get("MessageStatus"))
		require.Equal(t, *created.Sid, form.Get("MessageSid"))
		require.Equal(t, account, form.Get("AccountSid"))
		require.Equal(t, "2010-04-01", form.Get("ApiVersion"))
		require.Equal(t, "oid=t1%2Fanswer%2F1", form.Get("query"))
	}
	status, err := bundle.sim.SendStatus(t.Context(), *created.Sid, "sent", 0)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "sent", hook.next(t).Get("MessageStatus"))

	bundle.sim.FailNext(63016)
	_, err = bundle.api.CreateMessage(send(theirs, "late").SetStatusCallback(callback))
	require.NoError(t, err)
	require.Equal(t, "queued", hook.next(t).Get("MessageStatus"))
	failed := hook.next(t)
	require.Equal(t, "failed", failed.Get("MessageStatus"))
	require.Equal(t, "63016", failed.Get("ErrorCode"))
}

func TestWindow(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{EnforceWindow: true, NoStatusCallbacks: true})
	final := func() string {
		created, err := bundle.api.CreateMessage(send(theirs, "hi"))
		require.NoError(t, err)
		status := ""
		require.NoError(t, bundle.sim.WaitFor(deadline(t), func(all []twilio.Message) bool {
			for _, m := range all {
				if m.SID == *created.Sid {
					status = m.Status
				}
			}
			return status == "failed" || status == "delivered"
		}))
		return status
	}
	require.Equal(t, "failed", final())
	_, err := bundle.sim.Inbound(t.Context(), theirs, "hello", twilio.InboundOptions{NoWebhook: true})
	require.NoError(t, err)
	require.Equal(t, "delivered", final())
}

func TestSign(t *testing.T) {
	t.Parallel()
	// The example of Twilio's security documentation.
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675310"}, "Digits": {"1234"}, "From": {"+14158675310"}, "To": {"+18005551212"}}
	require.Equal(t, "GvWf1cFY/Q7PnoempGyD5oXAezc=", twilio.Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form))
}

func TestInboundOverHTTP(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t, "")
	bundle := setup(t, twilio.Options{WebhookURL: hook.URL + "/in"})
	res, err := http.Post(bundle.url+"/_sim/inbound", "application/json", strings.NewReader(`{"from":"+491701234567","body":"hi","profile_name":"Ada"}`))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "Ada", hook.next(t).Get("ProfileName"))
}
