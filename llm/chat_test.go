package llm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

const (
	chunkA = "0198a000-0000-7000-8000-00000000000a"
	chunkB = "0198a000-0000-7000-8000-00000000000b"
	triage = `{"sentiment":0.6,"confidence":0.9,"category":"technical","priority":"low","language":"pt-BR"}`
)

func respond(message, citations, triage string) string {
	return `{"message":` + encode(message) + `,"citations":` + citations + `,"triage":` + triage + `}`
}

func TestChatSendsWhatTheProtocolAsksFor(t *testing.T) {
	t.Parallel()
	got := make(chan map[string]any, 1)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		body["path"], body["auth"] = r.URL.Path, r.Header.Get("Authorization")
		got <- body
		say(http.StatusOK, toolAnswer("search_knowledge_base", `{"query":"reset password"}`))(w, r)
	})
	_, err := client.Chat(t.Context(), question())
	require.NoError(t, err)

	body := <-got
	require.Equal(t, "/v1/chat/completions", body["path"])
	require.Equal(t, "Bearer sk-test-key", body["auth"])
	require.Equal(t, "test-model", body["model"])
	require.Equal(t, "required", body["tool_choice"])
	require.Equal(t, false, body["parallel_tool_calls"])
	require.Equal(t, false, body["stream"])
	require.Greater(t, body["max_completion_tokens"], 1000.0)
	for _, absent := range []string{"temperature", "top_p", "max_tokens", "reasoning_effort", "n", "metadata", "store"} {
		require.NotContains(t, body, absent)
	}
	require.Len(t, body["messages"], 2)

	var names []any
	for _, tool := range body["tools"].([]any) {
		require.Equal(t, "function", tool.(map[string]any)["type"])
		function := tool.(map[string]any)["function"].(map[string]any)
		require.Equal(t, true, function["strict"])
		require.NotEmpty(t, function["description"])
		requireStrict(t, function["parameters"].(map[string]any))
		names = append(names, function["name"])
	}
	require.Equal(t, []any{"search_knowledge_base", "escalate_to_human", "send_response"}, names)
}

func TestChatShowsTheModelItsOwnCalls(t *testing.T) {
	t.Parallel()
	got := make(chan []map[string]any, 1)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Messages []map[string]any `json:"messages"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		got <- body.Messages
		say(http.StatusOK, toolAnswer("search_knowledge_base", `{"query":"a"}`))(w, r)
	})
	_, err := client.Chat(t.Context(), llm.Request{Messages: llm.Build(conversation(ticket.Email))})
	require.NoError(t, err)
	msgs := <-got
	require.Len(t, msgs, 8)
	require.Equal(t, map[string]any{"role": "assistant", "tool_calls": []any{map[string]any{
		"id": "call_x", "type": "function",
		"function": map[string]any{"name": "search_knowledge_base", "arguments": `{"query":"reset \"password\""}`},
	}}}, msgs[2])
	require.Equal(t, "tool", msgs[3]["role"])
	require.Equal(t, "call_x", msgs[3]["tool_call_id"])
	require.Contains(t, msgs[3]["content"], chunkB)
}

// requireStrict checks the rules of strict schemas: every object closed, every
// property required, no keyword that strict servers refuse.
func requireStrict(t *testing.T, schema map[string]any) {
	t.Helper()
	for keyword := range schema {
		require.Contains(t, []string{"type", "description", "enum", "properties", "required", "additionalProperties", "items"}, keyword)
	}
	switch schema["type"] {
	case "object":
		require.Equal(t, false, schema["additionalProperties"])
		properties := schema["properties"].(map[string]any)
		require.Len(t, schema["required"], len(properties))
		for name, property := range properties {
			require.Contains(t, schema["required"], name)
			requireStrict(t, property.(map[string]any))
		}
	case "array":
		requireStrict(t, schema["items"].(map[string]any))
	case "string", "number":
		require.NotContains(t, schema, "properties")
	default:
		require.Fail(t, "unknown type", "%v", schema["type"])
	}
}

func TestChatReadsEachDecision(t *testing.T) {
	t.Parallel()
	opinion := llm.Triage{Sentiment: 0.6, Confidence: 0.9, Category: "technical", Priority: "low", Language: "pt-BR"}
	for name, test := range map[string]struct {
		tool, arguments string
		want            llm.Decision
	}{
		"respond": {
			"send_response", respond("  Open the settings.\n", `["`+chunkA+`","`+chunkB+`","`+chunkA+`"]`, triage),
			llm.Decision{Respond: &llm.Response{
				Message: "Open the settings.", Citations: []uuid.UUID{uuid.MustParse(chunkA), uuid.MustParse(chunkB)}, Triage: opinion,
			}},
		},
		"respond without facts": {
			"send_response", respond("You are welcome.", `[]`, triage),
			llm.Decision{Respond: &llm.Response{Message: "You are welcome.", Citations: []uuid.UUID{}, Triage: opinion}},
		},
		"escalate": {
			"escalate_to_human", `{"reason":"refund_request","urgency":"medium","triage":` + triage + `}`,
			llm.Decision{Escalate: &llm.Escalation{Reason: llm.ReasonRefund, Urgency: llm.PriorityMedium, Triage: opinion}},
		},
		"escalate in words of its own": {
			"escalate_to_human", `{"reason":"shipping_damage","urgency":"as soon as possible","triage":` + triage + `}`,
			llm.Decision{Escalate: &llm.Escalation{Reason: "shipping_damage", Urgency: llm.PriorityHigh, Triage: opinion}},
		},
		"escalate with prose": {
			"escalate_to_human", `{"reason":"Ana says: ` + secretText + `","urgency":"low","triage":` + triage + `}`,
			llm.Decision{Escalate: &llm.Escalation{Reason: llm.ReasonOther, Urgency: llm.PriorityLow, Triage: opinion}},
		},
		"search": {
			"search_knowledge_base", `{"query":" change address "}`,
			llm.Decision{Search: &llm.Search{Query: "change address"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(http.StatusOK, toolAnswer(test.tool, test.arguments)))
			got, err := client.Chat(t.Context(), question())
			require.NoError(t, err)
			require.Equal(t, test.want, got.Decision)
			require.Equal(t, "call_abc", got.ToolCallID)
			require.Equal(t, "test-model-2026-01-01", got.Model)
			require.Equal(t, llm.PromptVersion(), got.PromptVersion)
			require.Equal(t, 321, got.PromptTokens)
			require.Equal(t, 45, got.CompletionTokens)

			var raw struct {
				Tool      string          `json:"tool"`
				Arguments json.RawMessage `json:"arguments"`
			}
			require.NoError(t, json.Unmarshal(got.Raw, &raw))
			require.Equal(t, test.tool, raw.Tool)
			require.JSONEq(t, test.arguments, string(raw.Arguments))
			again, err := llm.ParseDecision(got.Raw)
			require.NoError(t, err)
			require.Equal(t, test.want, again)
		})
	}
}

func TestChatRefusesBadToolCalls(t *testing.T) {
	t.Parallel()
	cites := func(n int) string {
		return `["` + strings.Repeat(chunkA+`","`, n-1) + chunkA + `"]`
	}
	with := func(old, new string) string { return strings.Replace(triage, old, new, 1) }
	for name, test := range map[string]struct{ tool, arguments, reason string }{
		"unknown tool":           {"refund_customer", `{}`, "does not exist"},
		"invalid JSON":           {"send_response", `{"message":"` + secretText, "not the JSON"},
		"no arguments":           {"send_response", ``, "not the JSON"},
		"null":                   {"send_response", `null`, "without message"},
		"array":                  {"send_response", `[]`, "not the JSON"},
		"something after":        {"search_knowledge_base", `{"query":"a"} {"query":"b"}`, "followed by"},
		"unknown field":          {"search_knowledge_base", `{"query":"a","customer_id":"1"}`, "not the JSON"},
		"wrong type":             {"search_knowledge_base", `{"query":7}`, "not the JSON"},
		"no query":               {"search_knowledge_base", `{}`, "without a query"},
		"blank query":            {"search_knowledge_base", `{"query":" \n"}`, "empty"},
		"long query":             {"search_knowledge_base", `{"query":"` + strings.Repeat("a", 3073) + `"}`, "too long"},
		"query with NUL":         {"search_knowledge_base", `{"query":"a\u0000b"}`, "unprintable"},
		"blank message":          {"send_response", respond(" ", `[]`, triage), "empty"},
		"message with NUL":       {"send_response", respond("a\x00", `[]`, triage), "unprintable"},
		"long message":           {"send_response", respond(strings.Repeat("a", llm.MaxMessageBytes+1), `[]`, triage), "too long"},
		"no citations":           {"send_response", `{"message":"a","triage":` + triage + `}`, "without message or citations"},
		"citations null":         {"send_response", respond("a", `null`, triage), "without message or citations"},
		"citation not an id":     {"send_response", respond("a", `["chunk 1"]`, triage), "not a chunk id"},
		"citation in braces":     {"send_response", respond("a", `["{`+chunkA+`}"]`, triage), "not a chunk id"},
		"21 citations":           {"send_response", respond("a", cites(21), triage), "too many"},
		"no triage":              {"send_response", `{"message":"a","citations":[]}`, "no triage"},
		"triage null":            {"send_response", respond("a", `[]`, `null`), "no triage"},
		"no sentiment":           {"send_response", respond("a", `[]`, with(`"sentiment":0.6,`, ``)), "incomplete"},
		"sentiment null":         {"send_response", respond("a", `[]`, with(`0.6`, `null`)), "incomplete"},
		"sentiment below":        {"send_response", respond("a", `[]`, with(`0.6`, `-0.1`)), "sentiment out of range"},
		"sentiment above":        {"send_response", respond("a", `[]`, with(`0.6`, `1.01`)), "sentiment out of range"},
		"sentiment in words":     {"send_response", respond("a", `[]`, with(`0.6`, `"good"`)), "not the JSON"},
		"confidence above":       {"send_response", respond("a", `[]`, with(`0.9`, `90`)), "confidence out of range"},
		"unknown category":       {"send_response", respond("a", `[]`, with(`technical`, `sales`)), "category"},
		"unknown priority":       {"send_response", respond("a", `[]`, with(`"low"`, `"asap"`)), "priority"},
		"language in words":      {"send_response", respond("a", `[]`, with(`pt-BR`, `Brazilian Portuguese`)), "language"},
		"escalation no reason":   {"escalate_to_human", `{"urgency":"low","triage":` + triage + `}`, "without reason"},
		"escalation no triage":   {"escalate_to_human", `{"reason":"other","urgency":"low"}`, "no triage"},
		"escalation with NUL":    {"escalate_to_human", `{"reason":"a\u0000","urgency":"low","triage":` + triage + `}`, "unprintable"},
		"escalation bad triage":  {"escalate_to_human", `{"reason":"other","urgency":"low","triage":{}}`, "incomplete"},
		"escalation null triage": {"escalate_to_human", `{"reason":"other","urgency":"low","triage":null}`, "no triage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(http.StatusOK, toolAnswer(test.tool, test.arguments)))
			got, err := client.Chat(t.Context(), question())
			require.NoError(t, err, "it was paid for")
			require.Equal(t, llm.Decision{}, got.Decision)
			want := llm.ProblemBadArguments
			if name == "unknown tool" {
				want = llm.ProblemUnknownTool
			}
			require.Equal(t, want, got.Problem)
			require.Contains(t, got.Fault, test.reason)
			require.NotContains(t, got.Fault, "4111")
			require.Equal(t, 366, got.PromptTokens+got.CompletionTokens, "what was spent is reported")
			requireKept(t, got)
		})
	}
}

// requireKept checks that what cannot be used can be stored and read back, but
// is never taken for a decision.
func requireKept(t *testing.T, got *llm.Completion) {
	t.Helper()
	require.True(t, json.Valid(got.Raw))
	var kept map[string]string
	require.NoError(t, json.Unmarshal(got.Raw, &kept))
	for _, text := range kept {
		require.NotContains(t, text, "\x00", "Postgres refuses it")
	}
	require.Less(t, len(got.Raw), 10<<10)
	problem, fault := llm.Unusable(got.Raw)
	require.Equal(t, got.Problem, problem)
	require.Equal(t, got.Fault, fault)
	_, err := llm.ParseDecision(got.Raw)
	requireCode(t, ticket.CodeBadOutput, err)
}

func TestChatKeepsAnswersThatAreNoDecision(t *testing.T) {
	t.Parallel()
	search := toolCall("search_knowledge_base", `{"query":"a"}`)
	for name, test := range map[string]struct {
		body    string
		problem llm.Problem
		reason  string
	}{
		"plain content": {
			answer("stop", map[string]any{"role": "assistant", "content": secretText}), llm.ProblemNoCall, "without a tool call",
		},
		"empty tool calls": {
			answer("tool_calls", map[string]any{"role": "assistant", "tool_calls": []any{}}), llm.ProblemNoCall, "without a tool call",
		},
		"no choices, but paid for": {
			`{"model":"m","choices":[],"usage":{"prompt_tokens":7}}`, llm.ProblemNoCall, "without a tool call",
		},
		"two tool calls": {
			answer("tool_calls", map[string]any{"role": "assistant", "tool_calls": []any{search, search}}), llm.ProblemSeveralCalls, "several",
		},
		"another kind of tool": {
			answer("tool_calls", map[string]any{"role": "assistant", "tool_calls": []any{map[string]any{"id": "x", "type": "custom"}}}),
			llm.ProblemUnknownTool, "does not exist",
		},
		"refusal": {
			answer("stop", map[string]any{"role": "assistant", "refusal": "I will not repeat " + secretText}), llm.ProblemRefused, "refused",
		},
		"content filter": {
			answer("content_filter", map[string]any{"role": "assistant", "tool_calls": []any{search}}), llm.ProblemRefused, "filter",
		},
		"cut off": {
			answer("length", map[string]any{"role": "assistant", "tool_calls": []any{search}}), llm.ProblemCutOff, "cut off",
		},
		"endless": {
			answer("tool_calls", map[string]any{"role": "assistant", "tool_calls": []any{toolCall(strings.Repeat("x", 9000), strings.Repeat("\x00é\xff\"", 9000))}}),
			llm.ProblemUnknownTool, "does not exist",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(http.StatusOK, test.body))
			got, err := client.Chat(t.Context(), question())
			require.NoError(t, err)
			require.Equal(t, test.problem, got.Problem)
			require.Contains(t, llm.Problems(), got.Problem)
			require.Contains(t, got.Fault, test.reason)
			require.Equal(t, llm.Decision{}, got.Decision)
			require.Positive(t, got.PromptTokens)
			requireKept(t, got)
		})
	}
}

func TestChatRefusesWhatIsNoCompletion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body   string
		code   ticket.Code
		reason string
	}{
		"no choices":     {`{"model":"m","choices":[]}`, ticket.CodeBadOutput, "no answer"},
		"error with 200": {`{"error":{"message":"echoed ` + secretText + `"}}`, ticket.CodeBadOutput, "no answer"},
		"not JSON":       {`<html>` + secretText + `</html>`, ticket.CodeBadOutput, "not the JSON"},
		"wrong shape":    {`{"choices":"` + secretText + `"}`, ticket.CodeBadOutput, "not the JSON"},
		"breaks off":     {`{"choices":[{"index":0,`, ticket.CodeBadOutput, "ends in the middle"},
		"nothing at all": {``, ticket.CodeBadOutput, "ends in the middle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(http.StatusOK, test.body))
			_, err := client.Chat(t.Context(), question())
			requireCode(t, test.code, err)
			require.ErrorContains(t, err, test.reason)
		})
	}
}

func TestChatOffersOnlyTheToolsAllowed(t *testing.T) {
	t.Parallel()
	offered := make(chan int, 1)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Tools []any `json:"tools"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		offered <- len(body.Tools)
		say(http.StatusOK, toolAnswer("search_knowledge_base", `{"query":"a"}`))(w, r)
	})
	request := question()
	request.Tools = []llm.Tool{llm.ToolRespond, llm.ToolEscalate}
	got, err := client.Chat(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, llm.ProblemNotAllowed, got.Problem)
	require.Equal(t, 2, <-offered)
}

func TestParseDecisionRefusesWhatWasNotStoredByUs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{``, `null`, `{}`, `{"tool":"send_response"}`, `{"tool":"search_knowledge_base","arguments":{"query":""}}`} {
		_, err := llm.ParseDecision(json.RawMessage(raw))
		requireCode(t, ticket.CodeBadOutput, err)
	}
}

func TestAnAnswerThatIsCutOnItsWayIsAnOutage(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"choices":[{"index":0,`))
	})
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeUnavailable, err)
}
