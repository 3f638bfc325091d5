package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// stored returns what a version is made of that takes over the articles of the
// live one: those from files as they are stored, and the learned ones that are
// approved now. basedOn is the live version, 0 when there is none.
func (b *Base) stored(ctx context.Context) (articles []article, basedOn int64, err error) {
	live, err := b.db.LiveVersion(ctx)
	if err != nil && !schema.NoRows(err) {
		return nil, 0, err
	}
	if err == nil {
		if articles, err = b.files(ctx, live.ID); err != nil {
			return nil, 0, err
		}
	}
	learned, err := b.learned(ctx)
	if err != nil {
		return nil, 0, err
	}
	articles = append(articles, learned...)
	if len(articles) == 0 && live.ID == 0 {
		return nil, 0, ticket.Errorf(ticket.CodeNotFound, "the knowledge base is empty: fill it with `fte kb ingest PATH`")
	}
	slices.SortFunc(articles, bySlug)
	return articles, live.ID, nil
}

// files returns the articles of a version that came from files.
func (b *Base) files(ctx context.Context, version int64) (articles []article, err error) {
	rows, err := b.db.VersionArticles(ctx, version)
	if err != nil {
		return nil, err
	}
	marks, err := b.db.LiveMarks(ctx)
	if err != nil {
		return nil, err
	}
	suspects := map[string]string{}
	for _, m := range marks {
		if m.Version == version && m.Kind == string(Suspicious) {
			suspects[m.Slug] = m.Detail
		}
	}
	for _, r := range rows {
		if r.Source != fromFile {
			continue
		}
		a, err := storedArticle(r)
		if err != nil {
			return nil, err
		}
		a.suspect = suspects[a.slug]
		articles = append(articles, a)
	}
	return articles, nil
}

// storedArticle reads an article from its row.
func storedArticle(r schema.KnowledgeArticle) (article, error) {
	a := article{
		slug: r.Slug, title: r.Title, category: r.Category, language: r.Language, body: r.Body, questions: r.Questions, twin: r.Twin,
		source: r.Source, ticket: r.SourceTicket, approvedBy: r.ApprovedBy,
	}
	if r.Updated.Valid {
		day := r.Updated.Time
		a.updated = &day
	}
	if err := a.cut(""); err != nil {
		return article{}, ticket.Errorf(ticket.CodeInvalid, "the stored article %s cannot be cut (%v): ingest its file again", r.Slug, err)
	}
	return a, nil
}

// learned returns the articles that were learned from people's answers and
// approved.
func (b *Base) learned(ctx context.Context) (articles []article, err error) {
	rows, err := b.db.ApprovedProposals(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		a := article{
			slug: r.Slug, title: r.Title, language: r.Language, body: r.Body, twin: r.Slug,
			source: fromPerson, ticket: &r.TicketID, approvedBy: r.DecidedBy,
		}
		if r.DecidedAt != nil {
			day := r.DecidedAt.UTC().Truncate(24 * time.Hour)
			a.updated = &day
		}
		if err := a.cut(""); err != nil {
			return nil, ticket.Errorf(ticket.CodeInvalid, "the learned article %s cannot be cut (%v): withdraw it: `fte kb withdraw`", r.Slug, err)
		}
		articles = append(articles, a)
	}
	return articles, nil
}

// Plan returns what tells a rebuild from others: a hash of the articles that
// Rebuild would put into use and of the embedding model. Errors: CodeNotFound
// when there are none, else as schema.Classify.
func (b *Base) Plan(ctx context.Context) (string, error) {
	articles, _, err := b.stored(ctx)
	if err != nil {
		return "", schema.Classify(err)
	}
	return hashOf(contentHash(articles), b.embedder.EmbeddingModel()), nil
}

// BeginRebuild begins a version of the stored articles and the learned ones
// that are approved, with vectors of the embedding model of this program. Asked
// again it returns the same version, until that is live. Errors: CodeNotFound
// when there are no articles, else as schema.Classify.
func (b *Base) BeginRebuild(ctx context.Context) (Build, error) {
	build, _, err := b.beginRebuild(ctx)
	return build, schema.Classify(err)
}

func (b *Base) beginRebuild(ctx context.Context) (Build, Report, error) {
	articles, basedOn, err := b.stored(ctx)
	if err != nil {
		return Build{}, Report{}, err
	}
	return b.begin(ctx, articles, &basedOn)
}

// FinishRebuild puts a version into use whose chunks are all stored. moved
// means that the articles have changed since it was begun, and that it has to
// be begun anew. Errors as schema.Classify.
func (b *Base) FinishRebuild(ctx context.Context, version int64) (moved bool, err error) {
	_, _, err = b.finish(ctx, version, false)
	if errors.Is(err, ErrStale) {
		return true, nil
	}
	if err != nil {
		return false, schema.Classify(fmt.Errorf("switching to version %d: %w", version, err))
	}
	return false, nil
}

// Rebuild does in one go what BeginRebuild, StoreChunks and FinishRebuild do in
// steps. It calls progress, unless nil, as chunks are stored. Errors as theirs.
func (b *Base) Rebuild(ctx context.Context, progress func(done, total int)) (Report, error) {
	report, err := b.insist(ctx, progress, false, func() (Build, Report, error) { return b.beginRebuild(ctx) })
	return report, schema.Classify(err)
}
