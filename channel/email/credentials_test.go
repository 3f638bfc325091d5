package email_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

// tokenServer issues tok-1, tok-2 … and keeps the last request's form.
type tokenServer struct {
	url    string
	issued atomic.Int64
	form   atomic.Pointer[map[string][]string]
	status atomic.Int64
}

func newTokenServer(t *testing.T) *tokenServer {
	t.Helper()
	s := &tokenServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form := map[string][]string(r.PostForm)
		s.form.Store(&form)
		w.Header().Set("Content-Type", "application/json")
		if status := s.status.Load(); status != 0 {
			w.WriteHeader(int(status))
			_, _ = fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"secret detail"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"access_token":"tok-%d","token_type":"Bearer","expires_in":3600}`, s.issued.Add(1))
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func credentialsFile(t *testing.T, content object) string {
	t.Helper()
	raw, err := json.Marshal(content)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "google.json")
	require.NoError(t, os.WriteFile(name, raw, 0o600))
	return name
}

func serviceAccount(t *testing.T, tokenURL string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return credentialsFile(t, object{
		"type": "service_account", "client_email": "fte@project.iam.gserviceaccount.com", "private_key_id": "k",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL,
	})
}

func authorized(want string, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+want {
			gmailError(401, "authError")(w, r)
			return
		}
		handler(w, r)
	}
}

func TestServiceAccountActsForTheMailbox(t *testing.T) {
	t.Parallel()
	tokens := newTokenServer(t)
	f := newGmail(t, map[string]http.HandlerFunc{"GET profile": authorized("tok-1", answer(object{"historyId": "41"}))})
	c, err := email.NewClient(t.Context(), email.Options{
		Mailbox: "support@firnwacht.example", Endpoint: f.url, CredentialsFile: serviceAccount(t, tokens.url),
	})
	require.NoError(t, err)
	for range 2 {
		_, err = c.Profile(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, int64(1), tokens.issued.Load(), "the token is kept")

	assertion := (*tokens.form.Load())["assertion"][0]
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(assertion, ".")[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	require.Equal(t, "support@firnwacht.example", claims["sub"])
	require.Equal(t, "https://www.googleapis.com/auth/gmail.modify", claims["scope"])
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	tokens := newTokenServer(t)
	f := newGmail(t, map[string]http.HandlerFunc{
		"POST drafts/send": authorized("tok-2", answer(object{"id": "m1", "threadId": "t1"})),
		"GET profile":      gmailError(401, "authError"),
	})
	c, err := email.NewClient(t.Context(), email.Options{
		Mailbox: "support@firnwacht.example", Endpoint: f.url,
		CredentialsFile: credentialsFile(t, object{
			"type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "refresh", "token_uri": tokens.url,
		}),
	})
	require.NoError(t, err)
	_, _, err = c.SendDraft(t.Context(), "d1")
	require.NoError(t, err)
	require.Equal(t, []string{`{"id":"d1"}`, `{"id":"d1"}`}, trimmed(f.bodies))
	require.Equal(t, "refresh", (*tokens.form.Load())["refresh_token"][0])

	_, err = c.Profile(t.Context())
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
	require.Equal(t, int64(3), tokens.issued.Load())
}

func trimmed(all []string) []string {
	var out []string
	for _, s := range all {
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

func TestTokenThatCannotBeHadIsNoUnclearSend(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]ticket.Code{
		400: ticket.CodeUnauthorized, 401: ticket.CodeUnauthorized, 429: ticket.CodeRateLimited, 500: ticket.CodeUnavailable,
	} {
		tokens := newTokenServer(t)
		tokens.status.Store(int64(status))
		c, err := email.NewClient(t.Context(), email.Options{
			Mailbox: "support@firnwacht.example", Endpoint: newGmail(t, nil).url, CredentialsFile: serviceAccount(t, tokens.url),
		})
		require.NoError(t, err)
		_, _, err = c.SendDraft(t.Context(), "d1")
		require.Equal(t, want, ticket.CodeOf(err), status)
		require.NotContains(t, err.Error(), "secret detail")
	}
	c, err := email.NewClient(t.Context(), email.Options{
		Mailbox: "support@firnwacht.example", CredentialsFile: serviceAccount(t, "http://127.0.0.1:1/token"),
	})
	require.NoError(t, err)
	_, _, err = c.SendDraft(t.Context(), "d1")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestNewClientRefuses(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	for name, options := range map[string]email.Options{
		"no mailbox":     {Endpoint: "http://127.0.0.1:1"},
		"no credentials": {Mailbox: "a@b.example"},
		"no file":        {Mailbox: "a@b.example", CredentialsFile: "missing.json"},
		"not json":       {Mailbox: "a@b.example", CredentialsFile: broken},
		"unknown type":   {Mailbox: "a@b.example", CredentialsFile: credentialsFile(t, object{"type": "gdch_service_account"})},
		"nobody to be":   {Mailbox: "a@b.example", CredentialsFile: credentialsFile(t, object{"type": "external_account"})},
		"no key":         {Mailbox: "a@b.example", CredentialsFile: credentialsFile(t, object{"type": "service_account", "client_email": "x"})},
	} {
		_, err := email.NewClient(t.Context(), options)
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), name)
	}
}
