package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema/schematest"
)

const mcpToken = "mcp-token-0123456789abcdef"

func mcpSettings(url string) map[string]string {
	return with(cliSettings(), "DATABASE_URL", url, "STAFF_TOKENS", "ana:viewer:"+mcpToken, "FTE_MCP_TOKEN", mcpToken)
}

func TestMCPIsCalledWrongly(t *testing.T) {
	t.Parallel()
	complete := mcpSettings("postgres://fte@127.0.0.1:1/fte")
	for name, c := range map[string]struct {
		settings map[string]string
		args     []string
		code     int
		says     string
	}{
		"argument":        {complete, []string{"serve"}, exitUsage, `unexpected argument "serve"`},
		"no port":         {complete, []string{"--http", "127.0.0.1"}, exitUsage, "--http takes HOST:PORT"},
		"empty port":      {complete, []string{"--http", "127.0.0.1:"}, exitUsage, "--http takes HOST:PORT"},
		"nobody":          {with(complete, "STAFF_TOKENS", ""), nil, exitFailed, "STAFF_TOKENS is not set"},
		"no token":        {with(complete, "FTE_MCP_TOKEN", ""), nil, exitFailed, "FTE_MCP_TOKEN is not one of STAFF_TOKENS"},
		"wrong token":     {with(complete, "FTE_MCP_TOKEN", mcpToken+"x"), nil, exitFailed, "FTE_MCP_TOKEN is not one of STAFF_TOKENS"},
		"bad tokens":      {with(complete, "STAFF_TOKENS", "ana:boss:"+mcpToken), nil, exitFailed, "STAFF_TOKENS: entry 1 has a role"},
		"no database":     {with(complete, "DATABASE_URL", ""), nil, exitFailed, "DATABASE_URL is not set"},
		"silent database": {complete, nil, exitFailed, "the database cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fte(t, c.settings, append([]string{"mcp"}, c.args...)...)
			require.Equal(t, c.code, got.code, got.stderr)
			require.Contains(t, got.stderr, c.says)
			require.NotContains(t, got.stderr, mcpToken)
			require.Empty(t, got.stdout, "standard output belongs to the protocol")
		})
	}
	help := fte(t, nil, "mcp", "--help")
	require.Equal(t, exitOK, help.code)
	require.Contains(t, help.stdout, "STAFF_TOKENS")
}

func TestMCPOnStandardInputAndOutput(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	stdin, fromClient := io.Pipe()
	toClient, stdout := io.Pipe()
	var stderr syncBuffer
	done := make(chan error, 1)
	go func() {
		done <- runMCP(ctx, environment{envconfig.MapLookuper(mcpSettings(schematest.URL(t))), stdin, stdout, &stderr}, nil)
	}()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(ctx, &mcp.IOTransport{Reader: toClient, Writer: fromClient}, nil)
	require.NoError(t, err, stderr.String())
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "list_waiting"})
	require.NoError(t, err)
	require.False(t, result.IsError)
	require.NoError(t, session.Close())
	require.NoError(t, <-done, "it ends with its client")
	require.Contains(t, stderr.String(), `"staff":"ana","tool":"list_waiting"`)
}

func TestMCPOverHTTP(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	defer stop()
	var stdout, stderr syncBuffer
	done := make(chan error, 1)
	settings := with(mcpSettings(schematest.URL(t)), "FTE_MCP_TOKEN", "")
	go func() {
		done <- runMCP(ctx, environment{envconfig.MapLookuper(settings), strings.NewReader(""), &stdout, &stderr}, []string{"--http", ":0"})
	}()
	var address string
	require.Eventually(t, func() bool {
		found := regexp.MustCompile(`"http_addr":"([^"]+)"`).FindStringSubmatch(stderr.String())
		if found != nil {
			address = found[1]
		}
		return found != nil
	}, cliPatience, 10*time.Millisecond)
	require.Regexp(t, `^127\.0\.0\.1:`, address, "without a host only this machine can connect")

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	require.NoError(t, err)
	for token, status := range map[string]int{"": http.StatusUnauthorized, mcpToken: http.StatusOK} {
		request := request.Clone(ctx)
		request.Body, err = request.GetBody()
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "application/json, text/event-stream")
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, status, response.StatusCode, string(body))
	}
	stop()
	require.NoError(t, <-done, "to be stopped is no failure")
	require.Empty(t, stdout.String())
}
