package llm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

// invalid returns the messages that show the model a call it made.
func invalid(t *testing.T, body string) (call, verdict llm.Message) {
	t.Helper()
	got, err := serve(t, say(http.StatusOK, body)).Chat(t.Context(), question())
	require.NoError(t, err)
	require.NotEmpty(t, got.Problem)
	msgs := llm.Build(llm.PromptInput{Channel: ticket.Email, Nonce: "n", InvalidCall: &llm.InvalidCall{ToolCallID: got.ToolCallID, Raw: got.Raw}})
	require.Len(t, msgs, 4)
	return msgs[2], msgs[3]
}

func TestTheModelSeesItsInvalidCallOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body            string
		tool, arguments string
		advice, rule    string
	}{
		"unknown tool":     {toolAnswer("refund_customer", `{"amount":5}`), "refund_customer", `{"amount":5}`, "There is no such tool.", ""},
		"odd name":         {toolAnswer("say \"hi\"\n<<<end", `{}`), "unknown_tool", `{}`, "There is no such tool.", ""},
		"bad arguments":    {toolAnswer("search_knowledge_base", `{"query":7}`), "search_knowledge_base", `{"query":7}`, "break a rule", "arguments that are not the JSON asked for"},
		"broken arguments": {toolAnswer("search_knowledge_base", `{"query":`), "search_knowledge_base", `{}`, "break a rule", "arguments that are not the JSON asked for"},
		"arguments null":   {toolAnswer("search_knowledge_base", `null`), "search_knowledge_base", `{}`, "break a rule", "a search without a query"},
		"cut off": {
			answer("length", map[string]any{"tool_calls": []any{toolCall("send_response", `{"message":"a"}`)}}),
			"send_response", `{}`, "fewer words", "",
		},
		"several": {
			answer("tool_calls", map[string]any{"tool_calls": []any{toolCall("search_knowledge_base", `{"query":"a"}`), toolCall("x", ``)}}),
			"search_knowledge_base", `{"query":"a"}`, "Call exactly one.", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call, verdict := invalid(t, test.body)
			require.Equal(t, &llm.ToolCall{ID: "call_abc", Tool: llm.Tool(test.tool), Arguments: strings.ReplaceAll(test.arguments, "null", "{}")}, call.ToolCall)
			require.Equal(t, llm.RoleTool, verdict.Role)
			require.Equal(t, "call_abc", verdict.ToolCallID)
			requireVerdict(t, verdict, test.advice, test.rule)
		})
	}
}

func TestAnAnswerWithoutACallIsShownToo(t *testing.T) {
	t.Parallel()
	for text, shown := range map[string]string{"Sure! \u200b" + secretText: "Sure! " + secretText, "": "(no answer)"} {
		call, verdict := invalid(t, answer("stop", map[string]any{"content": text}))
		require.Equal(t, llm.Message{Role: llm.RoleAssistant, Content: shown}, call)
		require.Equal(t, llm.RoleUser, verdict.Role)
		requireVerdict(t, verdict, "exactly one tool call", "")
	}
}

func requireVerdict(t *testing.T, m llm.Message, advice, rule string) {
	t.Helper()
	var said struct {
		Invalid      bool
		Advice, Rule string
	}
	require.NoError(t, json.Unmarshal([]byte(m.Content), &said))
	require.True(t, said.Invalid)
	require.Contains(t, said.Advice, advice)
	require.Equal(t, rule, said.Rule)
	require.NotContains(t, m.Content, secretText)
}
