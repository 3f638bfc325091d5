package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/ticket"
)

// Library keeps the knowledge base.
type Library interface {
	BeginRebuild(ctx context.Context) (knowledge.Build, error)
	StoreChunks(ctx context.Context, version int64, from, to int) (embedded int, err error)
	FinishRebuild(ctx context.Context, version int64) (moved bool, err error)
	Learn(ctx context.Context, alive func()) (knowledge.Learned, error)
}

// BeginKnowledge begins a version of the articles that hold now. Called again
// it returns the same version, until that is live.
func (a *Activities) BeginKnowledge(ctx context.Context, _ ticket.BeginKnowledgeInput) (ticket.BeginKnowledgeResult, error) {
	defer beat(ctx)()
	build, err := a.Library.BeginRebuild(ctx)
	return ticket.BeginKnowledgeResult{
		Version: build.Version, Articles: build.Articles, Chunks: build.Chunks, Unchanged: build.Unchanged,
	}, a.done(ctx, err)
}

// EmbedKnowledge embeds and stores some chunks of a version, a few at a time.
// What is stored stays, so that a second call asks the model for the rest only.
func (a *Activities) EmbedKnowledge(ctx context.Context, in ticket.EmbedKnowledgeInput) (res ticket.EmbedKnowledgeResult, err error) {
	defer beat(ctx)()
	for from := in.From; from < in.To; from += knowledge.BatchChunks {
		n, err := a.Library.StoreChunks(ctx, in.Version, from, min(from+knowledge.BatchChunks, in.To))
		if errors.Is(err, knowledge.ErrStale) {
			return ticket.EmbedKnowledgeResult{Moved: true}, nil
		}
		if err != nil {
			return res, a.done(ctx, err)
		}
		res.Embedded += n
	}
	return res, nil
}

// FinishKnowledge puts a version into use whose chunks are all stored. Called
// again it changes nothing.
func (a *Activities) FinishKnowledge(ctx context.Context, in ticket.FinishKnowledgeInput) (ticket.FinishKnowledgeResult, error) {
	defer beat(ctx)()
	moved, err := a.Library.FinishRebuild(ctx, in.Version)
	return ticket.FinishKnowledgeResult{Moved: moved}, a.done(ctx, err)
}

// ProposeArticles proposes articles from tickets that people have resolved,
// once a ticket. Called again it goes on with those that are left.
func (a *Activities) ProposeArticles(ctx context.Context, _ ticket.ProposeArticlesInput) (ticket.ProposeArticlesResult, error) {
	defer beat(ctx)()
	done, err := a.Library.Learn(ctx, func() { activity.RecordHeartbeat(ctx) })
	return ticket.ProposeArticlesResult(done), a.done(ctx, err)
}
