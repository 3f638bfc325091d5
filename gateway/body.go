package gateway

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/ticket"
)

// readBody returns the whole body, CodeTooLarge if it has more than limit bytes.
func readBody(c *gin.Context, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, ticket.Errorf(ticket.CodeTooLarge, "the request has more than %d KiB", limit>>10)
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "body", "the request did not arrive completely"}
	}
	return body, nil
}
