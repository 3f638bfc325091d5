package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/pgvector/pgvector-go"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// batchChunks is how many chunks are embedded and stored at a time.
	batchChunks = 64
	// unusedFor is how long what an ingest left behind may still serve the next
	// one; no ingest takes that long.
	unusedFor = 24 * time.Hour
)

// Report says what an ingest did.
type Report struct {
	Version   int64 `json:"version"` // the live one
	Articles  int   `json:"articles"`
	Chunks    int   `json:"chunks"`
	Embedded  int   `json:"embedded"`  // chunks that the model was asked about
	Reused    int   `json:"reused"`    // chunks whose vector was known
	Unchanged bool  `json:"unchanged"` // the live version has these very articles
}

// String says it in one line for people.
func (r Report) String() string {
	if r.Unchanged {
		return fmt.Sprintf("unchanged: version %d has these %s in %s", r.Version, count(r.Articles, "article"), count(r.Chunks, "chunk"))
	}
	return fmt.Sprintf("version %d is live: %s in %s, %d embedded, %d reused",
		r.Version, count(r.Articles, "article"), count(r.Chunks, "chunk"), r.Embedded, r.Reused)
}

// Ingest makes the markdown files below paths the whole knowledge base. Slugs
// are relative to the folder given. It calls progress, unless nil, as chunks
// are stored. Articles that are live already cost nothing; otherwise searches
// see the old version until all is stored, then the new one. Of several at
// once the one that began last prevails.
//
// Errors: CodeInvalid lists every file that cannot be used; CodeConflict means
// that an ingest begun later has finished first; those of the embedder, and
// else as schema.Classify. After an error the old version is live, and what
// was embedded is reused by the next ingest.
func (b *Base) Ingest(ctx context.Context, paths []string, progress func(done, total int)) (Report, error) {
	articles, err := readArticles(paths)
	if err != nil {
		return Report{}, err
	}
	in := ingest{Base: b, articles: articles, model: b.embedder.EmbeddingModel(), hash: contentHash(articles), progress: progress}
	in.report.Articles = len(articles)
	for _, a := range articles {
		in.report.Chunks += len(a.chunks)
	}
	report, err := in.run(ctx)
	return report, schema.Classify(err)
}

// Check reads the files below paths as Ingest does and stores nothing.
func Check(paths []string) (Report, error) {
	articles, err := readArticles(paths)
	report := Report{Articles: len(articles)}
	for _, a := range articles {
		report.Chunks += len(a.chunks)
	}
	return report, err
}

// ingest is one run of Ingest.
type ingest struct {
	*Base
	articles []article
	model    string
	hash     string
	progress func(done, total int)
	report   Report
}

// pending is a chunk on its way into the version.
type pending struct {
	row  schema.InsertChunkParams
	text string
}

func (in *ingest) run(ctx context.Context) (Report, error) {
	same, err := in.unchanged(ctx, in.db.Queries)
	if err != nil || same {
		return in.report, err
	}
	version, chunks, err := in.begin(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("storing articles: %w", err)
	}
	for start := 0; start < len(chunks); start += batchChunks {
		end := min(start+batchChunks, len(chunks))
		if err := in.store(ctx, chunks[start:end]); err != nil {
			return Report{}, fmt.Errorf("storing chunks %d to %d of %d (run it again: what has been embedded is kept): %w", start+1, end, len(chunks), err)
		}
		if in.progress != nil {
			in.progress(end, len(chunks))
		}
	}
	if err := in.analyze(ctx); err != nil {
		return Report{}, fmt.Errorf("renewing statistics: %w", err)
	}
	if err := in.activate(ctx, version); err != nil {
		return Report{}, fmt.Errorf("switching to version %d: %w", version, err)
	}
	in.tidy(ctx)
	in.log.InfoContext(ctx, "knowledge base switched", "version", in.report.Version, "articles", in.report.Articles,
		"chunks", in.report.Chunks, "embedded", in.report.Embedded, "unchanged", in.report.Unchanged)
	return in.report, nil
}

// unchanged reports whether the live version has the same contents and model.
func (in *ingest) unchanged(ctx context.Context, q *schema.Queries) (bool, error) {
	live, err := q.LiveVersion(ctx)
	if schema.NoRows(err) {
		return false, nil
	}
	if err != nil || live.ContentHash != in.hash || live.EmbeddingModel != in.model {
		return false, err
	}
	in.report.Version, in.report.Unchanged = live.ID, true
	return true, nil
}

// begin makes a version that no search sees, with its articles.
func (in *ingest) begin(ctx context.Context) (version int64, chunks []pending, err error) {
	err = in.db.Tx(ctx, func(q *schema.Queries) error {
		chunks = nil
		version, err = q.InsertKnowledgeVersion(ctx, schema.InsertKnowledgeVersionParams{EmbeddingModel: in.model, ContentHash: in.hash, Chunks: int32(chunkCount(in.articles))})
		if err != nil {
			return err
		}
		for _, a := range in.articles {
			id := uuid.New()
			if err := q.InsertArticle(ctx, schema.InsertArticleParams{
				ID: id, Version: version, Slug: a.slug, Title: a.title, Category: a.category, Language: a.language,
				Updated: date(a.updated), Body: a.body, Chunks: int32(len(a.chunks)), Twin: a.slug, Source: "file",
			}); err != nil {
				return err
			}
			for i, c := range a.chunks {
				chunks = append(chunks, pending{text: c.text(), row: schema.InsertChunkParams{
					ID: uuid.New(), Version: version, ArticleID: id, Ordinal: int32(i), Title: c.title, Content: c.content,
					ContentHash: c.hash(), Language: a.language,
				}})
			}
		}
		return nil
	})
	return version, chunks, err
}

// store gives chunks their vectors, known ones first, and stores them.
func (in *ingest) store(ctx context.Context, chunks []pending) error {
	hashes := make([]string, len(chunks))
	for i, c := range chunks {
		hashes[i] = c.row.ContentHash
	}
	rows, err := in.db.KnownEmbeddings(ctx, schema.KnownEmbeddingsParams{EmbeddingModel: in.model, ContentHashes: hashes})
	if err != nil {
		return err
	}
	vectors := make(map[string]pgvector.Vector, len(chunks))
	for _, r := range rows {
		vectors[r.ContentHash] = r.Embedding
	}
	if err := in.embed(ctx, chunks, vectors); err != nil {
		return err
	}
	return in.db.Tx(ctx, func(q *schema.Queries) error {
		for _, c := range chunks {
			c.row.Embedding = vectors[c.row.ContentHash]
			if err := q.InsertChunk(ctx, c.row); err != nil {
				return err
			}
		}
		return nil
	})
}

// embed adds the vectors that are missing.
func (in *ingest) embed(ctx context.Context, chunks []pending, vectors map[string]pgvector.Vector) error {
	var texts, hashes []string
	for _, c := range chunks {
		if _, known := vectors[c.row.ContentHash]; known {
			in.report.Reused++
			continue
		}
		in.report.Embedded++
		texts, hashes = append(texts, c.text), append(hashes, c.row.ContentHash)
	}
	if len(texts) == 0 {
		return nil
	}
	made, err := in.embedder.Embed(ctx, texts)
	if err != nil {
		return err
	}
	for i, vector := range made {
		vectors[hashes[i]] = pgvector.NewVector(vector)
	}
	return nil
}

// analyze lets the first search of the new version be planned and weighted as
// the thousandth.
func (in *ingest) analyze(ctx context.Context) error {
	return in.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.AllowSlow(ctx); err != nil {
			return err
		}
		return q.AnalyzeKnowledge(ctx)
	})
}

// activate switches to version, unless another ingest has been there: the same
// articles need no switch, and a version begun later is never replaced.
func (in *ingest) activate(ctx context.Context, version int64) error {
	return in.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.LockKnowledge(ctx); err != nil {
			return err
		}
		if same, err := in.unchanged(ctx, q); err != nil || same {
			return err
		}
		switch live, err := q.LiveVersion(ctx); {
		case err == nil && live.ID > version:
			return ticket.Errorf(ticket.CodeConflict, "an ingest of other articles began later and finished first: version %d stays live", live.ID)
		case err != nil && !schema.NoRows(err):
			return err
		}
		if err := q.RetireVersions(ctx); err != nil {
			return err
		}
		if err := q.ActivateVersion(ctx, version); err != nil {
			return err
		}
		in.report.Version = version
		return nil
	})
}

// tidy deletes versions that nobody needs. The switch is done by then, so a
// failure only leaves them to the next ingest.
func (in *ingest) tidy(ctx context.Context) {
	err := in.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.AllowSlow(ctx); err != nil {
			return err
		}
		return q.DeleteUnusedVersions(ctx, time.Now().Add(-unusedFor))
	})
	if err != nil {
		in.log.WarnContext(ctx, "deleting unused knowledge versions", "error", err)
	}
}

// contentHash covers everything of articles that is stored, and with the chunks
// also how they are cut.
func contentHash(articles []article) string {
	h := sha256.New()
	encoder := json.NewEncoder(h)
	for _, a := range articles {
		fields := []any{a.slug, a.title, a.category, a.language, a.updated, a.body}
		for _, c := range a.chunks {
			fields = append(fields, c.hash())
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

func chunkCount(articles []article) (n int) {
	for _, a := range articles {
		n += len(a.chunks)
	}
	return n
}
