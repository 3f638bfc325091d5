package knowledge

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
)

// Stale marks an article that nobody has looked at for long.
const Stale MarkKind = "stale"

// Listed is an article of the live version.
type Listed struct {
	Slug     string `json:"slug"`
	Title    string `json:"title"`
	Category string `json:"category"`
	Language string `json:"language"`
	Updated  string `json:"updated,omitempty"` // 2006-01-02, when its author says so
	Chunks   int    `json:"chunks"`
	// Source is "file" or "learned"; a learned one has the ticket whose answer
	// it was and the person who let it in.
	Source       string     `json:"source"`
	SourceTicket *uuid.UUID `json:"source_ticket,omitempty"`
	ApprovedBy   string     `json:"approved_by,omitempty"`
	Marks        []MarkKind `json:"marks"`
}

// List returns the articles of the live version with what is doubtful about
// them. One is stale when its author last touched it more than staleAfter
// before now. Errors as schema.Classify.
func (b *Base) List(ctx context.Context, staleAfter time.Duration, now time.Time) ([]Listed, error) {
	rows, err := b.db.ListArticles(ctx)
	if err != nil {
		return nil, schema.Classify(err)
	}
	marks, err := b.Marks(ctx)
	if err != nil {
		return nil, err
	}
	marked := map[string][]MarkKind{}
	mark := func(slug string, kind MarkKind) {
		if !slices.Contains(marked[slug], kind) {
			marked[slug] = append(marked[slug], kind)
		}
	}
	for _, m := range marks {
		mark(m.Slug, m.Kind)
		if m.Other != "" {
			mark(m.Other, m.Kind)
		}
	}
	listed := make([]Listed, len(rows))
	for i, r := range rows {
		listed[i] = Listed{
			Slug: r.Slug, Title: r.Title, Category: r.Category, Language: r.Language, Chunks: int(r.Chunks),
			Source: r.Source, SourceTicket: r.SourceTicket, ApprovedBy: r.ApprovedBy,
		}
		if r.Updated.Valid {
			listed[i].Updated = r.Updated.Time.Format(time.DateOnly)
			if staleAfter > 0 && now.Sub(r.Updated.Time) > staleAfter {
				mark(r.Slug, Stale)
			}
		}
		listed[i].Marks = append([]MarkKind{}, marked[r.Slug]...)
	}
	return listed, nil
}
