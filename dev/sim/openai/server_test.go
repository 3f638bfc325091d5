package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	sdk "github.com/sashabaranov/go-openai"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	bundle := setup(t, openai.Options{})
	status := func(client *sdk.Client, req sdk.ChatCompletionRequest) (int, any) {
		_, err := client.CreateChatCompletion(t.Context(), req)
		var problem *sdk.APIError
		require.ErrorAs(t, err, &problem)
		return problem.HTTPStatusCode, problem.Code
	}
	code, reason := status(client(bundle.url, "sk-wrong"), request(t, "", "hi"))
	require.Equal(t, 401, code)
	require.Equal(t, "invalid_api_key", reason)

	dangling := request(t, "", "hi")
	dangling.Messages = append(dangling.Messages, sdk.ChatCompletionMessage{Role: "tool", ToolCallID: "call_1", Content: "{}"})
	code, _ = status(bundle.client, dangling)
	require.Equal(t, 400, code)

	loose := request(t, "", "hi")
	loose.Tools[0].Function.Parameters = json.RawMessage(`{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}`)
	code, _ = status(bundle.client, loose)
	require.Equal(t, 400, code)
	require.Empty(t, bundle.sim.Calls())
}

func TestScriptedAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer openai.Scripted
		check  func(*testing.T, sdk.ChatCompletionResponse, error)
	}{
		"garbage": {openai.GarbageJSON(), func(t *testing.T, _ sdk.ChatCompletionResponse, err error) {
			t.Helper()
			require.Error(t, err)
		}},
		"empty choices": {openai.EmptyChoices(), func(t *testing.T, response sdk.ChatCompletionResponse, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Empty(t, response.Choices)
		}},
		"refusal": {openai.Refusal("I can't help with that."), func(t *testing.T, response sdk.ChatCompletionResponse, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, "I can't help with that.", response.Choices[0].Message.Refusal)
		}},
		"truncated": {openai.Truncated(), func(t *testing.T, response sdk.ChatCompletionResponse, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, sdk.FinishReasonLength, response.Choices[0].FinishReason)
			require.False(t, json.Valid([]byte(response.Choices[0].Message.ToolCalls[0].Function.Arguments)))
		}},
		"unknown citation": {
			openai.ToolCallWith("send_response", map[string]any{"message": "Yes.", "citations": []string{"nowhere"}}),
			func(t *testing.T, response sdk.ChatCompletionResponse, err error) {
				t.Helper()
				require.NoError(t, err)
				require.JSONEq(t, `{"message":"Yes.","citations":["nowhere"]}`, response.Choices[0].Message.ToolCalls[0].Function.Arguments)
				require.NotEmpty(t, response.Choices[0].Message.ToolCalls[0].ID)
			},
		},
		"huge": {openai.Huge(10 << 20), func(t *testing.T, response sdk.ChatCompletionResponse, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Len(t, response.Choices[0].Message.Content, 10<<20)
		}},
		"quota": {openai.Failure(429, "insufficient_quota", "You exceeded your current quota.", 20), func(t *testing.T, response sdk.ChatCompletionResponse, err error) {
			t.Helper()
			var problem *sdk.APIError
			require.ErrorAs(t, err, &problem)
			require.Equal(t, "insufficient_quota", problem.Code)
			require.Equal(t, "20", response.Header().Get("Retry-After"))
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := setup(t, openai.Options{Brief: true})
			bundle.sim.Enqueue(tc.answer)
			response, err := bundle.client.CreateChatCompletion(t.Context(), request(t, "", "hi"))
			tc.check(t, response, err)
			require.True(t, bundle.sim.Calls()[0].Scripted)
		})
	}
}

func TestScriptIsAskedBeforeTheModel(t *testing.T) {
	t.Parallel()
	bundle := setup(t, openai.Options{})
	bundle.sim.Script(func(req openai.ChatRequest) (openai.Scripted, bool) {
		return openai.Text("scripted"), req.Model == "other"
	})
	req := request(t, chunks(t), "How do I reset my password?")
	tool, _, _ := ask(t, bundle, req)
	require.Equal(t, "send_response", tool)
	req.Model = "other"
	response, err := bundle.client.CreateChatCompletion(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "scripted", response.Choices[0].Message.Content)
}

func TestFaultsThroughTheClient(t *testing.T) {
	t.Parallel()
	bundle := setup(t, openai.Options{})
	bundle.sim.SetFault(wire.Fault{Match: "chat/completions", Status: 502, Body: "<html>bad gateway</html>"})
	_, err := bundle.client.CreateChatCompletion(t.Context(), request(t, "", "hi"))
	var problem *sdk.RequestError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, http.StatusBadGateway, problem.HTTPStatusCode)

	bundle.sim.SetFault(wire.Fault{Mode: wire.Hang})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gave up")
	done := make(chan error, 1)
	hi := request(t, "", "hi")
	go func() {
		_, err := bundle.client.CreateChatCompletion(ctx, hi)
		done <- err
	}()
	require.NoError(t, bundle.sim.Faults().WaitForHits(deadline(t), 2))
	cancel(gone)
	require.Error(t, <-done)
	require.Empty(t, bundle.sim.Calls())
}

func TestLogSurvivesARestart(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "openai.jsonl")
	first := setup(t, openai.Options{StateFile: state})
	ask(t, first, request(t, chunks(t), "How do I reset my password?"))
	require.NoError(t, first.sim.WaitFor(deadline(t), func(calls []openai.Call) bool { return len(calls) == 1 }))

	second := setup(t, openai.Options{StateFile: state})
	calls := second.sim.Calls()
	require.Len(t, calls, 1)
	require.Equal(t, openai.Chat, calls[0].Kind)
	require.Equal(t, "send_response", calls[0].Tool)
	require.Len(t, calls[0].Chat.Messages, 2)
	res, err := http.Get(second.url + "/_sim/log?wait=5s")
	require.NoError(t, err)
	var logged []openai.Call
	require.NoError(t, json.NewDecoder(res.Body).Decode(&logged))
	require.NoError(t, res.Body.Close())
	require.Equal(t, calls, logged)

	models, err := second.client.ListModels(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, models.Models)
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
