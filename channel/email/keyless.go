package email

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/gmail/v1"
	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"
)

// withoutImpersonation returns external credentials that stand for themselves:
// the library would impersonate the account without a mailbox.
func withoutImpersonation(raw []byte) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	delete(fields, "service_account_impersonation_url")
	return json.Marshal(fields)
}

const cloudPlatformScope = "https://www.googleapis.com/auth/cloud-platform"

// impersonate needs no key of the delegated account: Google signs for it, at
// the wish of whom source stands for.
func (c credentials) impersonate(ctx context.Context, mailbox string, client *http.Client, source json.RawMessage) (oauth2.TokenSource, error) {
	var kind struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal(source, &kind); err != nil {
		return nil, fmt.Errorf("reading the source credentials: %w", err)
	}
	seen := &statusNote{base: transportOf(client)}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Timeout: client.Timeout, Transport: seen})
	asker, err := google.CredentialsFromJSONWithType(ctx, source, kind.Type, cloudPlatformScope)
	if err != nil {
		return nil, fmt.Errorf("using the source credentials: %w", err)
	}
	tokens, err := impersonate.CredentialsTokenSource(ctx, impersonate.CredentialsConfig{
		TargetPrincipal: strings.TrimSuffix(path.Base(c.ImpersonationURL), ":generateAccessToken"),
		Scopes:          []string{gmail.GmailModifyScope},
		Delegates:       c.Delegates,
		Subject:         mailbox,
	}, option.WithHTTPClient(&http.Client{
		Timeout: client.Timeout, Transport: &oauth2.Transport{Source: asker.TokenSource, Base: seen},
	}))
	return keyless{tokens, seen}, err
}

// keyless marks the errors of impersonation with the status that Google
// answered, which the library tells in words only.
type keyless struct {
	tokens oauth2.TokenSource
	seen   *statusNote
}

func (k keyless) Token() (*oauth2.Token, error) {
	k.seen.status.Store(0)
	token, err := k.tokens.Token()
	if err == nil {
		return token, nil
	}
	if status := int(k.seen.status.Load()); status >= http.StatusBadRequest { // else nobody answered
		return nil, &refusalError{status}
	}
	return nil, err
}

// refusalError is a token that Google refused. It leaves out the body of the refusal.
type refusalError struct{ status int }

func (e *refusalError) Error() string {
	return fmt.Sprintf("acting for the mailbox: status %d", e.status)
}

// statusNote notes the status of the last answer.
type statusNote struct {
	base   http.RoundTripper
	status atomic.Int32
}

func (t *statusNote) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err == nil {
		t.status.Store(int32(resp.StatusCode))
	}
	return resp, err
}
