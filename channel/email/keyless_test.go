package email_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

const delegated = "fte@project.iam.gserviceaccount.com"

// fakeGoogle is Google's token services under one roof: STS, IAM credentials
// and OAuth.
type fakeGoogle struct {
	url    *url.URL
	refuse map[string]int // status by path

	mu    sync.Mutex
	calls []string
	claim map[string]any // that IAM was asked to sign last
	// delegates are those that IAM was told of last.
	delegates []string
}

func newGoogle(t *testing.T) *fakeGoogle {
	t.Helper()
	g := &fakeGoogle{refuse: map[string]int{}}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	var err error
	g.url, err = url.Parse(server.URL)
	require.NoError(t, err)
	return g
}

func (g *fakeGoogle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = r.ParseForm()
	path := r.URL.Path
	g.calls = append(g.calls, path)
	w.Header().Set("Content-Type", "application/json")
	if status := g.refuse[path]; status != 0 {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, `{"error":{"message":"secret detail"}}`)
		return
	}
	switch path {
	case "/v1/token": // STS takes the token of whoever runs us
		if r.PostForm.Get("subject_token") != "cluster-token" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprint(w, `{"access_token":"federated","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3600}`)
	case "/v1/projects/-/serviceAccounts/" + delegated + ":signJwt":
		var asked struct {
			Payload   string   `json:"payload"`
			Delegates []string `json:"delegates"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		_ = json.Unmarshal([]byte(asked.Payload), &g.claim)
		g.delegates = asked.Delegates
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, `{"keyId":"k","signedJwt":"signed-by-google"}`)
	case "/token":
		if r.PostForm.Get("grant_type") == "refresh_token" {
			_, _ = fmt.Fprint(w, `{"access_token":"operator","token_type":"Bearer","expires_in":3600}`)
			return
		}
		if r.PostForm.Get("assertion") != "signed-by-google" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprint(w, `{"access_token":"mailbox-token","token_type":"Bearer","expires_in":3600}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// RoundTrip sends what is meant for Google to the fake, and the rest where it
// is meant for.
func (g *fakeGoogle) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Host, ".googleapis.com") {
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host, req.Host = g.url.Scheme, g.url.Host, g.url.Host
	}
	return http.DefaultTransport.RoundTrip(req)
}

// federated are the credentials of a cluster that Google trusts.
func federated(t *testing.T) string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("cluster-token"), 0o600))
	return credentialsFile(t, object{
		"type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k8s",
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token",
		"credential_source":                 object{"file": token},
		"service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + delegated + ":generateAccessToken",
	})
}

// impersonated are the credentials of a person who may act as the account.
func impersonated(t *testing.T) string {
	t.Helper()
	return credentialsFile(t, object{
		"type": "impersonated_service_account", "delegates": []string{"between@project.iam.gserviceaccount.com"},
		"service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + delegated + ":generateAccessToken",
		"source_credentials": object{
			"type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "refresh",
		},
	})
}

func TestKeylessCredentialsActForTheMailbox(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file      func(*testing.T) string
		first     string
		delegates []string
	}{
		"a cluster that Google trusts": {federated, "/v1/token", nil},
		"a person who may":             {impersonated, "/token", []string{"projects/-/serviceAccounts/between@project.iam.gserviceaccount.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGoogle(t)
			f := newGmail(t, map[string]http.HandlerFunc{"GET profile": authorized("mailbox-token", answer(object{"historyId": "41"}))})
			c, err := email.NewClient(t.Context(), email.Options{
				Mailbox: "support@firnwacht.example", Endpoint: f.url, CredentialsFile: tc.file(t), HTTPClient: &http.Client{Transport: g},
			})
			require.NoError(t, err)
			for range 2 {
				_, err = c.Profile(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, []string{tc.first, "/v1/projects/-/serviceAccounts/" + delegated + ":signJwt", "/token"}, g.calls, "the token is kept")
			require.Equal(t, "support@firnwacht.example", g.claim["sub"])
			require.Equal(t, delegated, g.claim["iss"])
			require.Equal(t, "https://www.googleapis.com/auth/gmail.modify", g.claim["scope"])
			require.Equal(t, tc.delegates, g.delegates)
		})
	}
}

func TestKeylessCredentialsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path   string
		status int
		want   ticket.Code
	}{
		{"/v1/token", 400, ticket.CodeUnauthorized},
		{"/v1/token", 503, ticket.CodeUnavailable},
		{"/v1/projects/-/serviceAccounts/" + delegated + ":signJwt", 403, ticket.CodeUnauthorized},
		{"/v1/projects/-/serviceAccounts/" + delegated + ":signJwt", 429, ticket.CodeRateLimited},
		{"/token", 401, ticket.CodeUnauthorized},
		{"/token", 500, ticket.CodeUnavailable},
	} {
		g := newGoogle(t)
		g.refuse[tc.path] = tc.status
		c, err := email.NewClient(t.Context(), email.Options{
			Mailbox: "support@firnwacht.example", Endpoint: newGmail(t, nil).url, CredentialsFile: federated(t), HTTPClient: &http.Client{Transport: g},
		})
		require.NoError(t, err)
		_, _, err = c.SendDraft(t.Context(), "d1")
		require.Equal(t, tc.want, ticket.CodeOf(err), "%s %d: %v", tc.path, tc.status, err)
		require.NotContains(t, err.Error(), "secret detail")
	}
}
