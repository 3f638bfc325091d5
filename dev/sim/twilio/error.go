package twilio

import (
	"net/http"
	"strconv"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// apiError is an error of the REST API.
type apiError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	}
	wire.WriteJSON(w, status, newError(status, code, message))
}

func newError(status, code int, message string) apiError {
	return apiError{
		Code: code, Message: message, Status: status,
		MoreInfo: "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
	}
}

// errorText is what a failed message says of its code.
func errorText(code int) string {
	switch code {
	case 63016:
		return "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Message Template."
	case 20429:
		return "Too Many Requests"
	case 21610:
		return "Attempt to send to unsubscribed recipient"
	case 63003:
		return "Channel could not find To address"
	case 63018:
		return "Rate limit exceeded for Channel"
	case 63024:
		return "Invalid message recipient"
	case 63032:
		return "User cannot be sent a message due to a limitation of the channel"
	case 63038:
		return "Account exceeded the daily messages limit"
	default:
		return "Unknown error"
	}
}

func date(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

func nullIf(null bool, value any) any {
	if null {
		return nil
	}
	return value
}

func orNull(text string) any { return nullIf(text == "", text) }
