package eval

import (
	"context"
	"log/slog"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
)

// Sandbox is a database of its own with a knowledge base.
type Sandbox struct {
	DB   *schema.DB
	Base *knowledge.Base

	database *schema.Sandbox
}

// NewSandbox makes one on the server behind url and fills it with the articles
// below dirs. progress may be nil. Errors as schema.NewSandbox and
// knowledge.Base.Ingest.
func NewSandbox(ctx context.Context, url string, embedder knowledge.Embedder, dirs []string, log *slog.Logger, progress func(done, total int)) (*Sandbox, error) {
	// What cannot be read is worth knowing of before anything else.
	if _, err := knowledge.Check(dirs); err != nil {
		return nil, err
	}
	database, err := schema.NewSandbox(ctx, url)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{database: database}
	if s.DB, err = schema.Open(ctx, schema.Options{URL: database.URL, Name: "eval"}); err == nil {
		s.Base = knowledge.New(s.DB, embedder, log)
		_, err = s.Base.Ingest(ctx, dirs, knowledge.IngestOptions{Progress: progress})
	}
	if err != nil {
		_ = s.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

// Close drops the database.
func (s *Sandbox) Close(ctx context.Context) error {
	if s.DB != nil {
		s.DB.Close()
	}
	return s.database.Drop(ctx)
}
