package pubsub

import (
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// The names of what goes wrong with the next push; presets has those of forged
// tokens too.
const (
	// Redelivery posts a push again although it was acknowledged.
	Redelivery = "redelivery"
	// Garbage posts a body that is no notification.
	Garbage = "garbage"
)

// forgery is a token that must be refused.
type forgery struct {
	name, does string
	mutate     func(*TokenSpec)
}

func forgeries() []forgery {
	claim := func(name string, value any) func(*TokenSpec) {
		return func(s *TokenSpec) { s.Claims[name] = value }
	}
	return []forgery{
		{"wrong-audience", "The next push carries a token for another service.", claim("aud", "https://elsewhere.example/push")},
		{"wrong-issuer", "The next push carries a token of another issuer.", claim("iss", "https://accounts.evil.example")},
		{"wrong-email", "The next push carries a token of another account.", claim("email", "other@elsewhere.iam.gserviceaccount.com")},
		{"unverified-email", "The next push carries a token whose e-mail address is not verified.", claim("email_verified", false)},
		{"expired-token", "The next push carries a token that has expired.", func(s *TokenSpec) {
			s.Claims["iat"], s.Claims["exp"] = time.Now().Add(-2*time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
		}},
		{"other-key", "The next push carries a token that was signed with another key.", func(s *TokenSpec) { s.OtherKey = true }},
		{"es256", "The next push carries a token that was signed with ES256.", func(s *TokenSpec) { s.ES256 = true }},
		{"es256-short", "The next push carries an ES256 token whose signature is too short.", func(s *TokenSpec) {
			s.ES256, s.Signature = true, []byte("short")
		}},
	}
}

// presets are the failures that can be switched on by name. A push that is
// refused comes again, then with the right token.
func presets() []wire.Preset {
	inside := wire.Fault{Mode: wire.Inside}
	all := []wire.Preset{
		{Name: Redelivery, Does: "The next push comes twice, although it was acknowledged.", Fault: inside},
		{Name: Garbage, Does: "The next push is no notification; when it is acknowledged, the change it told of is not pushed.", Fault: inside},
		{Name: "certs-503", Does: "The keys that tokens are checked with cannot be fetched.", Fault: wire.Fault{Match: "/certs", Status: 503}},
	}
	for _, f := range forgeries() {
		all = append(all, wire.Preset{Name: f.name, Does: f.does, Fault: inside})
	}
	return all
}

// forgery returns what is to be wrong with the next token, nil for nothing.
func (s *Server) forgery() func(*TokenSpec) {
	for _, f := range forgeries() {
		if s.faults.Take(f.name) {
			return f.mutate
		}
	}
	return nil
}
