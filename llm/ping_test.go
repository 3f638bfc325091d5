package llm

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestPing(t *testing.T) {
	t.Parallel()
	var asked string
	status, body := http.StatusOK, `{"choices":[{"message":{"role":"assistant","content":"ok"}}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		asked = string(raw)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	c, err := New(Options{BaseURL: server.URL, Model: "m"})
	require.NoError(t, err)
	require.NoError(t, c.Ping(t.Context()))
	require.Contains(t, asked, `"model":"m"`)
	require.NotContains(t, asked, "tool")

	body = `{"choices":[]}`
	require.Equal(t, ticket.CodeBadOutput, ticket.CodeOf(c.Ping(t.Context())))
	status, body = http.StatusTooManyRequests, `{"error":{"message":"no money","code":"insufficient_quota"}}`
	require.Equal(t, ticket.CodeQuota, ticket.CodeOf(c.Ping(t.Context())))
}
