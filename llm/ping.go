package llm

import (
	"context"

	openai "github.com/sashabaranov/go-openai"
)

// Ping asks the model for one word: it costs a few tokens, and shows what a
// list of models would not, such as an account without money. It offers no
// tools. Errors are those of Chat.
func (c *Client) Ping(ctx context.Context) error {
	res, err := c.chat.CreateChatCompletion(ctx, openai.ChatCompletionRequest{
		Model:               c.model,
		MaxCompletionTokens: maxCompletionTokens,
		ReasoningEffort:     c.effort,
		Messages:            []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleUser, Content: "Answer with the word ok."}},
	})
	if err != nil {
		return c.failure("asking the model", c.model, res.Header(), err)
	}
	if len(res.Choices) == 0 {
		return badOutput("no answer")
	}
	return nil
}
