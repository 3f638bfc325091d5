package email

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/gmail/v1"

	"github.com/digital-fte/fte/ticket"
)

// credentials are the fields of Google's JSON files that are used here.
type credentials struct {
	Type             string          `json:"type"`
	TokenURI         string          `json:"token_uri"`
	PrivateKey       string          `json:"private_key"`
	ClientID         string          `json:"client_id"`
	ClientSecret     string          `json:"client_secret"`
	RefreshToken     string          `json:"refresh_token"`
	ImpersonationURL string          `json:"service_account_impersonation_url"`
	Delegates        []string        `json:"delegates"`
	Source           json.RawMessage `json:"source_credentials"`
}

// newTokenSource returns a function that makes a new, uncached token source
// for the credentials in file, so that a token refused before its time can be
// replaced.
func newTokenSource(ctx context.Context, file, mailbox string, client *http.Client) (func() (oauth2.TokenSource, error), error) {
	raw, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, ticket.Wrap(ticket.CodeInvalid, err, "reading the Google credentials")
	}
	var c credentials
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the Google credentials file is not JSON")
	}
	// Tokens are renewed long after the start-up that ctx may end with.
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, client)
	switch c.Type {
	case "service_account":
		config, err := google.JWTConfigFromJSON(raw, gmail.GmailModifyScope)
		if block, _ := pem.Decode([]byte(c.PrivateKey)); err != nil || block == nil {
			return nil, ticket.Errorf(ticket.CodeInvalid, "the Google service account file has no usable key")
		}
		config.Subject = mailbox
		return func() (oauth2.TokenSource, error) { return config.TokenSource(ctx), nil }, nil
	case "authorized_user":
		endpoint := google.Endpoint
		endpoint.TokenURL = cmp.Or(c.TokenURI, endpoint.TokenURL)
		config := oauth2.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: endpoint}
		return func() (oauth2.TokenSource, error) {
			return config.TokenSource(ctx, &oauth2.Token{RefreshToken: c.RefreshToken}), nil
		}, nil
	case "impersonated_service_account":
		return func() (oauth2.TokenSource, error) { return c.impersonate(ctx, mailbox, client, c.Source) }, nil
	case "external_account":
		source, err := withoutImpersonation(raw)
		if c.ImpersonationURL == "" || err != nil {
			return nil, ticket.Errorf(ticket.CodeInvalid, "the Google credentials file names no service account to act as (service_account_impersonation_url)")
		}
		return func() (oauth2.TokenSource, error) { return c.impersonate(ctx, mailbox, client, source) }, nil
	default:
		return nil, ticket.Errorf(ticket.CodeInvalid, "Google credentials of type %q cannot be used for a mailbox", c.Type)
	}
}

// tokenError marks that no token could be had: the request itself was not made.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "getting a Google token: " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// authTransport adds the token, and replaces it once when Google refuses it
// although it has not expired. A refused request had no effect, so repeating
// it is safe for sends too.
type authTransport struct {
	base  http.RoundTripper
	fresh func() (oauth2.TokenSource, error)

	mu     sync.Mutex
	tokens oauth2.TokenSource
}

func (t *authTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, &tokenError{fmt.Errorf("reading the request: %w", err)}
		}
	}
	token, err := t.token("")
	if err != nil {
		return nil, err
	}
	resp, err := t.send(req, body, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	renewed, err := t.token(token.AccessToken)
	if err != nil || renewed.AccessToken == token.AccessToken {
		return resp, nil
	}
	_ = resp.Body.Close()
	return t.send(req, body, renewed)
}

func (t *authTransport) send(req *http.Request, body []byte, token *oauth2.Token) (*http.Response, error) {
	req = req.Clone(req.Context())
	if body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.ContentLength = int64(len(body))
	}
	token.SetAuthHeader(req)
	return t.base.RoundTrip(req)
}

// token returns a valid token other than the refused one.
func (t *authTransport) token(refused string) (*oauth2.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tokens != nil {
		token, err := t.tokens.Token()
		if err != nil {
			return nil, &tokenError{err}
		}
		if token.AccessToken != refused {
			return token, nil
		}
	}
	source, err := t.fresh()
	if err != nil {
		return nil, &tokenError{err}
	}
	t.tokens = oauth2.ReuseTokenSource(nil, source)
	token, err := t.tokens.Token()
	if err != nil {
		return nil, &tokenError{err}
	}
	return token, nil
}

// CloseIdleConnections passes the wish on; http.Client looks for this method.
func (t *authTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// retrieveStatus returns the status with which a token was refused, 0 if the
// token server could not be asked.
func retrieveStatus(err error) int {
	if keyless, ok := errors.AsType[*refusalError](err); ok {
		return keyless.status
	}
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		return refused.Response.StatusCode
	}
	return 0
}
