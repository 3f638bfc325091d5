package gateway

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// sign makes the header that Twilio would send.
func sign(t *testing.T, requestURI, body string) string {
	t.Helper()
	params, err := url.ParseQuery(body)
	require.NoError(t, err)
	text := publicURL + requestURI
	for _, key := range slices.Sorted(maps.Keys(params)) {
		text += key + params.Get(key)
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (b *bundle) twilio(t *testing.T, requestURI, body string, header ...string) answer {
	t.Helper()
	return b.do(t, http.MethodPost, requestURI, body, append([]string{
		"Content-Type", formContent, "X-Twilio-Signature", sign(t, requestURI, body),
	}, header...)...)
}

func inbound(sid, text string) string {
	return form(map[string]string{
		"MessageSid": sid, "AccountSid": accountSID, "From": "whatsapp:+4915112345678", "To": "whatsapp:+4930123456",
		"Body": text, "NumMedia": "0",
	})
}

func TestWhatsAppMessageBecomesAnEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.twilio(t, "/webhooks/whatsapp", inbound("SM1", "Grüße 👋"),
		"X-Correlation-ID", "call-7", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "text/xml", a.header.Get("Content-Type"))
	require.Equal(t, "<Response></Response>", a.body)
	require.Equal(t, "call-7", a.header.Get("X-Correlation-ID"))

	require.Len(t, b.kafka.all(), 1)
	e := b.kafka.all()[0]
	require.Equal(t, ticket.TopicWhatsAppInbound, e.Topic)
	require.Equal(t, ticket.TypeWhatsAppMessage, e.Type)
	require.Equal(t, "twilio:SM1", e.ID)
	require.Equal(t, "+4915112345678", e.Key)
	require.Equal(t, "call-7", e.CorrelationID)
	require.Equal(t, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", e.TraceParent)
	require.False(t, e.Time.IsZero())
	value := decode[ticket.WhatsAppEvent](t, string(e.Value))
	require.Equal(t, "Grüße 👋", value.Params["Body"])
	require.Equal(t, "SM1", value.Params["MessageSid"])
	require.Empty(t, value.Query)
	require.Equal(t, 1, b.accepted(t, ticket.TopicWhatsAppInbound, viaKafka))
}

func TestWhatsAppStatusBecomesAnEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.twilio(t, "/webhooks/whatsapp/status?oid=7", form(map[string]string{
		"MessageSid": "SM2", "MessageStatus": "delivered", "AccountSid": accountSID,
		"From": "whatsapp:+4930123456", "To": "whatsapp:+4915112345678",
	}))
	require.Equal(t, http.StatusNoContent, a.status)
	require.Empty(t, a.body)
	e := b.kafka.all()[0]
	require.Equal(t, ticket.TypeWhatsAppStatus, e.Type)
	require.Equal(t, "twilio:SM2:delivered", e.ID)
	require.Equal(t, "+4915112345678", e.Key)
	require.Equal(t, map[string]string{"oid": "7"}, decode[ticket.WhatsAppEvent](t, string(e.Value)).Query)
}

// What Twilio has signed is never refused for what is in it.
func TestOddWhatsAppMessagesAreKept(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"invalid UTF-8": inbound("SM1", "caf\xe9"),
		"NUL":           inbound("SM1", "a\x00b"),
		"no body":       form(map[string]string{"MessageSid": "SM1", "AccountSid": accountSID}),
		"no sid":        form(map[string]string{"From": "whatsapp:+4915112345678", "AccountSid": accountSID, "Body": "hello"}),
		"absurd sid":    form(map[string]string{"MessageSid": strings.Repeat("S", 5000), "AccountSid": accountSID}),
		"absurd sender": form(map[string]string{"MessageSid": "SM1", "From": strings.Repeat("é", 300), "AccountSid": accountSID}),
		"empty sender":  form(map[string]string{"MessageSid": "SM1", "From": "", "AccountSid": accountSID}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.kafka.set(down) // the spool is the choosier of the two
			require.Equal(t, http.StatusOK, b.twilio(t, "/webhooks/whatsapp", body).status)
			b.kafka.set(up)
			eventually(t, func() bool { return len(b.kafka.all()) == 1 }, "the event arrives")
			e := b.kafka.all()[0]
			require.True(t, json.Valid(e.Value))
			require.LessOrEqual(t, len(e.ID), 100)
			require.LessOrEqual(t, len(e.Key), 64)
			require.NotEqual(t, "twilio:", e.ID)
		})
	}
}

func TestBadWebhooksAreRefused(t *testing.T) { //nolint:tparallel // they share the counters
	t.Parallel()
	b := setup(t)
	message := inbound("SM1", "hello")
	good := sign(t, "/webhooks/whatsapp", message)
	keys := strings.Repeat("a=&", 1e5)
	large := strings.Repeat("x", 10<<20)
	push := func(token, body string) []string {
		return []string{"/webhooks/gmail", body, "Content-Type", jsonContent, "Authorization", token}
	}
	for name, test := range map[string]struct {
		status int
		reason string
		call   []string // path, body, headers
	}{
		"no signature":         {403, "signature", []string{"/webhooks/whatsapp", message, "Content-Type", formContent}},
		"bad signature":        {403, "signature", []string{"/webhooks/whatsapp", message, "Content-Type", formContent, "X-Twilio-Signature", "bm9wZQ=="}},
		"no base64":            {403, "signature", []string{"/webhooks/whatsapp", message, "Content-Type", formContent, "X-Twilio-Signature", "\x7f!"[1:]}},
		"signed for elsewhere": {403, "signature", []string{"/webhooks/whatsapp/status", message, "Content-Type", formContent, "X-Twilio-Signature", good}},
		"changed query":        {403, "signature", []string{"/webhooks/whatsapp?a=b", message, "Content-Type", formContent, "X-Twilio-Signature", good}},
		"changed body":         {403, "signature", []string{"/webhooks/whatsapp", message + "&Body=other", "Content-Type", formContent, "X-Twilio-Signature", "x" + good}},
		"no form":              {415, "content_type", []string{"/webhooks/whatsapp", message, "Content-Type", jsonContent}},
		"no content type":      {415, "content_type", []string{"/webhooks/whatsapp", message}},
		"odd content type":     {415, "content_type", []string{"/webhooks/whatsapp", message, "Content-Type", ";;;"}},
		"large form":           {413, "too_large", []string{"/webhooks/whatsapp", large, "Content-Type", formContent}},
		"large status":         {413, "too_large", []string{"/webhooks/whatsapp/status", large, "Content-Type", formContent}},
		"many keys":            {413, "too_large", []string{"/webhooks/whatsapp", keys, "Content-Type", formContent}},
		"no token":             {401, "unauthorized", push("", "{}")},
		"bad token":            {401, "unauthorized", push("Bearer bad", "{}")},
		"bad token, bad body":  {401, "unauthorized", push("Bearer bad", "{{{")},
		"large push":           {413, "too_large", push("Bearer good", large)},
		"push as text":         {415, "content_type", []string{"/webhooks/gmail", "{}", "Content-Type", "text/plain", "Authorization", "Bearer good"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := b.rejected(t, test.reason)
			a := b.do(t, http.MethodPost, test.call[0], test.call[1], test.call[2:]...)
			requireProblem(t, a, test.status)
			require.Equal(t, before+1, b.rejected(t, test.reason))
		})
	}
	require.Empty(t, b.kafka.all())
}

func pushBody(mailbox string, history any, id, subscription string) string {
	data, err := json.Marshal(map[string]any{"emailAddress": mailbox, "historyId": history})
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"message":{"data":%q,"messageId":%q},"subscription":%q}`,
		base64.StdEncoding.EncodeToString(data), id, subscription)
}

func (b *bundle) push(t *testing.T, body string) answer {
	t.Helper()
	return b.do(t, http.MethodPost, "/webhooks/gmail", body, "Content-Type", jsonContent, "Authorization", "Bearer good")
}

func TestGmailPushBecomesAnEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.push(t, pushBody("Support@Example.com", 9876, "123", "projects/p/subscriptions/ours"))
	require.Equal(t, http.StatusNoContent, a.status)
	e := b.kafka.all()[0]
	require.Equal(t, ticket.TopicEmailInbound, e.Topic)
	require.Equal(t, ticket.TypeGmailPush, e.Type)
	require.Equal(t, "support@example.com", e.Key)
	require.Equal(t, "pubsub:123", e.ID)
	require.Equal(t, ticket.GmailPush{
		Mailbox: "support@example.com", HistoryID: 9876, PubSubID: "123", Subscription: "projects/p/subscriptions/ours",
	}, decode[ticket.GmailPush](t, string(e.Value)))
}

func TestGenuinePushThatCannotBeUsedIsAcknowledged(t *testing.T) { //nolint:tparallel // they share the counters
	t.Parallel()
	b := setup(t)
	for name, body := range map[string]string{
		"no JSON":              "{{{",
		"empty":                "",
		"no message":           "{}",
		"null":                 "null",
		"invalid UTF-8":        "{\"message\":{\"data\":\"\xff\xfe\"}}",
		"another subscription": pushBody("support@example.com", 1, "9", "projects/p/subscriptions/theirs"),
		"endless id":           pushBody("support@example.com", 1, strings.Repeat("9", 5000), "projects/p/subscriptions/ours"),
	} {
		t.Run(name, func(t *testing.T) {
			before := b.rejected(t, "unusable_push")
			require.Equal(t, http.StatusNoContent, b.push(t, body).status)
			require.Equal(t, before+1, b.rejected(t, "unusable_push"))
		})
	}
	require.Empty(t, b.kafka.all())
}

func TestPushWaitsForTheSigningKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Push = &fakePush{err: ticket.Errorf(ticket.CodeUnavailable, "fetching the signing keys")}
	})
	a := b.push(t, "{}")
	requireProblem(t, a, http.StatusServiceUnavailable)
	require.Equal(t, "5", a.header.Get("Retry-After"))
}

func TestChannelThatIsOffSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.WhatsApp, o.Push = nil, nil })
	for path, contentType := range map[string]string{
		"/webhooks/whatsapp": formContent, "/webhooks/whatsapp/status": formContent, "/webhooks/gmail": jsonContent,
	} {
		p := requireProblem(t, b.do(t, http.MethodPost, path, "", "Content-Type", contentType), http.StatusNotFound)
		require.Contains(t, p.Detail, "channel is not configured")
	}
	require.Equal(t, 3, b.rejected(t, "channel_off"))
	health := decode[struct{ Channels map[string]string }](t, b.do(t, http.MethodGet, "/health", "").body)
	require.Equal(t, map[string]string{"email": "off", "whatsapp": "off", "webform": "on"}, health.Channels)
}
