package email_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

const (
	audience = "https://fte.example/webhooks/gmail"
	pusher   = "push@project.iam.gserviceaccount.com"
)

// signer is a local stand-in for Google's key set.
type signer struct {
	key     *rsa.PrivateKey
	url     string
	fetches atomic.Int64
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	s := &signer{key: key}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.fetches.Add(1)
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
			"kid": "k1", "kty": "RSA", "alg": "RS256", "use": "sig",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		}}})
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/certs"
	return s
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func claims(changes map[string]any) map[string]any {
	now := time.Now()
	all := map[string]any{
		"iss": "https://accounts.google.com", "aud": audience, "email": pusher, "email_verified": true,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "sub": "1",
	}
	maps.Copy(all, changes)
	return all
}

func (s *signer) token(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	h, err := json.Marshal(header)
	require.NoError(t, err)
	c, err := json.Marshal(claims)
	require.NoError(t, err)
	content := b64(h) + "." + b64(c)
	sum := sha256.Sum256([]byte(content))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return content + "." + b64(signature)
}

func verifier(t *testing.T, certsURL string) *email.PushVerifier {
	t.Helper()
	v, err := email.NewPushVerifier(email.PushOptions{
		Audience: audience, ServiceAccount: pusher, CertsURL: certsURL,
		Subscription: "projects/p/subscriptions/s", Mailbox: "Support@firnwacht.example",
	})
	require.NoError(t, err)
	return v
}

func TestVerifyPush(t *testing.T) {
	t.Parallel()
	google, stranger := newSigner(t), newSigner(t)
	v := verifier(t, google.url)
	rs256 := map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"}
	good := google.token(t, rs256, claims(nil))
	parts := strings.Split(good, ".")
	now := time.Now()

	for name, header := range map[string]string{
		"genuine":      "Bearer " + good,
		"lower case":   "bearer " + good,
		"short issuer": "Bearer " + google.token(t, rs256, claims(map[string]any{"iss": "accounts.google.com"})),
		"clock behind": "Bearer " + google.token(t, rs256, claims(map[string]any{"iat": now.Add(4 * time.Minute).Unix()})),
	} {
		require.NoError(t, v.Verify(t.Context(), header), name)
	}
	for name, header := range map[string]string{
		"nothing":           "",
		"no token":          "Bearer ",
		"basic":             "Basic " + good,
		"garbage":           "Bearer a.b.c",
		"two segments":      "Bearer " + parts[0] + "." + parts[1],
		"too long":          "Bearer " + good + strings.Repeat("a", 10_000),
		"audience":          "Bearer " + google.token(t, rs256, claims(map[string]any{"aud": "https://other.example"})),
		"no audience":       "Bearer " + google.token(t, rs256, claims(map[string]any{"aud": ""})),
		"audience list":     "Bearer " + google.token(t, rs256, claims(map[string]any{"aud": []string{audience}})),
		"issuer":            "Bearer " + google.token(t, rs256, claims(map[string]any{"iss": "https://evil.example"})),
		"account":           "Bearer " + google.token(t, rs256, claims(map[string]any{"email": "other@project.iam.gserviceaccount.com"})),
		"no account":        "Bearer " + google.token(t, rs256, claims(map[string]any{"email": nil})),
		"unverified":        "Bearer " + google.token(t, rs256, claims(map[string]any{"email_verified": false})),
		"verified as text":  "Bearer " + google.token(t, rs256, claims(map[string]any{"email_verified": "true"})),
		"expired":           "Bearer " + google.token(t, rs256, claims(map[string]any{"exp": now.Add(-time.Minute).Unix()})),
		"future":            "Bearer " + google.token(t, rs256, claims(map[string]any{"iat": now.Add(6 * time.Minute).Unix()})),
		"unknown key":       "Bearer " + google.token(t, map[string]any{"alg": "RS256", "kid": "k2"}, claims(nil)),
		"another's key":     "Bearer " + stranger.token(t, rs256, claims(nil)),
		"changed claims":    "Bearer " + parts[0] + "." + strings.Split(google.token(t, rs256, claims(map[string]any{"x": 1})), ".")[1] + "." + parts[2],
		"alg none":          "Bearer " + b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"alg HS256":         "Bearer " + google.token(t, map[string]any{"alg": "HS256", "kid": "k1"}, claims(nil)),
		"ES256, short sign": "Bearer " + b64([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + parts[1] + "." + b64([]byte("short")),
		"no signature":      "Bearer " + parts[0] + "." + parts[1] + ".",
	} {
		require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(v.Verify(t.Context(), header)), name)
	}
	require.Equal(t, int64(1), google.fetches.Load(), "the keys are kept although the server states no lifetime")
	require.Zero(t, stranger.fetches.Load())
}

func TestVerifyPushWithoutKeys(t *testing.T) {
	t.Parallel()
	google := newSigner(t)
	header := "Bearer " + google.token(t, map[string]any{"alg": "RS256", "kid": "k1"}, claims(nil))
	for name, handler := range map[string]http.HandlerFunc{
		"error":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"html":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"empty":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) },
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		err := verifier(t, server.URL).Verify(t.Context(), header)
		require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err), name)
	}
}

func TestNewPushVerifierRefusesToTrustAnybody(t *testing.T) {
	t.Parallel()
	for _, options := range []email.PushOptions{
		{}, {Audience: audience}, {ServiceAccount: pusher}, {Audience: audience, ServiceAccount: pusher, CertsURL: "not a url"},
	} {
		_, err := email.NewPushVerifier(options)
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	}
}

func pushBody(data string) []byte {
	return fmt.Appendf(nil, `{"message":{"data":%q,"messageId":"77","message_id":"77","publishTime":"2026-11-02T09:00:00Z","attributes":{}},`+
		`"subscription":"projects/p/subscriptions/s","deliveryAttempt":2}`, data)
}

func TestParsePush(t *testing.T) {
	t.Parallel()
	want := ticket.GmailPush{
		Mailbox: "süpport@firnwacht.example", HistoryID: 1234567890123, PubSubID: "77", Subscription: "projects/p/subscriptions/s",
	}
	number := []byte(`{"emailAddress":"Süpport@firnwacht.example","historyId":1234567890123}`)
	text := []byte(`{"emailAddress":"süpport@firnwacht.example","historyId":"1234567890123"}`)
	for name, data := range map[string]string{
		"base64": base64.StdEncoding.EncodeToString(number), "base64url": base64.URLEncoding.EncodeToString(number),
		"unpadded": base64.RawStdEncoding.EncodeToString(number), "history id as text": base64.StdEncoding.EncodeToString(text),
	} {
		got, err := email.ParsePush(pushBody(data))
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}

	encode := func(s string) []byte { return pushBody(base64.StdEncoding.EncodeToString([]byte(s))) }
	for name, body := range map[string][]byte{
		"empty": nil, "not json": []byte("x"), "array": []byte("[]"), "no message": []byte("{}"),
		"not base64":   pushBody("%%%"),
		"no data":      pushBody(""),
		"data no json": encode("x"),
		"no mailbox":   encode(`{"historyId":1}`),
		"no history":   encode(`{"emailAddress":"a@b.example"}`),
		"float":        encode(`{"emailAddress":"a@b.example","historyId":1.5}`),
		"negative":     encode(`{"emailAddress":"a@b.example","historyId":-1}`),
		"huge":         encode(`{"emailAddress":"a@b.example","historyId":99999999999999999999}`),
		"words":        encode(`{"emailAddress":"a@b.example","historyId":"x"}`),
	} {
		_, err := email.ParsePush(body)
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), name)
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	v := verifier(t, "")
	push := ticket.GmailPush{Mailbox: "support@firnwacht.example", Subscription: "projects/p/subscriptions/s"}
	require.NoError(t, v.Usable(push))
	other := push
	other.Mailbox = "sales@firnwacht.example"
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(v.Usable(other)))
	other = push
	other.Subscription = "projects/p/subscriptions/t"
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(v.Usable(other)))
}
