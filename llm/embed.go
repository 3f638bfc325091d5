package llm

import (
	"context"
	"math"
	"strings"

	openai "github.com/sashabaranov/go-openai"

	"github.com/digital-fte/fte/ticket"
)

// MaxDimensions is the width of the vector column: shorter vectors are padded
// with zeros, which leaves every cosine as it is, and longer ones refused.
const MaxDimensions = 1536

// Limits of one request. A token is never less than one byte, so this many
// bytes stay below the 300,000 tokens that OpenAI takes.
const (
	maxBatchTexts = 64
	maxBatchBytes = 250_000
)

// Embed returns the vector of each text, in the order of texts, each of
// MaxDimensions numbers. All succeed or none. Errors are *ticket.Error:
// CodeInvalid (an empty text, or a model with more than MaxDimensions),
// CodeTooLarge (a text no request can hold), CodeBadOutput (vectors missing,
// doubled, or without direction), else as for Chat.
func (c *Client) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if c.embeddingModel == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "embedding needs an embedding model")
	}
	for i, text := range texts {
		if strings.TrimSpace(text) == "" {
			return nil, ticket.Errorf(ticket.CodeInvalid, "text %d of %d to embed is empty", i+1, len(texts))
		}
		if len(text) > maxBatchBytes {
			return nil, ticket.Errorf(ticket.CodeTooLarge, "text %d of %d to embed has %d bytes", i+1, len(texts), len(text))
		}
	}
	vectors := make([][]float32, 0, len(texts))
	dimensions := 0
	for len(texts) > 0 {
		n := batch(texts)
		got, err := c.embedBatch(ctx, texts[:n])
		if err != nil {
			return nil, err
		}
		for _, vector := range got {
			if dimensions == 0 {
				dimensions = len(vector)
			}
			if len(vector) != dimensions {
				return nil, badVectors(c.embeddingModel, "vectors of different dimensions")
			}
			vectors = append(vectors, pad(vector))
		}
		texts = texts[n:]
	}
	return vectors, nil
}

// batch returns how many of the first texts go into one request.
func batch(texts []string) int {
	size := 0
	for i, text := range texts {
		size += len(text)
		if i == maxBatchTexts || size > maxBatchBytes {
			return i
		}
	}
	return len(texts)
}

func (c *Client) embedBatch(ctx context.Context, texts []string) ([][]float32, error) {
	res, err := c.embed.CreateEmbeddings(ctx, openai.EmbeddingRequestStrings{
		Input: texts, Model: openai.EmbeddingModel(c.embeddingModel),
	})
	if err != nil {
		return nil, c.failure("embedding with", c.embeddingModel, res.Header(), err)
	}
	if len(res.Data) != len(texts) {
		return nil, badVectors(c.embeddingModel, "another number of vectors than of texts")
	}
	vectors := make([][]float32, len(texts))
	for _, item := range res.Data {
		if item.Index < 0 || item.Index >= len(texts) || vectors[item.Index] != nil {
			return nil, badVectors(c.embeddingModel, "vectors that cannot be matched to their texts")
		}
		if len(item.Embedding) > MaxDimensions {
			return nil, ticket.Errorf(ticket.CodeInvalid, "embedding model %s has %d dimensions, %d is the most that can be stored",
				c.embeddingModel, len(item.Embedding), MaxDimensions)
		}
		if !directed(item.Embedding) {
			return nil, badVectors(c.embeddingModel, "a vector without direction")
		}
		vectors[item.Index] = item.Embedding
	}
	return vectors, nil
}

// directed reports whether a vector points anywhere: the cosine of a zero or
// undefined vector is undefined, and an index would hide the row for ever.
func directed(vector []float32) bool {
	var square float64
	for _, x := range vector {
		square += float64(x) * float64(x)
	}
	return square > 0 && !math.IsInf(square, 0)
}

func pad(vector []float32) []float32 {
	if len(vector) == MaxDimensions {
		return vector
	}
	padded := make([]float32, MaxDimensions)
	copy(padded, vector)
	return padded
}

func badVectors(model, what string) error {
	return ticket.Errorf(ticket.CodeBadOutput, "embedding model %s gave %s", model, what)
}
