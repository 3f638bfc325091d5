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
	// Again says that this was asked before and is late: a Router rather asks
	// somebody else than to be told to wait.
	Again bool
}

// Completion is what a model answered: a Decision, or why there is none.
type Completion struct {
	Decision
	Problem          Problem         // empty if the call can be used; else Decision is zero
	Fault            string          // of a problem: the rule that was broken, in words of ours
	ToolCallID       string          // needed to show the model its own call again
	Raw              json.RawMessage // the call, for storage; ParseDecision or Unusable read it back
	PromptVersion    string
	Provider         Provider // which of the servers of a Router answered
	Model            string   // as the server names it, which may be more exact than what was asked for
	PromptTokens     int
	CompletionTokens int
}

// Chat asks the model for its one next step. Whatever was paid for is a
// Completion, usable or not. Errors are *ticket.Error: CodeBadOutput (nothing
// that is a completion), CodeGuardrail (the server forbids the prompt),
// CodeTooLarge (context exceeded), CodeUnauthorized, CodeQuota,
// CodeRateLimited, CodeUnavailable (the latter two with RetryAfter, if known)
// and CodeInvalid (a request or setting that can never work).
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
		return nil, c.failure("asking the model", model, res.Header(), err)
	}
	done := &Completion{
		PromptVersion:    r.PromptVersion,
		Provider:         Primary,
		Model:            res.Model,
		PromptTokens:     res.Usage.PromptTokens,
		CompletionTokens: res.Usage.CompletionTokens,
	}
	if done.Model == "" {
		done.Model = model
	}
	if len(res.Choices) == 0 && res.Usage.PromptTokens+res.Usage.CompletionTokens == 0 {
		return nil, badOutput("no answer")
	}
	done.read(res.Choices, tools)
	return done, nil
}
