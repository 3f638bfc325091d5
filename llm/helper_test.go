package llm_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

// secretText stands for what a customer wrote; no error may ever contain it.
const secretText = "my card is 4111 1111 1111 1111"

// serve starts a server and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc, change ...func(*llm.Options)) *llm.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	options := llm.Options{
		BaseURL: server.URL + "/v1", APIKey: "sk-test-key", Model: "test-model", EmbeddingModel: "test-embedding",
		Timeout: 30 * time.Second, EmbedTimeout: 30 * time.Second,
	}
	for _, c := range change {
		c(&options)
	}
	client, err := llm.New(options)
	require.NoError(t, err)
	return client
}

// say answers every request with the same status and body.
func say(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// toolAnswer is a completion with one tool call.
func toolAnswer(tool, arguments string) string {
	return answer("tool_calls", map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{toolCall(tool, arguments)}})
}

func toolCall(tool, arguments string) map[string]any {
	return map[string]any{"id": "call_abc", "type": "function", "function": map[string]any{"name": tool, "arguments": arguments}}
}

func answer(finish string, message map[string]any) string {
	return encode(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1760000000, "model": "test-model-2026-01-01",
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}},
		"usage":   map[string]any{"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366},
	})
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// question is a small but complete request.
func question() llm.Request {
	return llm.Request{
		PromptVersion: llm.PromptVersion(),
		Messages: llm.Build(llm.PromptInput{
			Channel: ticket.Email, Company: "Acme", CustomerMessages: []string{secretText}, Nonce: "n1",
		}),
	}
}

// requireCode checks the code and that the error is fit to be logged.
func requireCode(t *testing.T, want ticket.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, ticket.CodeOf(err), err.Error())
	for _, forbidden := range []string{secretText, "4111", "sk-test", "echoed"} {
		require.NotContains(t, err.Error(), forbidden)
	}
}
