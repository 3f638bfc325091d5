package twilio

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// The names of failures that no single request shows; presets has them all.
const (
	// LostWebhook keeps an inbound message out of the webhook.
	LostWebhook = "lost-webhook"
	// WindowClosed takes the customer for silent since more than 24 hours.
	WindowClosed = "window-closed"
	// WindowAtOnce refuses outside the window what would be accepted and then fail.
	WindowAtOnce = "window-at-once"
	// StatusesLost reports no status of a message.
	StatusesLost = "statuses-lost"
	// StatusesTwice reports each status of a message twice.
	StatusesTwice = "statuses-twice"
	// StatusesBackwards reports the last status of a message first.
	StatusesBackwards = "statuses-backwards"
)

const (
	badGateway = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
	// sends is what a request for a new message contains.
	sends = "POST /" + apiVersion + "/"
)

// lateFailure is an error a message can fail with after it was accepted.
type lateFailure struct {
	code int
	why  string
}

func lateFailures() []lateFailure {
	return []lateFailure{
		{63016, "the customer has been silent for 24 hours"},
		{63018, "the sender's rate limit is reached"},
		{63038, "the account's daily limit is reached"},
		{21610, "the customer has opted out"},
		{63003, "the number is not on WhatsApp"},
		{63024, "the recipient is not valid"},
		{63032, "WhatsApp does not let us write to the customer"},
	}
}

// late is the name of the failure with which a message fails after it was
// accepted.
func late(code int) string { return "late-" + strconv.Itoa(code) }

// presets are the failures that can be switched on by name. A message that is
// refused with a code is "refused-63016"; one that is accepted and fails later
// with a code is "late-63016".
func presets() []wire.Preset {
	all := []wire.Preset{
		{Name: "accept-then-hang", Does: "The message is accepted, but the caller never gets an answer.", Fault: wire.Fault{Match: sends, Mode: wire.AcceptThenHang}},
		{Name: "accept-then-drop", Does: "The message is accepted, then the connection breaks.", Fault: wire.Fault{Match: sends, Mode: wire.AcceptThenDrop}},
		{Name: "accept-then-502", Does: "The message is accepted, but a gateway answers with 502 and HTML.", Fault: html(wire.AcceptThenAnswer)},
		{Name: "hang", Does: "The message is not accepted, and the caller never gets an answer.", Fault: wire.Fault{Match: sends, Mode: wire.Hang}},
		{Name: "drop", Does: "The message is not accepted, and the connection breaks.", Fault: wire.Fault{Match: sends, Mode: wire.Drop}},
		{Name: "html-502", Does: "A gateway answers with 502 and HTML; nothing is accepted.", Fault: html(wire.Answer)},
		{Name: "error-500", Does: "Twilio answers with 500 and code 20500; nothing is accepted.", Fault: refusal(http.StatusInternalServerError, 20500, "Internal Server Error")},
		{Name: "error-503", Does: "Twilio answers with 503 and code 20503; nothing is accepted.", Fault: refusal(http.StatusServiceUnavailable, 20503, "Service unavailable")},
		{Name: "refused-20003", Does: "The credentials are refused.", Fault: refusal(http.StatusUnauthorized, 20003, "Authenticate")},
		{Name: "refused-20429", Does: "Too many requests at once: 429 with Retry-After.", Fault: refusal(http.StatusTooManyRequests, 20429, errorText(20429))},
		{Name: "refused-63018", Does: "The sender's rate limit is reached, and the message is refused.", Fault: refusal(http.StatusTooManyRequests, 63018, errorText(63018))},
		{Name: "refused-63038", Does: "The account's daily limit is reached, and the message is refused.", Fault: refusal(http.StatusTooManyRequests, 63038, errorText(63038))},
		{Name: "refused-63016", Does: "Free text is refused because the customer has been silent for 24 hours.", Fault: refusal(http.StatusBadRequest, 63016, errorText(63016))},
		{Name: "refused-21610", Does: "The message is refused because the customer has opted out.", Fault: refusal(http.StatusBadRequest, 21610, errorText(21610))},
		{Name: "refused-21211", Does: "The message is refused because the number is not valid.", Fault: refusal(http.StatusBadRequest, 21211, "Invalid 'To' Phone Number")},
		{Name: "list-502", Does: "The list of messages answers with 502 and HTML.", Fault: wire.Fault{Match: "GET /" + apiVersion + "/", Status: http.StatusBadGateway, Body: badGateway}},
		inside(WindowClosed, "The customer counts as silent for 24 hours: free text fails with 63016."),
		{Name: WindowAtOnce, Does: "What is outside the 24 hours is refused at once, not failed after it was accepted.", Fault: wire.Fault{Mode: wire.Inside, Times: -1}},
		inside(LostWebhook, "The customer's message is in Twilio's list, but no webhook is posted."),
		inside(StatusesLost, "No status of the message is reported."),
		inside(StatusesTwice, "Each status of the message is reported twice."),
		inside(StatusesBackwards, "The statuses of the message are reported in the wrong order, the last one first."),
	}
	for _, f := range lateFailures() {
		all = append(all, inside(late(f.code), "The message is accepted, then fails with "+strconv.Itoa(f.code)+": "+f.why+"."))
	}
	return all
}

func inside(name, does string) wire.Preset {
	return wire.Preset{Name: name, Does: does, Fault: wire.Fault{Mode: wire.Inside}}
}

func html(mode wire.Mode) wire.Fault {
	return wire.Fault{Match: sends, Mode: mode, Status: http.StatusBadGateway, Body: badGateway, Header: map[string]string{"Content-Type": "text/html"}}
}

// ErrorFault is a fault that refuses the next message as Twilio does, such as
// with status 400 and code 63016.
func ErrorFault(status, code int) wire.Fault { return refusal(status, code, errorText(code)) }

func refusal(status, code int, message string) wire.Fault {
	// Strings and numbers always encode.
	body, _ := json.Marshal(newError(status, code, message))
	fault := wire.Fault{Match: sends, Status: status, Body: string(body)}
	if status == http.StatusTooManyRequests {
		fault.Header = map[string]string{"Retry-After": "1"}
	}
	return fault
}
