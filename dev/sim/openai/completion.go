package openai

import (
	"cmp"
	"fmt"
	"time"
)

type completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   usage    `json:"usage"`
}

type choice struct {
	Index        int     `json:"index"`
	Message      Message `json:"message"`
	FinishReason string  `json:"finish_reason"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

// answerWith turns the model's step into the message of a completion.
func answerWith(request ChatRequest, next step) Message {
	if next.tool == "" {
		return Message{Role: "assistant", Content: Content(next.text)}
	}
	call := ToolCall{Type: "function"}
	call.Function.Name = next.tool
	call.Function.Arguments = arguments(request, next)
	return Message{Role: "assistant", ToolCalls: []ToolCall{call}}
}

// complete wraps a message as the API does. Ids follow from the request and the
// message, so equal requests get equal answers; only created tells them apart.
func complete(request ChatRequest, message Message, finish string) completion {
	seed := hash(encode(request) + encode(message))
	spent := usage{PromptTokens: 4, CompletionTokens: countTokens(string(message.Content) + message.Refusal)}
	for _, earlier := range request.Messages {
		spent.PromptTokens += 4 + countTokens(string(earlier.Content))
		for _, call := range earlier.ToolCalls {
			spent.PromptTokens += countTokens(call.Function.Arguments)
		}
	}
	for _, tool := range request.Tools {
		spent.PromptTokens += countTokens(string(tool.Function.Parameters))
	}
	reason := "stop"
	calls := make([]ToolCall, len(message.ToolCalls))
	for i, call := range message.ToolCalls {
		reason = "tool_calls"
		call.ID = cmp.Or(call.ID, fmt.Sprintf("call_%016x%02d", seed, i))
		spent.CompletionTokens += 8 + countTokens(call.Function.Arguments)
		calls[i] = call
	}
	message.ToolCalls = calls
	spent.TotalTokens = spent.PromptTokens + spent.CompletionTokens
	return completion{
		ID: fmt.Sprintf("chatcmpl-%016x", seed), Object: "chat.completion", Created: time.Now().Unix(),
		Model: request.Model, Usage: spent,
		Choices: []choice{{Message: message, FinishReason: cmp.Or(finish, reason)}},
	}
}

// countTokens is the usual rule of thumb: four bytes a token.
func countTokens(text string) int { return (len(text) + 3) / 4 }
