package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// Scripted is an answer a test gives instead of the model. Either Raw is sent as
// it is, or a completion is made of the other fields.
type Scripted struct {
	// Status defaults to 200.
	Status int
	Header map[string]string
	// Raw is the whole body of the answer.
	Raw []byte
	// Message becomes the only choice of a completion.
	Message *Message
	// FinishReason defaults to "tool_calls" or "stop", by what Message holds.
	FinishReason string
}

// GarbageJSON answers 200 with something that is no JSON.
func GarbageJSON() Scripted { return Scripted{Raw: []byte(`{"choices":[{"message":`)} }

// EmptyChoices answers 200 without any choice.
func EmptyChoices() Scripted {
	return Scripted{Raw: []byte(`{"id":"chatcmpl-empty","object":"chat.completion","choices":[]}`)}
}

// Refusal is a model that declines.
func Refusal(text string) Scripted { return Scripted{Message: &Message{Refusal: text}} }

// Text is plain text instead of a tool call.
func Text(text string) Scripted { return Scripted{Message: &Message{Content: Content(text)}} }

// Truncated is a tool call that ran into the token limit in the middle of its
// arguments.
func Truncated() Scripted {
	scripted := RawToolCall(toolRespond, `{"message":"You can reset your pass`)
	scripted.FinishReason = "length"
	return scripted
}

// ToolCallWith calls a tool with arguments encoded as JSON.
func ToolCallWith(tool string, arguments any) Scripted { return RawToolCall(tool, encode(arguments)) }

// RawToolCall calls a tool with arguments that need not be JSON.
func RawToolCall(tool, arguments string) Scripted {
	call := ToolCall{Type: "function"}
	call.Function.Name = tool
	call.Function.Arguments = arguments
	return Scripted{Message: &Message{ToolCalls: []ToolCall{call}}}
}

// Huge is a completion whose text makes the body size bytes or a little more.
func Huge(size int) Scripted {
	return Scripted{Message: &Message{Content: Content(bytes.Repeat([]byte("x"), size))}}
}

// Failure is an error of the API, such as 429 with code insufficient_quota.
// retryAfter is in seconds; 0 leaves the header out.
func Failure(status int, code, message string, retryAfter int) Scripted {
	problem := coded(status, code, message)
	problem.Type = cmp.Or(code, problem.Type)
	scripted := Scripted{Status: status, Raw: []byte(encode(map[string]any{"error": problem}))}
	if retryAfter > 0 {
		scripted.Header = map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	}
	return scripted
}

// Script sets a function that is asked before the model for each chat request;
// with false the model answers. nil removes it.
func (s *Server) Script(script func(ChatRequest) (Scripted, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// Enqueue adds answers for the next chat requests, one each. They go before
// Script and the model.
func (s *Server) Enqueue(answers ...Scripted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, answers...)
}

func (s *Server) scripted(request ChatRequest) (Scripted, bool) {
	s.mu.Lock()
	script := s.script
	if len(s.queue) > 0 {
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		return next, true
	}
	s.mu.Unlock()
	if script == nil {
		return Scripted{}, false
	}
	return script(request)
}

func (a Scripted) write(w http.ResponseWriter, request ChatRequest) {
	body := a.Raw
	if a.Message != nil {
		message := *a.Message
		message.Role = "assistant"
		body, _ = json.Marshal(complete(request, message, a.FinishReason))
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
	_, _ = io.Copy(w, bytes.NewReader(body))
}
