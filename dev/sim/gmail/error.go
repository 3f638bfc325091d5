package gmail

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// apiError is an error as Google's APIs report it.
type apiError struct {
	status  int
	reason  string
	message string
}

func (e apiError) Error() string { return e.message }

func (e apiError) body() map[string]any {
	return map[string]any{"error": map[string]any{
		"code": e.status, "message": e.message, "status": canonical(e.status),
		"errors": []map[string]string{{"message": e.message, "domain": domain(e.reason), "reason": e.reason}},
	}}
}

func canonical(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "INVALID_ARGUMENT"
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "PERMISSION_DENIED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusTooManyRequests:
		return "RESOURCE_EXHAUSTED"
	case http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	default:
		return "INTERNAL"
	}
}

func domain(reason string) string {
	switch reason {
	case "userRateLimitExceeded", "rateLimitExceeded", "dailyLimitExceeded", "quotaExceeded":
		return "usageLimits"
	default:
		return "global"
	}
}

func notFound() error {
	return apiError{status: http.StatusNotFound, reason: "notFound", message: "Requested entity was not found."}
}

func invalid(message string) error {
	return apiError{status: http.StatusBadRequest, reason: "invalidArgument", message: message}
}

func writeError(w http.ResponseWriter, err error) {
	var problem apiError
	if !errors.As(err, &problem) {
		problem = apiError{status: http.StatusInternalServerError, reason: "backendError", message: err.Error()}
	}
	if problem.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
	}
	wire.WriteJSON(w, problem.status, problem.body())
}

// ErrorFault is a fault that answers as Gmail does, such as 403 with reason
// "userRateLimitExceeded". retryAfter is in seconds; 0 leaves the header out.
func ErrorFault(status int, reason, message string, retryAfter int) wire.Fault {
	// Strings and numbers always encode.
	body, _ := json.Marshal(apiError{status: status, reason: reason, message: message}.body())
	fault := wire.Fault{Match: "/gmail/v1/", Status: status, Body: string(body)}
	if retryAfter > 0 {
		fault.Header = map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	}
	return fault
}
