package knowledge_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// embedder makes vectors in process and remembers what it was asked.
type embedder struct {
	model string
	// before runs ahead of each call, which fails with its error.
	before func() error

	mu    sync.Mutex
	texts []string
}

func (e *embedder) EmbeddingModel() string { return e.model }

func (e *embedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if e.before != nil {
		if err := e.before(); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	e.texts = append(e.texts, texts...)
	e.mu.Unlock()
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = openai.Embed(text, llm.MaxDimensions)
	}
	return vectors, nil
}

// asked returns the texts embedded since the last call.
func (e *embedder) asked() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	texts := e.texts
	e.texts = nil
	return texts
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// write makes a folder of articles.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		put(t, root, name, content)
	}
	return root
}

func put(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestIngestTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	db := schematest.New(t)
	base := knowledge.New(db, e, discard())
	var last, total int
	first, err := base.Ingest(t.Context(), []string{companyArticles}, knowledge.IngestOptions{Progress: func(d, n int) { last, total = d, n }})
	require.NoError(t, err)
	require.Equal(t, 61, first.Articles)
	require.Equal(t, first.Chunks, first.Embedded)
	require.Equal(t, []int{first.Chunks, first.Chunks}, []int{last, total})
	require.False(t, first.Unchanged)
	texts := e.asked()
	require.Greater(t, len(texts), 10*first.Chunks, "the sections, sentences and questions of a chunk have vectors too")
	slices.Sort(texts)
	require.Len(t, slices.Compact(slices.Clone(texts)), len(texts), "no text is embedded twice")

	checked, err := knowledge.Check([]string{companyArticles})
	require.NoError(t, err)
	require.Equal(t, knowledge.Report{Articles: first.Articles, Chunks: first.Chunks}, checked)

	second, err := base.Ingest(t.Context(), []string{companyArticles}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.Equal(t, knowledge.Report{Version: first.Version, Articles: 61, Chunks: first.Chunks, Unchanged: true}, second)
	require.Empty(t, e.asked())

	listed, err := db.ListArticles(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 61)
	require.Equal(t, "account/change-email-address", listed[0].Slug)
}

func TestOnlyChangedChunksAreEmbeddedAgain(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	base := knowledge.New(schematest.New(t), e, discard())
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(companyArticles)))
	first, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)
	e.asked()

	put(t, root, "orders/shipping.md", "# Shipping\n\nParcels travel by sledge.")
	second, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.Greater(t, second.Version, first.Version)
	require.Equal(t, []string{"Shipping\n\nParcels travel by sledge."}, e.asked())
	require.Equal(t, 1, second.Embedded)
	require.Equal(t, second.Chunks-1, second.Reused)

	found, err := base.Search(t.Context(), "sledge", 1)
	require.NoError(t, err)
	require.Equal(t, second.Version, found.Version)
	require.Equal(t, "orders/shipping", found.Chunks[0].Slug)
}

func TestFaultyFilesAreAllNamedAndNothingIsSwitched(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	base := knowledge.New(schematest.New(t), e, discard())
	good := write(t, map[string]string{"a.md": "# A\n\nAlpha."})
	before, err := base.Ingest(t.Context(), []string{good}, knowledge.IngestOptions{})
	require.NoError(t, err)
	e.asked()

	root := write(t, map[string]string{
		"fine.md": "# Fine\n\nText.", "empty.md": "", "bytes.md": "# \xff\n\ntext", "front.md": "---\ntitle: a: b\n---\ntext",
		"untitled.md": "text", "large.md": "# L\n\n" + strings.Repeat("text ", 250_000), "image.png": "\x89PNG", ".git/x.md": "",
		"twice.md": "# T\n\ntext", "twice.markdown": "# T\n\ntext",
	})
	_, err = base.Ingest(t.Context(), []string{root, filepath.Join(root, "gone"), filepath.Join(root, "image.png")}, knowledge.IngestOptions{})
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	for _, name := range []string{"empty.md: empty", "bytes.md: not UTF-8", "front.md: front matter", "untitled.md: no title", "large.md: has", `twice.md: has the name "twice"`, "gone: does not exist", "image.png: not in a format"} {
		require.ErrorContains(t, err, name)
	}
	require.ErrorContains(t, err, "8 files")
	for _, name := range []string{"fine.md", ".git"} {
		require.NotContains(t, err.Error(), name)
	}

	_, err = base.Ingest(t.Context(), []string{t.TempDir()}, knowledge.IngestOptions{})
	require.ErrorContains(t, err, "there are no articles")
	require.Empty(t, e.asked())
	found, err := base.Search(t.Context(), "alpha", 1)
	require.NoError(t, err)
	require.Equal(t, before.Version, found.Version)
}

func TestFilesAndFoldersGiveSlugs(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	one := write(t, map[string]string{"deep/er/a.md": "# A\n\nx", "b.MD": "# B\n\nx"})
	other := write(t, map[string]string{"data/c.md": "# C\n\nx", "data/ignored.md": "# I\n\nx"})
	// A mounted config map holds links into a folder with a dotted name.
	require.NoError(t, os.Mkdir(filepath.Join(one, "..data"), 0o700))
	put(t, one, "..data/linked.md", "# Linked\n\nx")
	require.NoError(t, os.Symlink(filepath.Join("..data", "linked.md"), filepath.Join(one, "linked.md")))
	_, err := base.Ingest(t.Context(), []string{one, filepath.Join(other, "data", "c.md")}, knowledge.IngestOptions{})
	require.NoError(t, err)
	listed, err := db.ListArticles(t.Context())
	require.NoError(t, err)
	var slugs []string
	for _, a := range listed {
		slugs = append(slugs, a.Slug)
	}
	require.ElementsMatch(t, []string{"b", "c", "deep/er/a", "linked"}, slugs)
}

func TestAnInterruptedIngestKeepsWhatItEmbedded(t *testing.T) {
	t.Parallel()
	down := ticket.Errorf(ticket.CodeUnavailable, "the model is down")
	calls := 0
	e := &embedder{model: "m"}
	e.before = func() error {
		if calls++; calls == 2 {
			return down
		}
		return nil
	}
	base := knowledge.New(schematest.New(t), e, discard())
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprintf("%03d.md", i)] = fmt.Sprintf("# Article %d\n\nNumber %d.", i, i)
	}
	root := write(t, files)
	_, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
	require.ErrorIs(t, err, down)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	found, err := base.Search(t.Context(), "number", 1)
	require.NoError(t, err)
	require.Zero(t, found, "a version that is not complete is never seen")

	report, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.Equal(t, 64, report.Reused)
	require.Equal(t, 36, report.Embedded)
}

func TestConcurrentIngestsOfTheSameArticles(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url})
	require.NoError(t, err)
	defer db.Close()
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	root := write(t, map[string]string{"a.md": "# A\n\nAlpha.", "b.md": "# B\n\nBeta."})
	var group errgroup.Group
	reports := make([]knowledge.Report, 8)
	for i := range reports {
		group.Go(func() error {
			report, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
			reports[i] = report
			return err
		})
	}
	require.NoError(t, group.Wait())
	switched := 0
	for _, r := range reports {
		require.Equal(t, reports[0].Version, r.Version)
		if !r.Unchanged {
			switched++
		}
	}
	require.Equal(t, 1, switched)
	require.Equal(t, "1", schematest.Scalar(t, url, "SELECT count(*)::text FROM knowledge_versions WHERE live"))
}

func TestTheIngestThatBeganLastPrevails(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	started, finish := make(chan struct{}), make(chan struct{})
	slow := &embedder{model: "m", before: func() error {
		close(started)
		<-finish
		return nil
	}}
	older := write(t, map[string]string{"a.md": "# A\n\nOld."})
	newer := write(t, map[string]string{"a.md": "# A\n\nNew."})
	var group errgroup.Group
	group.Go(func() error {
		_, err := knowledge.New(db, slow, discard()).Ingest(t.Context(), []string{older}, knowledge.IngestOptions{})
		return err
	})
	<-started
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	report, err := base.Ingest(t.Context(), []string{newer}, knowledge.IngestOptions{})
	close(finish)
	late := group.Wait()
	require.NoError(t, err)
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(late))
	found, err := base.Search(t.Context(), "new", 1)
	require.NoError(t, err)
	require.Equal(t, report.Version, found.Version)
	require.Equal(t, "New.", found.Chunks[0].Content)
}

func TestOldVersionsGoUnlessATurnHasSeenThem(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url})
	require.NoError(t, err)
	defer db.Close()
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	root := t.TempDir()
	ingest := func(text string) {
		put(t, root, "a.md", "# A\n\n"+text)
		_, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
		require.NoError(t, err)
	}
	ingest("One.")
	ingest("Two.")
	ingest("Three.")
	require.Equal(t, "3", schematest.Scalar(t, url, "SELECT count(*)::text FROM knowledge_versions"), "a search under way may still need them")
	schematest.Exec(t, url, "UPDATE knowledge_versions SET created_at = now() - interval '2 days'")
	schematest.Exec(t, url, "ALTER TABLE searches DROP CONSTRAINT searches_turn_id_fkey")
	schematest.Exec(t, url, `INSERT INTO searches (id, turn_id, query, query_hash, knowledge_version, chunk_ids, chunk_scores)
		SELECT gen_random_uuid(), gen_random_uuid(), 'q', 'h', min(id), '{}', '{}' FROM knowledge_versions`)
	ingest("Four.")
	require.Equal(t, "One. Four.", schematest.Scalar(t, url, "SELECT string_agg(content, ' ' ORDER BY version) FROM knowledge_base"),
		"what a turn has seen stays")
	require.Equal(t, "2", schematest.Scalar(t, url, "SELECT count(*)::text FROM knowledge_versions"))
	require.Equal(t, "2", schematest.Scalar(t, url, "SELECT count(*)::text FROM knowledge_articles"))
}
