package openai

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// apiError is the error object of the OpenAI API.
type apiError struct {
	status  int
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func (e apiError) Error() string { return e.Message }

func invalid(format string, args ...any) error {
	return apiError{
		status: http.StatusBadRequest, Type: "invalid_request_error",
		Message: fmt.Sprintf(format, args...),
	}
}

func coded(status int, code, message string) apiError {
	return apiError{status: status, Type: "invalid_request_error", Code: &code, Message: message}
}

func writeError(w http.ResponseWriter, err error) {
	var problem apiError
	if !errors.As(err, &problem) {
		problem = apiError{status: http.StatusInternalServerError, Type: "server_error", Message: err.Error()}
	}
	wire.WriteJSON(w, problem.status, map[string]any{"error": problem})
}
