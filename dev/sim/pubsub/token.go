package pubsub

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/digital-fte/fte/dev/sim/wire"
)

const (
	issuer        = "https://accounts.google.com"
	keyID         = "simulated-rsa-key"
	ecKeyID       = "simulated-ec-key"
	tokenLifetime = time.Hour
)

// TokenSpec is what a token is made of; a mutator changes it before signing.
type TokenSpec struct {
	// Claims start as those of a genuine push.
	Claims map[string]any
	// Header is added to the token's header, or replaces what is in it.
	Header map[string]any
	// ES256 signs with an elliptic curve instead of RS256.
	ES256 bool
	// OtherKey signs with a key that is not published, under the id of the real one.
	OtherKey bool
	// Signature replaces the signature, if not nil.
	Signature []byte
}

// keys are what the simulator signs with.
type keys struct {
	real, other *rsa.PrivateKey
	curve       *ecdsa.PrivateKey
	// certificate is the published key as a PEM certificate.
	certificate string
}

// newKeys makes keys, or takes the published one from the state file.
func newKeys(stateFile string) (keys, error) {
	var kept []byte
	journal, err := wire.OpenJournal(stateFile, func(der []byte) { kept = der })
	if err != nil {
		return keys{}, err
	}
	k, err := makeKeys(kept)
	if err == nil && kept == nil {
		err = journal.Append(x509.MarshalPKCS1PrivateKey(k.real))
	}
	return k, errors.Join(err, journal.Close())
}

func makeKeys(kept []byte) (keys, error) {
	var k keys
	var err error
	if kept != nil {
		k.real, err = x509.ParsePKCS1PrivateKey(kept)
	} else {
		k.real, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return keys{}, fmt.Errorf("making the signing key: %w", err)
	}
	if k.other, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return keys{}, fmt.Errorf("making the second signing key: %w", err)
	}
	if k.curve, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return keys{}, fmt.Errorf("making the elliptic key: %w", err)
	}
	k.certificate, err = certify(k.real)
	return k, err
}

// certify returns a certificate that a key signs for itself.
func certify(key *rsa.PrivateKey) (string, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "federated-signon.system.gserviceaccount.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(16 * 24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", fmt.Errorf("making the certificate: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// Token returns an OIDC token as a push carries it. mutate, if not nil, may
// change it into one that must be refused.
func (s *Server) Token(mutate func(*TokenSpec)) (string, error) {
	s.mu.Lock()
	options := s.options
	s.mu.Unlock()
	now := time.Now()
	spec := TokenSpec{Claims: map[string]any{
		"iss": issuer, "aud": options.Audience, "azp": "100000000000000000002", "sub": "100000000000000000002",
		"email": options.ServiceAccount, "email_verified": true,
		"iat": now.Unix(), "exp": now.Add(tokenLifetime).Unix(),
	}}
	if mutate != nil {
		mutate(&spec)
	}
	method, key, id := jwt.SigningMethod(jwt.SigningMethodRS256), any(s.keys.real), keyID
	switch {
	case spec.ES256:
		method, key, id = jwt.SigningMethodES256, s.keys.curve, ecKeyID
	case spec.OtherKey:
		key = s.keys.other
	}
	token := jwt.NewWithClaims(method, jwt.MapClaims(spec.Claims))
	token.Header["kid"] = id
	maps.Copy(token.Header, spec.Header)
	unsigned, err := token.SigningString()
	if err != nil {
		return "", fmt.Errorf("encoding the token: %w", err)
	}
	signature := spec.Signature
	if signature == nil {
		if signature, err = method.Sign(unsigned, key); err != nil {
			return "", fmt.Errorf("signing the token: %w", err)
		}
	}
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

const cacheKeys = "public, max-age=22345, must-revalidate, no-transform"

// pemCerts serves the public keys as certificates by their ids.
func (s *Server) pemCerts(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", cacheKeys)
	wire.WriteJSON(w, http.StatusOK, map[string]string{keyID: s.keys.certificate})
}

// certs serves the public keys as Google does, to be cached for some hours.
func (s *Server) certs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", cacheKeys)
	public := s.keys.real.PublicKey
	wire.WriteJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": keyID,
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}}})
}
