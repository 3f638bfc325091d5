package whatsapp

import (
	"errors"
	"fmt"

	"github.com/digital-fte/fte/ticket"
)

// APIError is what Twilio said when it refused or failed a call. It is the
// cause inside a *ticket.Error; errors.As finds it.
type APIError struct {
	HTTPStatus int
	Code       int // Twilio's error code, zero when the answer had none
	RequestID  string
	Message    string // Twilio's words, without what they quote of people
}

// Error returns all of it, for the log.
func (e *APIError) Error() string {
	return fmt.Sprintf("HTTP %d, error %d, request %q: %s", e.HTTPStatus, e.Code, e.RequestID, e.Message)
}

// ErrorCode returns Twilio's error code in err's chain, zero if there is none.
func ErrorCode(err error) int {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.Code
	}
	return 0
}

// Explain says what may be done about a Twilio error code, from an API answer
// or a status callback, and in a sentence what is the matter. A code it does
// not know is CodeInternal with a sentence that names no cause.
func Explain(code int) (ticket.Code, string) {
	switch code {
	case 20429, 14107, 63017, 63018:
		return ticket.CodeRateLimited, "Twilio is throttling us"
	case 63038:
		return ticket.CodeRateLimited, "the daily number of messages of the Twilio account is used up"
	case 20003, 20005, 20006, 20403:
		return ticket.CodeUnauthorized, "Twilio refuses our credentials or the account is suspended"
	case 20500, 20503, 20504:
		return ticket.CodeUnknownOutcome, "Twilio failed inside"
	case 21610:
		return ticket.CodeInvalid, "the customer has opted out of messages from us"
	case 21211, 21614, 63024:
		return ticket.CodeInvalid, "the customer's number cannot be reached"
	case 63003:
		return ticket.CodeInvalid, "the customer's number is not on WhatsApp"
	case 21408:
		return ticket.CodeInvalid, "the Twilio account may not send to the customer's country"
	case 63016:
		return ticket.CodeInvalid, "the customer's last message is more than 24 hours old, only an approved template may be sent"
	case 21617:
		return ticket.CodeInvalid, "the message is longer than Twilio accepts"
	case 63032:
		return ticket.CodeInvalid, "WhatsApp keeps this customer from receiving it, as part of an experiment"
	case 63007, 21606:
		return ticket.CodeInvalid, "our number is no WhatsApp sender of the Twilio account"
	case 63015:
		return ticket.CodeInvalid, "the customer has not joined the Twilio sandbox"
	default:
		return ticket.CodeInternal, "Twilio reports an error"
	}
}
