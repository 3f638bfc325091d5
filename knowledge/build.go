package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/pgvector/pgvector-go"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// BatchChunks is how many chunks are embedded and stored at a time.
	BatchChunks = 64
	// unusedFor is how long what an ingest left behind may still serve the next
	// one; no ingest takes that long.
	unusedFor = 24 * time.Hour
)

// ErrStale says that a version cannot be gone on with and has to be begun anew:
// articles were let in or taken out meanwhile, or another build of this program
// or another embedding model has begun it.
var ErrStale = ticket.Errorf(ticket.CodeConflict, "the articles have changed meanwhile: run it again")

// Build is a version that is not live yet: its articles are stored, its chunks
// come in batches, in any order and as often as one likes.
type Build struct {
	Version  int64
	Articles int
	Chunks   int
	// Unchanged means that nothing is to do: the live version, which Version
	// names then, has these very articles and vectors of this very model.
	Unchanged bool
}

// begin makes a version that no search sees, with its articles, or finds the
// one that an earlier try has left. basedOn is the version whose articles it
// takes over, 0 for none, nil when they come from files.
func (b *Base) begin(ctx context.Context, articles []article, basedOn *int64) (build Build, report Report, err error) {
	hash, model := contentHash(articles), b.embedder.EmbeddingModel()
	report = reportOf(articles)
	build = Build{Articles: len(articles), Chunks: chunkCount(articles)}
	err = b.db.Tx(ctx, func(q *schema.Queries) error {
		live, err := q.LiveVersion(ctx)
		switch {
		case err == nil && live.ContentHash == hash && live.EmbeddingModel == model:
			build.Version, build.Unchanged = live.ID, true
			return nil
		case err != nil && !schema.NoRows(err):
			return err
		}
		left, err := q.UnfinishedVersion(ctx, schema.UnfinishedVersionParams{
			ContentHash: hash, EmbeddingModel: model, BasedOn: basedOn, CreatedAfter: time.Now().Add(-unusedFor / 2),
		})
		if err == nil {
			build.Version = left.ID
			return nil
		}
		if !schema.NoRows(err) {
			return err
		}
		build.Version, err = q.InsertKnowledgeVersion(ctx, schema.InsertKnowledgeVersionParams{
			EmbeddingModel: model, ContentHash: hash, Chunks: int32(build.Chunks), Passages: int32(passageCount(articles)), BasedOn: basedOn,
		})
		if err != nil {
			return err
		}
		return insertArticles(ctx, q, build.Version, articles, report.Marks)
	})
	return build, report, err
}

func insertArticles(ctx context.Context, q *schema.Queries, version int64, articles []article, marks []Mark) error {
	for _, a := range articles {
		if err := q.InsertArticle(ctx, schema.InsertArticleParams{
			ID: uuid.New(), Version: version, Slug: a.slug, Title: a.title, Category: a.category, Language: a.language,
			Updated: date(a.updated), Body: a.body, Questions: append([]string{}, a.questions...), Chunks: int32(len(a.chunks)), Twin: a.twin, Source: a.source,
			SourceTicket: a.ticket, ApprovedBy: a.approvedBy,
		}); err != nil {
			return err
		}
	}
	for i, m := range marks {
		if err := q.InsertMark(ctx, schema.InsertMarkParams{
			Version: version, Ordinal: int32(i), Kind: string(m.Kind), Slug: m.Slug, Other: m.Other, Detail: m.Detail,
		}); err != nil {
			return err
		}
	}
	return nil
}

// pending is a chunk on its way into the version.
type pending struct {
	row      schema.InsertChunkParams
	text     string
	passages []string
}

// StoreChunks embeds and stores the chunks from, up to and without to, of a
// version, in the order of its articles, and returns how many of them the model
// was asked about. What is stored already stays as it is. Errors: ErrStale,
// those of the embedder, else as schema.Classify.
func (b *Base) StoreChunks(ctx context.Context, version int64, from, to int) (embedded int, err error) {
	chunks, err := b.chunksOf(ctx, version, from, to)
	if err != nil {
		return 0, schema.Classify(err)
	}
	vectors, err := b.known(ctx, chunks)
	if err != nil {
		return 0, schema.Classify(err)
	}
	if embedded, err = b.embedMissing(ctx, chunks, vectors); err != nil {
		return 0, schema.Classify(err)
	}
	err = b.db.Tx(ctx, func(q *schema.Queries) error {
		for _, c := range chunks {
			if err := insertChunk(ctx, q, c, vectors); err != nil {
				return err
			}
		}
		return nil
	})
	return embedded, schema.Classify(err)
}

func insertChunk(ctx context.Context, q *schema.Queries, c pending, vectors map[string]pgvector.Vector) error {
	c.row.Embedding = vectors[c.row.ContentHash]
	if err := q.InsertChunk(ctx, c.row); err != nil {
		return err
	}
	for i, text := range c.passages {
		hash := hashOf(text)
		if err := q.InsertPassage(ctx, schema.InsertPassageParams{
			Version: c.row.Version, ArticleID: c.row.ArticleID, Chunk: c.row.Ordinal, Ordinal: int32(i), ContentHash: hash, Embedding: vectors[hash],
		}); err != nil {
			return err
		}
	}
	return nil
}

// known returns the vectors that the model has already made of the texts of
// chunks, by hash.
func (b *Base) known(ctx context.Context, chunks []pending) (map[string]pgvector.Vector, error) {
	var hashes, passages []string
	for _, c := range chunks {
		hashes = append(hashes, c.row.ContentHash)
		for _, text := range c.passages {
			passages = append(passages, hashOf(text))
		}
	}
	vectors := map[string]pgvector.Vector{}
	model := b.embedder.EmbeddingModel()
	parts, err := b.db.KnownPassages(ctx, schema.KnownPassagesParams{EmbeddingModel: model, ContentHashes: passages})
	if err != nil {
		return nil, err
	}
	for _, r := range parts {
		vectors[r.ContentHash] = r.Embedding
	}
	whole, err := b.db.KnownEmbeddings(ctx, schema.KnownEmbeddingsParams{EmbeddingModel: model, ContentHashes: hashes})
	if err != nil {
		return nil, err
	}
	for _, r := range whole {
		vectors[r.ContentHash] = r.Embedding
	}
	return vectors, nil
}

// chunksOf cuts the articles that some chunks of a version belong to.
func (b *Base) chunksOf(ctx context.Context, version int64, from, to int) (chunks []pending, err error) {
	v, err := b.db.KnowledgeVersion(ctx, version)
	if schema.NoRows(err) {
		return nil, ErrStale // it was left alone for so long that it was deleted
	}
	if err != nil {
		return nil, err
	}
	if v.EmbeddingModel != b.embedder.EmbeddingModel() {
		return nil, ErrStale
	}
	rows, err := b.db.ArticlesOfChunks(ctx, schema.ArticlesOfChunksParams{Version: version, Since: int32(from), Until: int32(to)})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		a, err := storedArticle(r.KnowledgeArticle)
		if err != nil {
			return nil, err
		}
		if len(a.chunks) != int(r.KnowledgeArticle.Chunks) {
			return nil, ErrStale // another build cuts articles in another way
		}
		for i, c := range a.chunks {
			if at := int(r.Before) + i; at >= from && at < to {
				chunks = append(chunks, pending{text: c.text(), passages: c.passages(), row: schema.InsertChunkParams{
					ID: uuid.New(), Version: version, ArticleID: r.KnowledgeArticle.ID, Ordinal: int32(i), Title: c.title, Content: c.content,
					Asked: strings.Join(c.asked, "\n"), ContentHash: c.hash(), Language: a.language,
				}})
			}
		}
	}
	return chunks, nil
}

// embedMissing adds the vectors that are not known, each text once, and returns
// of how many chunks there were some.
func (b *Base) embedMissing(ctx context.Context, chunks []pending, vectors map[string]pgvector.Vector) (embedded int, err error) {
	var texts, hashes []string
	asking := map[string]bool{}
	for _, c := range chunks {
		missing := false
		for _, text := range append([]string{c.text}, c.passages...) {
			hash := hashOf(text)
			if _, known := vectors[hash]; known {
				continue
			}
			missing = true
			if !asking[hash] {
				asking[hash] = true
				texts, hashes = append(texts, text), append(hashes, hash)
			}
		}
		if missing {
			embedded++
		}
	}
	if len(texts) == 0 {
		return 0, nil
	}
	made, err := b.embedder.Embed(ctx, texts)
	if err != nil {
		return 0, err
	}
	for i, vector := range made {
		vectors[hashes[i]] = pgvector.NewVector(vector)
	}
	return embedded, nil
}

// finish puts a version into use whose chunks are all stored and returns the
// live one; switched is false when somebody else has put the same articles into
// use. ErrStale means that it has to be begun anew.
func (b *Base) finish(ctx context.Context, version int64, withoutLearned bool) (live int64, switched bool, err error) {
	// The first search of the new version is to be planned and weighted as the thousandth.
	err = b.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.AllowSlow(ctx); err != nil {
			return err
		}
		return q.AnalyzeKnowledge(ctx)
	})
	if err != nil {
		return 0, false, err
	}
	if live, switched, err = b.activate(ctx, version, withoutLearned); err != nil {
		return 0, false, err
	}
	b.log.InfoContext(ctx, "knowledge base built", "version", live, "switched", switched)
	b.tidy(ctx)
	return live, switched, nil
}

// activate switches to version, unless somebody has been there: the same
// articles need no switch, a version begun later is never replaced by one from
// files, and one that took over the articles of another replaces only that.
func (b *Base) activate(ctx context.Context, version int64, withoutLearned bool) (live int64, switched bool, err error) {
	err = b.db.Tx(ctx, func(q *schema.Queries) error {
		live, switched = 0, false
		if err := q.LockKnowledge(ctx); err != nil {
			return err
		}
		next, err := q.KnowledgeVersion(ctx, version)
		if schema.NoRows(err) {
			return ErrStale
		}
		if err != nil {
			return err
		}
		if withoutLearned {
			if err := q.WithdrawProposals(ctx); err != nil {
				return err
			}
		}
		current, err := q.LiveVersion(ctx)
		if err != nil && !schema.NoRows(err) {
			return err
		}
		if current.ID == version || current.ContentHash == next.ContentHash && current.EmbeddingModel == next.EmbeddingModel {
			live = current.ID
			return nil
		}
		switch {
		case next.BasedOn != nil && *next.BasedOn != current.ID:
			return ErrStale
		case current.ID > version:
			return ticket.Errorf(ticket.CodeConflict, "an ingest of other articles began later and finished first: version %d stays live", current.ID)
		}
		if err := complete(ctx, q, next); err != nil {
			return err
		}
		if err := q.RetireVersions(ctx); err != nil {
			return err
		}
		live, switched = version, true
		return q.ActivateVersion(ctx, version)
	})
	return live, switched, err
}

// complete refuses a version that lacks chunks, or that has other learned
// articles than are approved now.
func complete(ctx context.Context, q *schema.Queries, v schema.KnowledgeVersion) error {
	stored, err := q.CountChunks(ctx, v.ID)
	if err != nil {
		return err
	}
	if stored != int64(v.Chunks) {
		return ErrStale
	}
	articles, err := q.VersionArticles(ctx, v.ID)
	if err != nil {
		return err
	}
	var has, wants []string
	for _, a := range articles {
		if a.Source == fromPerson {
			has = append(has, a.Slug)
		}
	}
	approved, err := q.ApprovedProposals(ctx)
	if err != nil {
		return err
	}
	for _, p := range approved {
		wants = append(wants, p.Slug)
	}
	slices.Sort(has)
	slices.Sort(wants)
	if !slices.Equal(has, wants) {
		return ErrStale
	}
	return nil
}

// tidy deletes versions that nobody needs. The switch is done by then, so a
// failure only leaves them to the next ingest.
func (b *Base) tidy(ctx context.Context) {
	err := b.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.AllowSlow(ctx); err != nil {
			return err
		}
		return q.DeleteUnusedVersions(ctx, time.Now().Add(-unusedFor))
	})
	if err != nil {
		b.log.WarnContext(ctx, "deleting unused knowledge versions", "error", err)
	}
}

// contentHash covers everything of articles that is stored, and with the chunks
// also how they are cut.
func contentHash(articles []article) string {
	h := sha256.New()
	encoder := json.NewEncoder(h)
	for _, a := range articles {
		fields := []any{a.slug, a.title, a.category, a.language, a.updated, a.body, a.twin, a.source, a.ticket, a.approvedBy, a.suspect}
		for _, c := range a.chunks {
			fields = append(fields, c.hash(), c.passages())
		}
		_ = encoder.Encode(fields) // a hash takes everything, and strings and dates always encode
	}
	return hex.EncodeToString(h.Sum(nil))
}

func date(day *time.Time) pgtype.Date {
	if day == nil {
		return pgtype.Date{}
	}
	return pgtype.Date{Time: *day, Valid: true}
}
