package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	openai "github.com/sashabaranov/go-openai"

	"github.com/digital-fte/fte/ticket"
)

// maxCompletionTokens bounds an answer, reasoning included.
const maxCompletionTokens = 4096

// Request is what a model is asked.
type Request struct {
	// PromptVersion is not sent; it comes back in the Completion, so that what
	// was asked is stored with what was answered.
	PromptVersion string
	Model         string // empty means the client's own
	Messages      []Message
	Tools         []Tool // what the model may propose; empty means everything
}

// Completion is what a model answered.
type Completion struct {
	Decision
	ToolCallID       string          // needed to show the model its own call again
	Raw              json.RawMessage // the call, for storage; ParseDecision reads it back
	PromptVersion    string
	Model            string // as the server names it, which may be more exact than what was asked for
	PromptTokens     int
	CompletionTokens int
}

// Chat asks the model for its one next step. Errors are *ticket.Error:
// CodeBadOutput (no usable tool call), CodeGuardrail (refused or filtered),
// CodeTooLarge (context exceeded), CodeUnauthorized, CodeQuota,
// CodeRateLimited, CodeUnavailable (the latter two with RetryAfter, if known)
// and CodeInvalid (a request or setting that can never work). If the model did
// answer, the Completion beside the error says what was spent, without a
// Decision; otherwise it is nil.
func (c *Client) Chat(ctx context.Context, r Request) (*Completion, error) {
	tools := r.Tools
	if len(tools) == 0 {
		tools = Tools()
	}
	model := cmp.Or(r.Model, c.model)
	if model == "" || len(r.Messages) == 0 {
		return nil, ticket.Errorf(ticket.CodeInvalid, "a completion needs a model and messages")
	}
	for _, t := range tools {
		if !slices.Contains(Tools(), t) {
			return nil, ticket.Errorf(ticket.CodeInvalid, "no tool is named %q", t)
		}
	}
	ask := openai.ChatCompletionRequest{
		Model:               model,
		MaxCompletionTokens: maxCompletionTokens,
		ReasoningEffort:     c.effort,
		Tools:               toolset(tools),
		ToolChoice:          "required",
		ParallelToolCalls:   false,
	}
	for _, m := range r.Messages {
		ask.Messages = append(ask.Messages, m.wire())
	}
	res, err := c.chat.CreateChatCompletion(ctx, ask)
	if err != nil {
		return nil, failure("asking the model", model, res.Header(), err)
	}
	done := &Completion{
		PromptVersion:    r.PromptVersion,
		Model:            res.Model,
		PromptTokens:     res.Usage.PromptTokens,
		CompletionTokens: res.Usage.CompletionTokens,
	}
	if done.Model == "" {
		done.Model = model
	}
	call, err := onlyCall(res.Choices)
	if err != nil {
		return done, err
	}
	tool := Tool(call.Function.Name)
	if slices.Contains(Tools(), tool) && !slices.Contains(tools, tool) {
		return done, badOutput("a tool that is not allowed now")
	}
	decision, raw, err := parseCall(tool, []byte(call.Function.Arguments))
	if err != nil {
		return done, err
	}
	done.Decision, done.Raw, done.ToolCallID = decision, raw, call.ID
	return done, nil
}

// onlyCall returns the one tool call of an answer.
func onlyCall(choices []openai.ChatCompletionChoice) (openai.ToolCall, error) {
	if len(choices) == 0 {
		return openai.ToolCall{}, badOutput("no answer")
	}
	answer := choices[0]
	switch {
	case answer.FinishReason == openai.FinishReasonContentFilter:
		return openai.ToolCall{}, ticket.Errorf(ticket.CodeGuardrail, "the provider's filter stopped the answer")
	case answer.Message.Refusal != "":
		return openai.ToolCall{}, ticket.Errorf(ticket.CodeGuardrail, "the model refused to answer")
	case answer.FinishReason == openai.FinishReasonLength:
		return openai.ToolCall{}, badOutput("an answer cut off at its length limit")
	case len(answer.Message.ToolCalls) == 0:
		return openai.ToolCall{}, badOutput("an answer without a tool call")
	case len(answer.Message.ToolCalls) > 1:
		return openai.ToolCall{}, badOutput("several tool calls at once")
	}
	call := answer.Message.ToolCalls[0]
	if call.Type != openai.ToolTypeFunction && call.Type != "" {
		return openai.ToolCall{}, badOutput("a tool call that is not a function")
	}
	return call, nil
}
