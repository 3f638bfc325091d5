package eval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
)

const (
	// shownChunks is how many chunks a recall is about.
	shownChunks = 5
	// rankedChunks is how many chunks the rank of the first right one is looked
	// for in: all that both rankings have.
	rankedChunks = 80
)

// Retrieval says how often a search finds an article that answers.
type Retrieval struct {
	Kind    string   `json:"kind"` // retrieval
	Model   string   `json:"model,omitempty"`
	Figures []Figure `json:"figures"`
	// Missed are the questions for which the search as it is shows no right
	// article among its first five chunks.
	Missed []MissedQuery `json:"missed"`
}

// MissedQuery is one row of Retrieval.Missed.
type MissedQuery struct {
	ID       string   `json:"id"`
	At       string   `json:"at"` // file and line
	Articles []string `json:"articles"`
	Found    []string `json:"found"` // the articles of the first chunks
}

// Searcher is the knowledge base.
type Searcher interface {
	Search(ctx context.Context, query string, maxChunks int) (knowledge.Found, error)
}

// ranking is one way to order what a search found.
type ranking struct {
	name  string
	place func(knowledge.Chunk) int // from 1; 0 means that it is not in it
}

// Retrieve searches for every query. The search as it is used is the hybrid
// one; the rankings by meaning and by words that it is made of are reported
// beside it. model names what made the vectors: when it is empty there were
// none, and only the ranking by words says anything. progress may be nil.
func Retrieve(ctx context.Context, base Searcher, model string, queries []Query, progress func(done, total int)) (Retrieval, error) {
	r := Retrieval{Kind: "retrieval", Model: model}
	rankings := []ranking{{"text", func(c knowledge.Chunk) int { return c.ByText }}}
	if model != "" {
		rankings = []ranking{
			{"hybrid", nil}, {"vector", func(c knowledge.Chunk) int { return c.ByVector }}, rankings[0],
		}
	}
	first, five, reciprocal := make([]int, len(rankings)), make([]int, len(rankings)), make([]float64, len(rankings))
	for i, q := range queries {
		found, err := base.Search(ctx, q.Query, rankedChunks)
		if err != nil {
			return r, fmt.Errorf("searching for %s (%s:%d): %w", q.ID, q.File, q.Line, err)
		}
		for n, by := range rankings {
			slugs := by.order(found.Chunks)
			at := 1 + slices.IndexFunc(slugs, func(slug string) bool { return slices.Contains(q.Articles, slug) })
			if at > 0 {
				reciprocal[n] += 1 / float64(at)
			}
			if at == 1 {
				first[n]++
			}
			if at > 0 && at <= shownChunks {
				five[n]++
			} else if n == 0 {
				shown := slices.Compact(slugs[:min(len(slugs), shownChunks)])
				r.Missed = append(r.Missed, MissedQuery{q.ID, fmt.Sprintf("%s:%d", q.File, q.Line), q.Articles, shown})
			}
		}
		if progress != nil {
			progress(i+1, len(queries))
		}
	}
	for n, by := range rankings {
		r.Figures = append(r.Figures,
			Figure{by.name + " recall@1", rate(first[n], len(queries)), Higher, len(queries)},
			Figure{by.name + " recall@5", rate(five[n], len(queries)), Higher, len(queries)},
			Figure{by.name + " MRR", reciprocal[n] / float64(len(queries)), Higher, len(queries)},
		)
	}
	return r, nil
}

// order returns the articles of the chunks, in the order of the ranking.
func (by ranking) order(chunks []knowledge.Chunk) []string {
	if by.place != nil {
		chunks = slices.DeleteFunc(slices.Clone(chunks), func(c knowledge.Chunk) bool { return by.place(c) == 0 })
		slices.SortStableFunc(chunks, func(a, b knowledge.Chunk) int { return cmp.Compare(by.place(a), by.place(b)) })
	}
	slugs := make([]string, len(chunks))
	for i, c := range chunks {
		slugs[i] = c.Slug
	}
	return slugs
}

// String is the report for people.
func (r Retrieval) String() string {
	if r.Model == "" {
		return "There is no embedding model (OPENAI_BASE_URL, OPENAI_API_KEY): only the search by words is measured.\n\n" + describe(r.Figures)
	}
	return "Embedded with " + r.Model + ".\n\n" + describe(r.Figures)
}

// Misses lists the questions without a right article, for people.
func (r Retrieval) Misses() string {
	var out strings.Builder
	for _, m := range r.Missed {
		fmt.Fprintf(&out, "missed  %s  wants %s, found %s  (%s)\n", m.ID, strings.Join(m.Articles, " or "), strings.Join(m.Found, ", "), m.At)
	}
	return out.String()
}

// Words stands in for an embedding model where there is none: all texts have
// the same vector.
type Words struct{}

// Embed implements knowledge.Embedder.
func (Words) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = make([]float32, llm.MaxDimensions)
		vectors[i][0] = 1
	}
	return vectors, nil
}

// EmbeddingModel implements knowledge.Embedder.
func (Words) EmbeddingModel() string { return "none" }
