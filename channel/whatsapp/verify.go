package whatsapp

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/twilio/twilio-go/client"

	"github.com/digital-fte/fte/ticket"
)

// VerifierOptions say whose webhooks are genuine.
type VerifierOptions struct {
	// PublicBaseURL is the address under which Twilio reaches us, without the
	// path of the webhook. It is configured because Host and X-Forwarded-* are
	// whatever the caller says.
	PublicBaseURL string
	// AccountSID is ours; Twilio signs for every account that has a token.
	AccountSID string
	// Tokens are the auth tokens that may have signed, several while rotating.
	Tokens []string
}

// Verifier tells Twilio's webhooks from everybody else's. It is safe for
// concurrent use.
type Verifier struct {
	baseURL    string
	accountSID string
	validators []client.RequestValidator
}

// NewVerifier returns a Verifier, or an error naming the option that is missing
// or unusable: an empty token would make every signature forgeable.
func NewVerifier(o VerifierOptions) (*Verifier, error) {
	base, err := url.Parse(o.PublicBaseURL)
	switch {
	case err != nil, base.Host == "", base.Scheme != "http" && base.Scheme != "https":
		return nil, errors.New("the public base URL is not an http or https address")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the public base URL has a query or a fragment")
	case o.AccountSID == "":
		return nil, errors.New("the Twilio account SID is empty")
	case len(o.Tokens) == 0:
		return nil, errors.New("no Twilio auth token is given")
	}
	v := &Verifier{baseURL: strings.TrimRight(o.PublicBaseURL, "/"), accountSID: o.AccountSID}
	for _, token := range o.Tokens {
		if strings.TrimSpace(token) == "" {
			return nil, errors.New("a Twilio auth token is empty")
		}
		v.validators = append(v.validators, client.NewRequestValidator(token))
	}
	return v, nil
}

// Verify checks X-Twilio-Signature over the raw request and returns the
// parameters of the body. requestURI is path and query exactly as received;
// the signature covers both. Anything that is not signed for our account is
// CodeUnauthorized.
//
// Each parameter is returned with its first value only: of a repeated key the
// signature may cover no other, so it could carry what Twilio never signed.
func (v *Verifier) Verify(requestURI string, body []byte, signature string) (url.Values, error) {
	if signature == "" || !strings.HasPrefix(requestURI, "/") {
		return nil, ticket.Errorf(ticket.CodeUnauthorized, "the request carries no Twilio signature")
	}
	if !v.signed(v.baseURL+requestURI, body, signature) {
		return nil, ticket.Errorf(ticket.CodeUnauthorized, "the Twilio signature does not match the request")
	}
	params, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, ticket.Errorf(ticket.CodeUnauthorized, "the body is no form")
	}
	for key, values := range params {
		params[key] = values[:1:1]
	}
	if params.Get("AccountSid") != v.accountSID {
		return nil, ticket.Errorf(ticket.CodeUnauthorized, "the request is signed for another Twilio account")
	}
	return params, nil
}

// signed tries every token, and for a body with repeated keys both ways of
// reading them: Twilio's libraries do not agree whether the signature covers
// the first value or all of them.
func (v *Verifier) signed(address string, body []byte, signature string) bool {
	all, repeats := repeated(body)
	for i := range v.validators {
		if v.validators[i].ValidateBody(address, body, signature) || repeats && v.validators[i].Validate(address, all, signature) {
			return true
		}
	}
	return false
}

// repeated returns the parameters of a form in which a key stands more than
// once, so that the library signs each different value of a key, in order, with
// the key before it; false for a form in which none does.
func repeated(body []byte) (all map[string]string, repeats bool) {
	params, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, false
	}
	all = make(map[string]string, len(params))
	for key, values := range params {
		repeats = repeats || len(values) > 1
		distinct := slices.Clone(values)
		slices.Sort(distinct)
		all[key] = strings.Join(slices.Compact(distinct), key)
	}
	return all, repeats
}
