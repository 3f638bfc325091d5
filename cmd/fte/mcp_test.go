package main

import (
	"context"
	"encoding/json"
	"fmt"
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

func TestMCPAnswersAClientThatHasSaidAll(t *testing.T) {
	t.Parallel()
	settings := with(mcpSettings(schematest.URL(t)), "OPENAI_API_KEY", "", "OPENAI_BASE_URL", "")
	var said strings.Builder
	said.WriteString(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n")
	said.WriteString(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n")
	const lookups = 10
	for i := range lookups {
		fmt.Fprintf(&said, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"list_waiting","arguments":{}}}`+"\n", i+2)
	}
	said.WriteString(`{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"search_knowledge_base","arguments":{"query":"How do I log in?"}}}` + "\n")
	stdin, fromClient := io.Pipe()
	go func() { // and then it closes at once
		_, err := io.WriteString(fromClient, said.String())
		_ = fromClient.CloseWithError(err)
	}()
	var stdout, stderr syncBuffer
	require.NoError(t, runMCP(t.Context(), environment{envconfig.MapLookuper(settings), stdin, &stdout, &stderr}, nil), stderr.String())
	type reply struct {
		ID     int
		Result struct {
			IsError bool
			Content []struct{ Text string }
		}
	}
	replies := map[int]reply{}
	for line := range strings.Lines(stdout.String()) {
		var r reply
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		replies[r.ID] = r
	}
	require.Len(t, replies, lookups+2, stdout.String())
	for i := range lookups {
		require.False(t, replies[i+2].Result.IsError, stdout.String())
	}
	require.True(t, replies[99].Result.IsError)
	require.Contains(t, replies[99].Result.Content[0].Text, "set OPENAI_API_KEY")
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
