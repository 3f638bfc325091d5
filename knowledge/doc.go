// Package knowledge is the company's knowledge base: articles go in as files or
// are learned from what people answered, and are cut into chunks; chunks that
// may answer a question come out of a search by meaning and by words. It also
// says what the base lacks: questions without an answer, articles that
// contradict each other.
//
// Every change of the articles builds a version of its own and puts it into use in one step, so
// that a search sees the old articles or the new ones and never both. It must
// never change a version that has been in use, because turns refer to its
// chunks, never let in what a person has not written or approved, or what people
// do not see of a file, and never call the embedding model inside a transaction.
package knowledge

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/digital-fte/fte/schema"
)

// Embedder turns texts into vectors of llm.MaxDimensions numbers, in the order
// of texts, all or none. Vectors of models with different names are never
// compared.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	EmbeddingModel() string
}

// Base is the knowledge base in a database. It is safe for concurrent use.
type Base struct {
	db       *schema.DB
	embedder Embedder
	log      *slog.Logger
	cache    *vectorCache

	languages atomic.Pointer[spoken] // of the version asked for last
}

// New returns the knowledge base in db, searched with the vectors of e.
func New(db *schema.DB, e Embedder, log *slog.Logger) *Base {
	return &Base{db: db, embedder: e, log: log, cache: newVectorCache(cachedQuestions)}
}
