package llm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	openai "github.com/sashabaranov/go-openai"
)

// Role says who speaks in a Message.
type Role string

// The roles of a prompt.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// Message is one message of a prompt, as Build makes it.
type Message struct {
	Role       Role      `json:"role"`
	Content    string    `json:"content,omitempty"`
	ToolCall   *ToolCall `json:"tool_call,omitempty"`    // RoleAssistant only
	ToolCallID string    `json:"tool_call_id,omitempty"` // RoleTool only
}

// ToolCall is a call the model made in an earlier completion of the same turn.
type ToolCall struct {
	ID        string `json:"id"`
	Tool      Tool   `json:"tool"`
	Arguments string `json:"arguments"` // JSON
}

// Hash returns the SHA-256, in hexadecimal, of all that decides what the model
// is asked: the model, the tools as they are described to it, and the messages.
// Equal hashes mean that a stored answer may be used again.
func Hash(model string, msgs []Message) string {
	h := sha256.New()
	// Structs and sorted maps of strings always encode, and always alike.
	_ = json.NewEncoder(h).Encode(struct {
		Model    string        `json:"model"`
		Tools    []openai.Tool `json:"tools"`
		Messages []Message     `json:"messages"`
	}{model, toolset(Tools()), msgs})
	return hex.EncodeToString(h.Sum(nil))
}

func (m Message) wire() openai.ChatCompletionMessage {
	w := openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Content, ToolCallID: m.ToolCallID}
	if m.ToolCall != nil {
		w.ToolCalls = []openai.ToolCall{{
			ID:       m.ToolCall.ID,
			Type:     openai.ToolTypeFunction,
			Function: openai.FunctionCall{Name: string(m.ToolCall.Tool), Arguments: m.ToolCall.Arguments},
		}}
	}
	return w
}
