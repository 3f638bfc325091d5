package email

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/api/idtoken"
	"google.golang.org/api/option"

	"github.com/digital-fte/fte/ticket"
)

const (
	googleCertsURL = "https://www.googleapis.com/oauth2/v3/certs"
	certsTimeout   = 5 * time.Second
	maxCertsBytes  = 1 << 20
	maxTokenBytes  = 8 << 10
	maxClockAhead  = 5 * time.Minute
)

// PushOptions says whose pushes are accepted.
type PushOptions struct {
	Audience       string // exact value of the token's aud claim; required
	ServiceAccount string // e-mail address of the account that signs the pushes; required
	Subscription   string // full name of the subscription; empty accepts any
	Mailbox        string // address of our mailbox; empty accepts any
	CertsURL       string // where the signing keys are published; empty is Google's address
	HTTPClient     *http.Client
}

// PushVerifier checks that a push comes from our Pub/Sub subscription.
type PushVerifier struct {
	options   PushOptions
	validator *idtoken.Validator
}

// NewPushVerifier returns a verifier. Without an audience or a service account
// anybody with a Google account could sign a push, so both are required
// (CodeInvalid).
func NewPushVerifier(options PushOptions) (*PushVerifier, error) {
	if options.Audience == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the audience of Gmail pushes is not set")
	}
	if options.ServiceAccount == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the service account of Gmail pushes is not set")
	}
	if options.CertsURL == "" {
		options.CertsURL = googleCertsURL
	}
	certs, err := url.Parse(options.CertsURL)
	if err != nil || certs.Host == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the certificates address is not a URL")
	}
	client := http.Client{Timeout: certsTimeout}
	if options.HTTPClient != nil {
		client = *options.HTTPClient
	}
	client.Transport = certsTransport{base: transportOf(&client), certs: certs}
	validator, err := idtoken.NewValidator(context.Background(), option.WithHTTPClient(&client))
	if err != nil {
		return nil, fmt.Errorf("making the token validator: %w", err)
	}
	return &PushVerifier{options: options, validator: validator}, nil
}

// Verify checks the Authorization header of a push: CodeUnauthorized for a
// token that is not a genuine one for us, CodeUnavailable when the signing
// keys cannot be fetched, so that the push is delivered again.
func (v *PushVerifier) Verify(ctx context.Context, authorizationHeader string) error {
	scheme, token, _ := strings.Cut(authorizationHeader, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return ticket.Errorf(ticket.CodeUnauthorized, "the push carries no bearer token")
	}
	if len(token) > maxTokenBytes {
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push is too long")
	}
	// The validator slices an ES256 signature without looking at its length,
	// so any other algorithm has to be stopped before it.
	if !signedRS256(token) {
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push is not signed with RS256")
	}
	payload, err := v.validate(ctx, token)
	var fetch *certsError
	switch {
	case errors.As(err, &fetch), ctx.Err() != nil:
		return ticket.Wrap(ticket.CodeUnavailable, err, "fetching the signing keys of Gmail pushes")
	case err != nil:
		return ticket.Wrap(ticket.CodeUnauthorized, err, "checking the token of the push")
	}
	return v.checkClaims(payload)
}

func (v *PushVerifier) checkClaims(payload *idtoken.Payload) error {
	verified, _ := payload.Claims["email_verified"].(bool)
	address, _ := payload.Claims["email"].(string)
	switch {
	case payload.Audience != v.options.Audience:
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push has another audience")
	case payload.Issuer != "https://accounts.google.com" && payload.Issuer != "accounts.google.com":
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push has another issuer")
	case !strings.EqualFold(address, v.options.ServiceAccount):
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push belongs to another account")
	case !verified:
		return ticket.Errorf(ticket.CodeUnauthorized, "the account of the push's token is not verified")
	case time.Until(time.Unix(payload.IssuedAt, 0)) > maxClockAhead:
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push was issued in the future")
	}
	return nil
}

// validate turns a panic of the library into an error: the token comes from
// anybody who knows the address.
func (v *PushVerifier) validate(ctx context.Context, token string) (payload *idtoken.Payload, err error) {
	defer func() {
		if r := recover(); r != nil {
			payload, err = nil, fmt.Errorf("validating the token: panic: %v", r)
		}
	}()
	return v.validator.Validate(ctx, token, v.options.Audience)
}

func signedRS256(token string) bool {
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return false
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	return json.Unmarshal(raw, &header) == nil && header.Algorithm == "RS256"
}

// certsError marks that the keys could not be had, as opposed to a token that
// does not fit them.
type certsError struct{ err error }

func (e *certsError) Error() string { return "signing keys: " + e.err.Error() }
func (e *certsError) Unwrap() error { return e.err }

// certsTransport sends the library's request for Google's keys to the
// configured address and vouches that the answer is a key set.
type certsTransport struct {
	base  http.RoundTripper
	certs *url.URL
}

func (t certsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.String() != googleCertsURL {
		return t.base.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	req.URL, req.Host = t.certs, t.certs.Host
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, &certsError{err}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, &certsError{fmt.Errorf("status %d", resp.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxCertsBytes))
	if err != nil {
		return nil, &certsError{err}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) == 0 {
		return nil, &certsError{errors.New("the answer is not a key set")}
	}
	if resp.Header.Get("Cache-Control") == "" {
		// Without a lifetime the library would fetch the keys for every push.
		resp.Header.Set("Cache-Control", "public, max-age=300")
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func transportOf(client *http.Client) http.RoundTripper {
	if client.Transport != nil {
		return client.Transport
	}
	return http.DefaultTransport
}
