package ticket

import (
	"crypto/hmac"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

// oneTimeDigits is how long a one-time code is.
const oneTimeDigits = 6

// OneTimeCode returns the code of six digits by which somebody proves that a
// mail has reached him. It follows from the id of the verification, so that it
// need not be stored anywhere.
func (s Secrets) OneTimeCode(verification uuid.UUID) string {
	return oneTimeCode(s.sign("one-time-code", verification.String()))
}

// IsOneTimeCode reports whether code is that of a verification, made with any of
// our keys. It takes as long for a wrong one as for the right one.
func (s Secrets) IsOneTimeCode(verification uuid.UUID, code string) bool {
	is := false
	for _, key := range s.keys {
		want := oneTimeCode(mac(key, "one-time-code", verification.String()))
		is = hmac.Equal([]byte(want), []byte(code)) || is
	}
	return is
}

func oneTimeCode(signature []byte) string {
	return fmt.Sprintf("%0*d", oneTimeDigits, binary.BigEndian.Uint64(signature)%1e6)
}
