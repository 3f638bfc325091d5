package ticket

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// MinSecretLength is the least number of bytes a secret may have.
const MinSecretLength = 32

// Secrets signs what we hand out (ticket ids, plus-addresses). The first key
// signs; every key verifies, so that a key can be rotated without breaking
// what is already in a customer's hands.
type Secrets struct{ keys [][]byte }

// ParseSecrets reads a comma-separated list of keys, the signing one first.
// Each must have MinSecretLength bytes or more.
func ParseSecrets(list string) (Secrets, error) {
	var s Secrets
	for part := range strings.SplitSeq(list, ",") {
		key := strings.TrimSpace(part)
		if key == "" {
			continue
		}
		if len(key) < MinSecretLength {
			return Secrets{}, fmt.Errorf("a key has %d bytes, at least %d are needed", len(key), MinSecretLength)
		}
		s.keys = append(s.keys, []byte(key))
	}
	if len(s.keys) == 0 {
		return Secrets{}, errors.New("no key given")
	}
	return s, nil
}

// String hides the keys from logs.
func (Secrets) String() string { return "[redacted]" }

// sign returns the HMAC-SHA256 of the parts under the signing key. The purpose
// keeps a signature made for one thing from being valid for another.
func (s Secrets) sign(purpose string, parts ...string) []byte {
	return mac(s.keys[0], purpose, parts...)
}

// verify reports whether prefix begins the signature of the parts under any key.
func (s Secrets) verify(prefix []byte, purpose string, parts ...string) bool {
	for _, key := range s.keys {
		if hmac.Equal(prefix, mac(key, purpose, parts...)[:len(prefix)]) {
			return true
		}
	}
	return false
}

func mac(key []byte, purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(purpose))
	for _, p := range parts {
		// The length keeps ("ab","c") and ("a","bc") apart.
		fmt.Fprintf(h, "\x00%d:", len(p))
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
