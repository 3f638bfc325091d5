package gmail

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/digital-fte/fte/dev/sim/wire"
)

const (
	grantJWT      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	clientEmail   = "support-sync@simulator.iam.gserviceaccount.com"
	keyID         = "5f1d0c0ffee5f1d0c0ffee5f1d0c0ffee5f1d0c0"
	tokenLifetime = time.Hour
	// googleEndpoint is what some client libraries ask at whatever address the
	// credentials name.
	googleEndpoint = "https://oauth2.googleapis.com/token"
)

// bearer is what an access token says. Tokens carry their content, so they
// outlive a restart as real ones do.
type bearer struct {
	Subject string `json:"sub"`
	Scope   string `json:"scope"`
	Expires int64  `json:"exp"`
	Epoch   int    `json:"epoch"`
}

// ensureKey makes the service account's key, or takes the one of the state file.
func (s *Server) ensureKey() error {
	if s.keyPEM == "" {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return fmt.Errorf("making the service account key: %w", err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return fmt.Errorf("encoding the service account key: %w", err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		if err := s.commit(event{Key: string(text)}); err != nil {
			return err
		}
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(s.keyPEM))
	if err != nil {
		return fmt.Errorf("reading the service account key: %w", err)
	}
	s.key, s.secret = key, sha256.Sum256([]byte(s.keyPEM))
	return nil
}

// ServiceAccountJSON returns a credentials file, as Google's console gives it
// out, whose tokens come from this simulator. Options.BaseURL must be set.
func (s *Server) ServiceAccountJSON() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.baseURL == "" {
		return nil, errors.New("making the credentials: no base URL is set")
	}
	return json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "simulator", "private_key_id": keyID, "private_key": s.keyPEM,
		"client_email": clientEmail, "client_id": "100000000000000000001", "universe_domain": "googleapis.com",
		"auth_uri": s.baseURL + "/o/oauth2/auth", "token_uri": s.baseURL + "/token",
	}, "", "  ")
}

// RevokeTokens makes every access token given out so far invalid.
func (s *Server) RevokeTokens() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(event{Epoch: s.epoch + 1})
}

// token answers a service account's signed request for an access token.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code, description string) {
		wire.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
	}
	if r.FormValue("grant_type") != grantJWT {
		refuse("unsupported_grant_type", "Invalid grant_type: "+r.FormValue("grant_type"))
		return
	}
	s.mu.Lock()
	audience, epoch := s.baseURL+"/token", s.epoch
	s.mu.Unlock()
	var claims struct {
		jwt.RegisteredClaims

		Scope string `json:"scope"`
	}
	_, err := jwt.ParseWithClaims(r.FormValue("assertion"), &claims,
		func(*jwt.Token) (any, error) { return &s.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(clientEmail), jwt.WithAudience(audience, googleEndpoint),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(10*time.Second))
	if err != nil {
		refuse("invalid_grant", "Invalid JWT: "+err.Error())
		return
	}
	subject := strings.ToLower(claims.Subject)
	if subject != "" && s.box(subject) == nil {
		refuse("invalid_grant", "Invalid email or User ID")
		return
	}
	if claims.Scope == "" {
		refuse("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
		return
	}
	wire.WriteJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": int(tokenLifetime.Seconds()),
		"access_token": s.seal(bearer{Subject: subject, Scope: claims.Scope, Expires: time.Now().Add(tokenLifetime).Unix(), Epoch: epoch}),
	})
}

func (s *Server) seal(b bearer) string {
	// Strings and numbers always encode.
	text, _ := json.Marshal(b)
	payload := base64.RawURLEncoding.EncodeToString(text)
	return "ya29." + payload + "." + base64.RawURLEncoding.EncodeToString(s.mac(payload))
}

func (s *Server) mac(payload string) []byte {
	mac := hmac.New(sha256.New, s.secret[:])
	_, _ = mac.Write([]byte(payload))
	return mac.Sum(nil)
}

// open returns what a request's token says.
func (s *Server) open(r *http.Request) (bearer, error) {
	refused := apiError{
		status: http.StatusUnauthorized, reason: "authError",
		message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
	}
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ya29.")
	payload, sealed, cut := strings.Cut(text, ".")
	sum, err := base64.RawURLEncoding.DecodeString(sealed)
	if !ok || !cut || err != nil || !hmac.Equal(sum, s.mac(payload)) {
		return bearer{}, refused
	}
	var b bearer
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(data, &b) != nil {
		return bearer{}, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Expires < time.Now().Unix() || b.Epoch < s.epoch {
		return bearer{}, refused
	}
	return b, nil
}
