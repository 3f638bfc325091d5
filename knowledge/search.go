package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/pgvector/pgvector-go"

	"github.com/digital-fte/fte/language"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// maxQueryBytes is what any embedding model takes as one text.
	maxQueryBytes = 8000
	// maxMatches is about how many chunks are ranked by words: each costs some
	// microseconds, and common words tell the least.
	maxMatches = 1000
	// exactBelow is how many vectors a version has to have for them to be searched
	// through the indexes: to compare fewer one by one misses none and is quick
	// enough.
	exactBelow = 2_000
	// maxOfArticle keeps one long article from crowding out all others.
	maxOfArticle = 3
	// excerptWords is how much of a chunk people see in a list.
	excerptWords = 30
)

// Found is what a search returns. Version is 0 when nothing has been ingested.
type Found struct {
	Version int64   `json:"version"`
	Chunks  []Chunk `json:"chunks"`
	// Best is the highest similarity of any chunk to the question, Margin how
	// far that is ahead of the best chunk of another article (all of Best when
	// there is no other). Both say how sure the search is, within one model.
	Best   float64 `json:"best"`
	Margin float64 `json:"margin"`
}

// Chunk is a piece of an article that may answer the question.
type Chunk struct {
	ID       uuid.UUID `json:"id"`
	Slug     string    `json:"slug"`
	Title    string    `json:"title"` // the headings that lead to it, joined by " > "
	Content  string    `json:"content"`
	Language string    `json:"language"`
	// Score orders the chunks of one search; it says nothing across searches.
	Score float64 `json:"score"`
	// Similarity is the cosine of question and chunk.
	Similarity float64 `json:"similarity"`
	// ByVector and ByText are its places in the two rankings, from 1; 0 means
	// that it is not in that one.
	ByVector int `json:"by_vector,omitzero"`
	ByText   int `json:"by_text,omitzero"`

	twin string
}

// String lists the chunks for people, with the beginning of each.
func (f Found) String() string {
	switch {
	case f.Version == 0:
		return "the knowledge base is empty: run `fte kb ingest PATH` first\n"
	case len(f.Chunks) == 0:
		return fmt.Sprintf("nothing found in version %d\n", f.Version)
	}
	var out strings.Builder
	for i, c := range f.Chunks {
		words := strings.Fields(c.Content)
		excerpt := strings.Join(words[:min(len(words), excerptWords)], " ")
		if len(words) > excerptWords {
			excerpt += " …"
		}
		fmt.Fprintf(&out, "%d. %s (%s, %s)  similarity %.2f\n   %s\n", i+1, c.Title, c.Slug, c.Language, c.Similarity, excerpt)
	}
	return out.String()
}

// Search returns at most maxChunks chunks that may answer query, the best
// first, and at most three of one article. Before the first ingest it returns
// Found{} and calls no model. Errors: CodeConflict when the articles were
// embedded with another model, those of the embedder, else as schema.Classify.
func (b *Base) Search(ctx context.Context, query string, maxChunks int) (Found, error) {
	live, err := b.db.LiveVersion(ctx)
	if schema.NoRows(err) {
		return Found{}, nil
	}
	if err != nil {
		return Found{}, schema.Classify(err)
	}
	if model := b.embedder.EmbeddingModel(); live.EmbeddingModel != model {
		return Found{}, ticket.Errorf(ticket.CodeConflict, "the knowledge base was embedded with %s, this program uses %s: run `fte kb reembed`",
			live.EmbeddingModel, model)
	}
	found := Found{Version: live.ID}
	query = clean(query)
	if query == "" || maxChunks < 1 {
		return found, nil
	}
	vector, err := b.embedQuestion(ctx, query)
	if err != nil {
		return Found{}, err
	}
	// A version that has been live keeps its chunks, so what is found belongs
	// together even if another version goes live in between.
	var rows []schema.HybridSearchRow
	err = b.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.TuneSearch(ctx, live.Chunks+live.Passages < exactBelow); err != nil {
			return err
		}
		rows, err = q.HybridSearch(ctx, schema.HybridSearchParams{
			Version: live.ID, Embedding: pgvector.NewVector(vector), Query: query,
			MaxMatches: maxMatches, MaxOfArticle: maxOfArticle, MaxChunks: 2 * int32(min(maxChunks, 500)),
		})
		return err
	})
	if err != nil {
		return Found{}, schema.Classify(err)
	}
	for _, r := range rows {
		found.Chunks = append(found.Chunks, Chunk{
			ID: r.ID, Slug: r.Slug, Title: r.Title, Content: r.Content, Language: r.Language, Score: r.Score, Similarity: r.Similarity,
			ByVector: int(r.ByVector), ByText: int(r.ByText), twin: r.Twin,
		})
	}
	found.Chunks = inLanguage(found.Chunks, query)
	found.Best, found.Margin = strength(found.Chunks)
	found.Chunks = found.Chunks[:min(len(found.Chunks), maxChunks)]
	return found, nil
}

// inLanguage leaves out the chunks of articles that were also found in the
// language of the question.
func inLanguage(chunks []Chunk, query string) []Chunk {
	guess := language.Detect(query)
	if !guess.Sure {
		return chunks
	}
	at := map[string]bool{}
	for _, c := range chunks {
		at[c.twin] = at[c.twin] || c.Language == guess.Code
	}
	return slices.DeleteFunc(chunks, func(c Chunk) bool { return at[c.twin] && c.Language != guess.Code })
}

// strength returns the similarity of the best chunk and how far it is ahead of
// the best one that says something else.
func strength(chunks []Chunk) (best, margin float64) {
	if len(chunks) == 0 {
		return 0, 0
	}
	top := slices.MaxFunc(chunks, func(a, b Chunk) int { return cmp.Compare(a.Similarity, b.Similarity) })
	next := 0.0
	for _, c := range chunks {
		if c.twin != top.twin {
			next = max(next, c.Similarity)
		}
	}
	return top.Similarity, top.Similarity - next
}

// Languages returns the languages of the live version, as primary subtags;
// none before the first ingest. Errors as schema.Classify.
func (b *Base) Languages(ctx context.Context) ([]string, error) {
	live, err := b.db.LiveVersion(ctx)
	if schema.NoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, schema.Classify(err)
	}
	if known := b.languages.Load(); known != nil && known.version == live.ID {
		return slices.Clone(known.codes), nil
	}
	codes, err := b.db.VersionLanguages(ctx, live.ID)
	if err != nil {
		return nil, schema.Classify(err)
	}
	b.languages.Store(&spoken{live.ID, codes})
	return slices.Clone(codes), nil
}

// spoken are the languages of a version, which never change.
type spoken struct {
	version int64
	codes   []string
}

func (b *Base) embedQuestion(ctx context.Context, query string) ([]float32, error) {
	key := keyOf(b.embedder.EmbeddingModel(), query)
	if vector, ok := b.cache.get(key); ok {
		return vector, nil
	}
	vectors, err := b.embedder.Embed(ctx, []string{query})
	if err != nil {
		return nil, err
	}
	b.cache.put(key, vectors[0])
	return vectors[0], nil
}

// clean makes a text that Postgres and any embedding model accept.
func clean(query string) string {
	query = strings.ReplaceAll(query, "\x00", " ")
	query = strings.ToValidUTF8(query, " ")
	if len(query) > maxQueryBytes {
		query = strings.ToValidUTF8(query[:maxQueryBytes], "")
	}
	return strings.TrimSpace(query)
}
