package mcp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/mcp"
)

const (
	token  = "0123456789abcdef0123"
	listed = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`
)

// listen serves a world over HTTP to ana.
func (w *world) listen() *httptest.Server {
	w.t.Helper()
	tokens, err := mcp.ParseTokens([]string{"ana:viewer:" + token})
	require.NoError(w.t, err)
	server := httptest.NewServer(w.server.Handler(tokens))
	w.t.Cleanup(server.Close)
	return server
}

// bearer adds a token to every request.
type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

func TestClientOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := w.listen()
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	session := connect(t, &sdk.StreamableClientTransport{
		Endpoint: server.URL, HTTPClient: &http.Client{Transport: bearer{token}}, DisableStandaloneSSE: true,
	})
	t.Cleanup(func() { require.NoError(t, session.Close()) })
	var found waiting
	call(t, session, "list_waiting", nil, &found)
	require.Empty(t, found.Tickets)
	require.Contains(t, w.log.String(), "staff=ana tool=list_waiting outcome=answered")

	_, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: server.URL, HTTPClient: &http.Client{Transport: bearer{"fedcba9876543210fedc"}}, DisableStandaloneSSE: true,
	}, nil)
	require.Error(t, err)
}

func TestWhoIsAnsweredOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := w.listen()
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	for name, c := range map[string]struct {
		method, body string
		header       map[string]string
		status       int
	}{
		"with a token":             {http.MethodPost, listed, nil, http.StatusOK},
		"without a token":          {http.MethodPost, listed, map[string]string{"Authorization": ""}, http.StatusUnauthorized},
		"with a wrong token":       {http.MethodPost, listed, map[string]string{"Authorization": "Bearer " + token + "x"}, http.StatusUnauthorized},
		"with the beginning of it": {http.MethodPost, listed, map[string]string{"Authorization": "Bearer " + token[:16]}, http.StatusUnauthorized},
		"with another scheme":      {http.MethodPost, listed, map[string]string{"Authorization": "Basic " + token}, http.StatusUnauthorized},
		"from another site":        {http.MethodPost, listed, map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		"by a browser, cross-site": {http.MethodPost, listed, map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"by a name made to lead here": {
			http.MethodPost, listed, map[string]string{"Host": "evil.example", "Origin": "http://evil.example"}, http.StatusForbidden,
		},
		"reading without a token": {http.MethodGet, "", map[string]string{"Authorization": ""}, http.StatusUnauthorized},
		"listening for more":      {http.MethodGet, "", nil, http.StatusMethodNotAllowed},
		"too much":                {http.MethodPost, strings.Repeat(" ", 65<<10) + listed, nil, http.StatusRequestEntityTooLarge},
		"no protocol":             {http.MethodPost, "hello", nil, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL, strings.NewReader(c.body))
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+token)
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Accept", "application/json, text/event-stream")
			for k, v := range c.header {
				request.Header.Set(k, v)
			}
			if host := c.header["Host"]; host != "" {
				request.Host = host
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer func() { require.NoError(t, response.Body.Close()) }()
			require.Equal(t, c.status, response.StatusCode)
			if c.status == http.StatusUnauthorized {
				require.Contains(t, response.Header.Get("WWW-Authenticate"), "Bearer")
			}
		})
	}
}
