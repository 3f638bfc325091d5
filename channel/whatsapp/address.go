package whatsapp

import (
	"strings"

	"github.com/digital-fte/fte/ticket"
)

// scheme begins every address of this channel at Twilio.
const scheme = "whatsapp:"

// E.164 allows 15 digits; no country has numbers of fewer than seven with
// their country code.
const (
	minDigits = 7
	maxDigits = 15
)

// Number returns the E.164 number of a Twilio channel address such as
// "whatsapp:+4915112345678"; false if it is not one.
func Number(address string) (string, bool) {
	number, ok := strings.CutPrefix(address, scheme)
	return number, ok && isE164(number)
}

// Address returns the Twilio channel address of an E.164 number.
func Address(number string) string { return scheme + number }

// ConversationKey returns the key of the conversation between our number and
// theirs, both E.164: it lives as long as the two numbers do.
func ConversationKey(our, theirs string) string { return our + ">" + theirs }

// EventID returns the id of the event about a message; status is empty for the
// message itself.
func EventID(sid, status string) string {
	if status == "" {
		return "twilio:" + sid
	}
	return "twilio:" + sid + ":" + status
}

func isE164(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < minDigits || len(digits) > maxDigits || digits[0] == '0' {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// number reads a parameter that must hold a WhatsApp address.
func number(params map[string]string, key string) (string, error) {
	n, ok := Number(params[key])
	if !ok {
		return "", ticket.Errorf(ticket.CodeInvalid, "parameter %s holds no WhatsApp number", key)
	}
	return n, nil
}

// sid reads a parameter that must hold a message id. Twilio's are 34 letters
// and digits; only what could not be a key is refused.
func sid(params map[string]string, keys ...string) (string, error) {
	for _, key := range keys {
		if id := params[key]; isToken(id) {
			return id, nil
		}
	}
	return "", ticket.Errorf(ticket.CodeInvalid, "parameter %s holds no message id", keys[0])
}

// isToken reports whether s is an id: 1 to 64 letters, digits and hyphens.
func isToken(s string) bool {
	const longest = 64
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	})
}
