package whatsapp

import (
	"errors"
	"fmt"
	"time"

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

// Twilio's error codes that have consequences of their own.
const (
	codeWindowClosed = 63016
	codeOptedOut     = 21610
)

// WindowClosed reports that Twilio refused free text, at once or later, because
// the customer's last message is too old: it may be sent when the customer has
// written again.
func WindowClosed(code int) bool { return code == codeWindowClosed }

// OptedOut reports that Twilio keeps messages from a customer who told it to.
func OptedOut(code int) bool { return code == codeOptedOut }

// Explain says what may be done about a Twilio error code, from an API answer
// or a status callback, and in a sentence what is the matter. A code it does
// not know is CodeInternal with a sentence that names no cause.
func Explain(code int) (ticket.Code, string) {
	c := classOf(code)
	return c.code, c.sentence
}

// class is what a Twilio error code means.
type class struct {
	code     ticket.Code
	sentence string
	// wait is after what time it makes sense to try again, if Twilio does not say.
	wait time.Duration
}

// classOf is the table of Twilio's error codes, and the only one.
func classOf(code int) class {
	switch code {
	case 20429, 14107, 63017, 63018:
		return class{code: ticket.CodeRateLimited, sentence: "Twilio is throttling us"}
	case 63038:
		return class{code: ticket.CodeRateLimited, sentence: "the daily number of messages of the Twilio account is used up", wait: time.Hour}
	case 20003, 20005, 20006, 20403:
		return class{code: ticket.CodeUnauthorized, sentence: "Twilio refuses our credentials or the account is suspended"}
	case 20500, 20503, 20504:
		return class{code: ticket.CodeUnknownOutcome, sentence: "Twilio failed inside"}
	case codeOptedOut:
		return class{code: ticket.CodeInvalid, sentence: "the customer has opted out of messages from us"}
	case 21211, 21614, 63024:
		return class{code: ticket.CodeInvalid, sentence: "the customer's number cannot be reached"}
	case 63003:
		return class{code: ticket.CodeInvalid, sentence: "the customer's number is not on WhatsApp"}
	case 21408:
		return class{code: ticket.CodeInvalid, sentence: "the Twilio account may not send to the customer's country"}
	case codeWindowClosed:
		return class{code: ticket.CodeInvalid, sentence: "the customer's last message is more than 24 hours old, only an approved template may be sent"}
	case 21617:
		return class{code: ticket.CodeInvalid, sentence: "the message is longer than Twilio accepts"}
	case 21655, 21656:
		return class{code: ticket.CodeInvalid, sentence: "Twilio does not know the approved template; check TWILIO_TEMPLATE_SID"}
	case 63032:
		return class{code: ticket.CodeInvalid, sentence: "WhatsApp keeps this customer from receiving it, as part of an experiment"}
	case 63007, 21606:
		return class{code: ticket.CodeInvalid, sentence: "our number is no WhatsApp sender of the Twilio account"}
	case 63015:
		return class{code: ticket.CodeInvalid, sentence: "the customer has not joined the Twilio sandbox"}
	default:
		return class{code: ticket.CodeInternal, sentence: "Twilio reports an error"}
	}
}
