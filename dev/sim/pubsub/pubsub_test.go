package pubsub_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/idtoken"
	"google.golang.org/api/option"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/pubsub"
)

const (
	audience = "https://support.example.com/webhooks/gmail"
	account  = "push@simulator.iam.gserviceaccount.com"
)

type testBundle struct {
	sim       *pubsub.Server
	validator *idtoken.Validator
	fetches   *atomic.Int32
}

func setup(t *testing.T, webhook string) *testBundle {
	t.Helper()
	sim, err := pubsub.New(pubsub.Options{
		WebhookURL: webhook, Audience: audience, Subscription: "projects/p/subscriptions/s", ServiceAccount: account,
		MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond,
	})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, sim.Close())
	})
	bundle := &testBundle{sim: sim, fetches: &atomic.Int32{}}
	// The validator's address for keys is fixed, so its requests are redirected.
	bundle.validator, err = idtoken.NewValidator(t.Context(), option.WithHTTPClient(&http.Client{
		Transport: rewriter{to: server.URL, count: bundle.fetches},
	}))
	require.NoError(t, err)
	return bundle
}

type rewriter struct {
	to    string
	count *atomic.Int32
}

func (r rewriter) RoundTrip(req *http.Request) (*http.Response, error) {
	to, err := url.Parse(r.to)
	if err != nil {
		return nil, err
	}
	r.count.Add(1)
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = to.Scheme, to.Host
	return http.DefaultTransport.RoundTrip(req)
}

func TestGenuineTokens(t *testing.T) {
	t.Parallel()
	bundle := setup(t, "http://unused.example")
	for range 3 {
		token, err := bundle.sim.Token(nil)
		require.NoError(t, err)
		payload, err := bundle.validator.Validate(t.Context(), token, audience)
		require.NoError(t, err)
		require.Equal(t, "https://accounts.google.com", payload.Issuer)
		require.Equal(t, account, payload.Claims["email"])
		require.Equal(t, true, payload.Claims["email_verified"])
	}
	require.EqualValues(t, 1, bundle.fetches.Load(), "keys are cached")
}

func TestOddTokens(t *testing.T) {
	t.Parallel()
	// What the library itself refuses.
	for name, mutate := range map[string]func(*pubsub.TokenSpec){
		"audience":   func(s *pubsub.TokenSpec) { s.Claims["aud"] = "https://elsewhere.example" },
		"expired":    func(s *pubsub.TokenSpec) { s.Claims["exp"] = time.Now().Add(-time.Minute).Unix() },
		"other key":  func(s *pubsub.TokenSpec) { s.OtherKey = true },
		"unknown id": func(s *pubsub.TokenSpec) { s.Header = map[string]any{"kid": "unknown"} },
		"signature":  func(s *pubsub.TokenSpec) { s.Signature = []byte("short") },
		"elliptic":   func(s *pubsub.TokenSpec) { s.ES256 = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := setup(t, "http://unused.example")
			token, err := bundle.sim.Token(mutate)
			require.NoError(t, err)
			_, err = bundle.validator.Validate(t.Context(), token, audience)
			require.Error(t, err)
		})
	}
	// What the library lets through and the caller has to see.
	bundle := setup(t, "http://unused.example")
	token, err := bundle.sim.Token(func(s *pubsub.TokenSpec) {
		s.Claims["iss"], s.Claims["email"], s.Claims["email_verified"] = "https://evil.example", "evil@evil.example", false
	})
	require.NoError(t, err)
	payload, err := bundle.validator.Validate(t.Context(), token, audience)
	require.NoError(t, err)
	require.Equal(t, "https://evil.example", payload.Issuer)
	require.Equal(t, false, payload.Claims["email_verified"])
}

func TestKeySurvivesARestart(t *testing.T) {
	t.Parallel()
	options := pubsub.Options{
		Audience: audience, Subscription: "projects/p/subscriptions/s", ServiceAccount: account,
		StateFile: filepath.Join(t.TempDir(), "pubsub.jsonl"),
	}
	var published []string
	for range 2 {
		sim, err := pubsub.New(options)
		require.NoError(t, err)
		answer := httptest.NewRecorder()
		sim.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, pubsub.CertsPath, nil))
		published = append(published, answer.Body.String())
		require.NoError(t, sim.Close())
	}
	require.NotEmpty(t, published[0])
	require.Equal(t, published[0], published[1])
}

type push struct {
	Message struct {
		Data        string            `json:"data"`
		MessageID   string            `json:"messageId"`
		MessageID2  string            `json:"message_id"`
		PublishTime time.Time         `json:"publishTime"`
		Attributes  map[string]string `json:"attributes"`
	} `json:"message"`
	Subscription string `json:"subscription"`
}

// subscriber answers with the statuses in turn, then with 204.
func subscriber(t *testing.T, statuses ...int) (*httptest.Server, chan push, chan string) {
	t.Helper()
	pushes, tokens := make(chan push, 100), make(chan string, 100)
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := int(calls.Add(1)); n <= len(statuses) {
			w.WriteHeader(statuses[n-1])
			return
		}
		var body push
		if json.NewDecoder(r.Body).Decode(&body) == nil {
			pushes <- body
			tokens <- strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server, pushes, tokens
}

func TestPushIsRetriedUntilAcknowledged(t *testing.T) {
	t.Parallel()
	server, pushes, tokens := subscriber(t, 503, 401, 301, 500)
	bundle := setup(t, server.URL+"/webhooks/gmail")
	require.NoError(t, bundle.sim.Push(t.Context(), "support@example.com", 4711))
	got := <-pushes
	data, err := base64.StdEncoding.DecodeString(got.Message.Data)
	require.NoError(t, err)
	require.JSONEq(t, `{"emailAddress":"support@example.com","historyId":4711}`, string(data))
	require.Equal(t, "projects/p/subscriptions/s", got.Subscription)
	require.NotEmpty(t, got.Message.MessageID)
	require.Equal(t, got.Message.MessageID, got.Message.MessageID2)
	require.WithinDuration(t, time.Now(), got.Message.PublishTime, time.Minute)
	_, err = bundle.validator.Validate(t.Context(), <-tokens, audience)
	require.NoError(t, err)

	logged := bundle.sim.Pushes()
	require.Equal(t, []int{503, 401, 301, 500, 204}, logged[0].Statuses)
	require.True(t, logged[0].Acked)

	require.NoError(t, bundle.sim.Redeliver(t.Context(), got.Message.MessageID))
	require.Equal(t, got.Message.MessageID, (<-pushes).Message.MessageID)
	require.NoError(t, bundle.sim.Push(t.Context(), "support@example.com", 4712))
	require.NotEqual(t, got.Message.MessageID, (<-pushes).Message.MessageID)
}

func TestPushEnds(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	bundle := setup(t, gone.URL)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- bundle.sim.Push(ctx, "a@example.com", 1) }()
	wait, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	tried := func(n int) error {
		return bundle.sim.WaitFor(wait, func(all []pubsub.Push) bool { return len(all) == n && len(all[n-1].Statuses) > 1 })
	}
	require.NoError(t, tried(1))
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)

	go func() { done <- bundle.sim.Push(t.Context(), "a@example.com", 2) }()
	require.NoError(t, tried(2))
	require.NoError(t, bundle.sim.Close())
	require.Error(t, <-done)
}

func TestGmailPushesThroughPubSub(t *testing.T) {
	t.Parallel()
	server, pushes, _ := subscriber(t)
	bundle := setup(t, server.URL)
	mail, err := gmail.New(gmail.Options{
		Mailboxes: []string{"support@example.com"}, AlwaysPush: true,
		OnChange: func(ctx context.Context, mailbox string, historyID uint64) {
			// The error is the context's: the simulator is closing.
			_ = bundle.sim.Push(ctx, mailbox, historyID)
		},
	})
	require.NoError(t, err)
	_, err = mail.Deliver([]byte("From: ada@customer.example\r\nTo: support@example.com\r\nSubject: Hi\r\n\r\nHello"))
	require.NoError(t, err)
	data, err := base64.StdEncoding.DecodeString((<-pushes).Message.Data)
	require.NoError(t, err)
	var notification struct {
		HistoryID uint64 `json:"historyId"`
	}
	require.NoError(t, json.Unmarshal(data, &notification))
	require.Equal(t, mail.HistoryID("support@example.com"), notification.HistoryID)
	require.NoError(t, mail.Close())
}
