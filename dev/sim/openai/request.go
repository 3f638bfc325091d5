package openai

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ChatRequest is what POST /v1/chat/completions takes, as far as the simulator
// cares.
type ChatRequest struct {
	Model          string          `json:"model"`
	Messages       []Message       `json:"messages"`
	Tools          []Tool          `json:"tools,omitempty"`
	ToolChoice     json.RawMessage `json:"tool_choice,omitempty"`
	ResponseFormat *ResponseFormat `json:"response_format,omitempty"`
	Stream         bool            `json:"stream,omitempty"`
	N              int             `json:"n,omitempty"`
}

// Message is one entry of a transcript.
type Message struct {
	Role       string     `json:"role"`
	Content    Content    `json:"content"`
	Refusal    string     `json:"refusal,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

// Content is the text of a message, sent as a string, as an array of text
// parts, or as null. It is encoded as a string, or as null when empty.
type Content string

// UnmarshalJSON implements json.Unmarshaler.
func (c *Content) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*c = Content(text)
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("content is neither a string nor an array of parts: %w", err)
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.Text
	}
	*c = Content(strings.Join(texts, "\n"))
	return nil
}

// MarshalJSON implements json.Marshaler.
func (c Content) MarshalJSON() ([]byte, error) {
	if c == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(c))
}

// Tool is a function the model may call.
type Tool struct {
	Type     string `json:"type"`
	Function struct {
		Name       string          `json:"name"`
		Strict     bool            `json:"strict,omitempty"`
		Parameters json.RawMessage `json:"parameters"`
	} `json:"function"`
}

// ToolCall is a call the model asks for; Arguments is a JSON object as text.
type ToolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// ResponseFormat asks for an answer in a shape.
type ResponseFormat struct {
	Type       string `json:"type"`
	JSONSchema *struct {
		Name   string          `json:"name"`
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema,omitempty"`
}

// validate refuses what the real server refuses with a 400.
func (r ChatRequest) validate() error {
	switch {
	case r.Model == "":
		return invalid("you must provide a model parameter")
	case len(r.Messages) == 0:
		return invalid("Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	case r.Stream:
		return invalid("Unsupported value: 'stream' does not support true with this model.")
	case r.N > 1:
		return invalid("Unsupported value: 'n' does not support more than 1 with this model.")
	}
	for _, tool := range r.Tools {
		if err := tool.validate(); err != nil {
			return err
		}
	}
	if choice := r.choice(); choice == "required" && len(r.Tools) == 0 {
		return invalid("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
	}
	return validateTranscript(r.Messages)
}

// validateTranscript checks that calls and results of tools pair up.
func validateTranscript(messages []Message) error {
	open := map[string]bool{}
	for i, message := range messages {
		if message.Role == "tool" {
			if !open[message.ToolCallID] {
				return invalid("Invalid parameter: messages[%d] with role 'tool' must be a response to a preceeding message with 'tool_calls'.", i) //nolint:misspell // as OpenAI spells it
			}
			delete(open, message.ToolCallID)
			continue
		}
		if len(open) > 0 {
			return invalid("An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id' (messages[%d]).", i)
		}
		switch message.Role {
		case "system", "developer", "user":
		case "assistant":
			for _, call := range message.ToolCalls {
				open[call.ID] = true
			}
		default:
			return invalid("Invalid value: '%s'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.", message.Role)
		}
	}
	if len(open) > 0 {
		return invalid("An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.")
	}
	return nil
}

// choice returns "none", "auto", "required", or "function:<name>".
func (r ChatRequest) choice() string {
	var word string
	if json.Unmarshal(r.ToolChoice, &word) == nil && word != "" {
		return word
	}
	var forced struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if json.Unmarshal(r.ToolChoice, &forced) == nil && forced.Function.Name != "" {
		return "function:" + forced.Function.Name
	}
	if len(r.Tools) == 0 {
		return "none"
	}
	return "auto"
}

func (r ChatRequest) tool(name string) (Tool, bool) {
	for _, tool := range r.Tools {
		if tool.Function.Name == name {
			return tool, true
		}
	}
	return Tool{}, false
}

// called reports whether the transcript holds a call of the tool.
func (r ChatRequest) called(tool string) bool {
	for _, message := range r.Messages {
		for _, call := range message.ToolCalls {
			if call.Function.Name == tool {
				return true
			}
		}
	}
	return false
}
