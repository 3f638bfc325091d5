package gmail

import (
	"net/http"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// The names of failures that no single request shows; presets has them all.
const (
	// LostPush keeps an arriving mail from being pushed.
	LostPush = "lost-push"
	// LatePush pushes an arriving mail some seconds later.
	LatePush = "late-push"
	// EarlyPush pushes a mail before the history knows of it: the next list does
	// not have it yet, the one after it does.
	EarlyPush = "early-push"
	// MessageIDKept sends a mail with the Message-ID it came with.
	MessageIDKept = "message-id-kept"
	// Spam puts an arriving mail among the spam.
	Spam = "spam"
)

// anything and sending are what requests to Gmail, and those that send, contain.
const (
	anything = "/gmail/v1/"
	sending  = "/send"
)

// presets are the failures that can be switched on by name.
func (s *Server) presets() []wire.Preset {
	const badGateway = "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title><p>502. That's an error."
	each := func(do func(mailbox string) error) func() error {
		return func() error {
			for _, address := range s.addresses() {
				if err := do(address); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return []wire.Preset{
		{Name: "accept-then-hang", Does: "The mail is sent, but the caller never gets an answer.", Fault: wire.Fault{Match: sending, Mode: wire.AcceptThenHang}},
		{Name: "accept-then-drop", Does: "The mail is sent, then the connection breaks.", Fault: wire.Fault{Match: sending, Mode: wire.AcceptThenDrop}},
		{Name: "accept-then-502", Does: "The mail is sent, but a gateway answers with 502 and HTML.", Fault: wire.Fault{Match: sending, Mode: wire.AcceptThenAnswer, Status: http.StatusBadGateway, Body: badGateway}},
		{Name: "hang", Does: "The mail is not sent, and the caller never gets an answer.", Fault: wire.Fault{Match: sending, Mode: wire.Hang}},
		{Name: "drop", Does: "The mail is not sent, and the connection breaks.", Fault: wire.Fault{Match: sending, Mode: wire.Drop}},
		{Name: "send-limit", Does: "The mailbox has sent too much for today: 429, and nothing is sent.", Fault: limited(sending, "User-rate limit exceeded. Retry after some hours (Mail sending)")},
		{Name: "html-502", Does: "A gateway answers with 502 and HTML.", Fault: wire.Fault{Match: anything, Status: http.StatusBadGateway, Body: badGateway}},
		{Name: "error-500", Does: "Gmail answers with 500 backendError.", Fault: ErrorFault(http.StatusInternalServerError, "backendError", "Internal error encountered.", 0)},
		{Name: "error-503", Does: "Gmail answers with 503 backendError.", Fault: ErrorFault(http.StatusServiceUnavailable, "backendError", "The service is currently unavailable.", 0)},
		{Name: "user-rate-limit", Does: "The mailbox asks too often: 403 userRateLimitExceeded.", Fault: ErrorFault(http.StatusForbidden, "userRateLimitExceeded", "User Rate Limit Exceeded", 0)},
		{Name: "rate-limit", Does: "The project asks too often: 403 rateLimitExceeded.", Fault: ErrorFault(http.StatusForbidden, "rateLimitExceeded", "Rate Limit Exceeded", 0)},
		{Name: "daily-limit", Does: "The project has used up its day: 403 dailyLimitExceeded.", Fault: ErrorFault(http.StatusForbidden, "dailyLimitExceeded", "Daily Limit Exceeded", 0)},
		{Name: "too-many-requests", Does: "Too many requests at once: 429 rateLimitExceeded with Retry-After.", Fault: limited(anything, "Too many concurrent requests for user.")},
		{Name: "insufficient-permissions", Does: "The scopes do not suffice: 403 insufficientPermissions.", Fault: ErrorFault(http.StatusForbidden, "insufficientPermissions", "Insufficient Permission", 0)},
		{Name: "domain-policy", Does: "The administrators of the domain forbid it: 403 domainPolicy.", Fault: ErrorFault(http.StatusForbidden, "domainPolicy", "The domain administrators have disabled Gmail apps.", 0)},
		{Name: "expired-token", Does: "The access token is refused: 401 authError.", Fault: ErrorFault(http.StatusUnauthorized, "authError", "Invalid Credentials", 0)},
		{Name: "delegation-missing", Does: "The service account may not act for the mailbox: it gets no token.", Fault: wire.Fault{
			Match: "POST /token", Status: http.StatusUnauthorized,
			Body: `{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}`,
		}},
		{Name: "history-404", Does: "The mailbox forgets its history: every history id given out so far is too old.", Do: each(s.ExpireHistory)},
		{Name: "watch-expired", Does: "The watch ends: no change is pushed until it is renewed.", Do: each(s.ExpireWatch)},
		inside(LostPush, "The next mail that arrives is not pushed."),
		inside(LatePush, "The next mail that arrives is pushed five seconds late."),
		inside(EarlyPush, "The next mail is pushed before the history knows of it: only the second list has it."),
		{Name: MessageIDKept, Does: "Mail is sent with the Message-ID it came with; Gmail mostly replaces it.", Fault: wire.Fault{Mode: wire.Inside, Times: -1}},
		inside(string(BounceUnknown), "The next mail that is sent comes back: there is no such address."),
		inside(string(BounceFull), "The next mail that is sent comes back: the customer's mailbox is full."),
		inside(string(BounceDelayed), "The next mail that is sent is delayed, and Gmail says so."),
		inside(Spam, "The next mail of a customer lands among the spam."),
		{Name: "rescue-spam", Does: "A person takes all mails out of the spam folder.", Do: s.rescueAll},
	}
}

func inside(name, does string) wire.Preset {
	return wire.Preset{Name: name, Does: does, Fault: wire.Fault{Mode: wire.Inside}}
}

func limited(match, message string) wire.Fault {
	fault := ErrorFault(http.StatusTooManyRequests, "rateLimitExceeded", message, 1)
	fault.Match = match
	return fault
}

// addresses are our mailboxes.
func (s *Server) addresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for address := range s.boxes {
		all = append(all, address)
	}
	return all
}
