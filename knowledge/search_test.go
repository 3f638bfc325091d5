package knowledge_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

func TestSearchBeforeTheFirstIngestAsksNobody(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	found, err := knowledge.New(schematest.New(t), e, discard()).Search(t.Context(), "anything", 6)
	require.NoError(t, err)
	require.Zero(t, found)
	require.Empty(t, e.asked())
}

func TestSearchWithAnotherModelIsRefused(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	root := write(t, map[string]string{"a.md": "# A\n\nAlpha."})
	_, err := knowledge.New(db, &embedder{model: "old"}, discard()).Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)

	e := &embedder{model: "new"}
	base := knowledge.New(db, e, discard())
	_, err = base.Search(t.Context(), "alpha", 6)
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(err))
	require.EqualError(t, err, "the knowledge base was embedded with old, this program uses new: run `fte kb reembed`")
	require.Empty(t, e.asked())

	report, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Embedded, "a vector of another model is of no use")
	found, err := base.Search(t.Context(), "alpha", 6)
	require.NoError(t, err)
	require.Len(t, found.Chunks, 1)
}

func TestTheSameQuestionIsEmbeddedOnce(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	base := knowledge.New(schematest.New(t), e, discard())
	_, err := base.Ingest(t.Context(), []string{write(t, map[string]string{"a.md": "# A\n\nAlpha."})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	e.asked()
	first, err := base.Search(t.Context(), "alpha?", 6)
	require.NoError(t, err)
	second, err := base.Search(t.Context(), " alpha?\n", 6)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, []string{"alpha?"}, e.asked())

	for i := range 600 {
		_, err := base.Search(t.Context(), fmt.Sprintf("question %d", i), 1)
		require.NoError(t, err)
	}
	e.asked()
	_, err = base.Search(t.Context(), "alpha?", 6)
	require.NoError(t, err)
	require.Equal(t, []string{"alpha?"}, e.asked(), "the cache has an end")
}

func TestAnyTextCanBeAsked(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	base := knowledge.New(schematest.New(t), e, discard())
	report, err := base.Ingest(t.Context(), []string{write(t, map[string]string{"a.md": "# A\n\nIt's C:\\alpha\\new 'quoted'."})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	for name, query := range map[string]string{
		"operators": "a & b | !c <-> (d:* \\ ' '' \\'", "nul": "a\x00b", "bytes": "\xff\xfe", "only marks": "?!",
		"address": "https://x.example/?a='1'&b=2|3\\4", "long": strings.Repeat("ünïcode wörds ", 3000), "path": `C:\alpha\new`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := base.Search(t.Context(), query, 6)
			require.NoError(t, err)
			require.Equal(t, report.Version, found.Version)
		})
	}
	for _, query := range []string{"", " \n", "\x00"} {
		found, err := base.Search(t.Context(), query, 6)
		require.NoError(t, err)
		require.Equal(t, knowledge.Found{Version: report.Version}, found)
	}
	found, err := base.Search(t.Context(), "alpha", -1)
	require.NoError(t, err)
	require.Empty(t, found.Chunks)
}

func TestWordsAreFoundInTheirLanguage(t *testing.T) {
	t.Parallel()
	// Vectors that say nothing leave the ranking to the words.
	base := knowledge.New(schematest.New(t), blind{}, discard())
	_, err := base.Ingest(t.Context(), []string{write(t, map[string]string{
		"en.md":    "# Batteries\n\nReplacing batteries is easy.",
		"de.md":    "---\nlanguage: de\n---\n# Kündigung\n\nDie Kündigungen gelten sofort.",
		"fr.md":    "---\nlanguage: fr\n---\n# Remboursement\n\nLe remboursement est possible.",
		"other.md": "# Something else\n\nNothing to see.",
	})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	for query, slug := range map[string]string{
		"how do I replace a battery": "en", "eine Kündigung": "de", "remboursement": "fr",
	} {
		found, err := base.Search(t.Context(), query, 1)
		require.NoError(t, err)
		require.Equal(t, slug, found.Chunks[0].Slug, query)
	}
}

// blind gives every text the same vector.
type blind struct{}

func (blind) EmbeddingModel() string { return "blind" }

func (blind) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = make([]float32, 1536)
		vectors[i][0] = 1
	}
	return vectors, nil
}

func TestOneArticleDoesNotCrowdOutTheOthers(t *testing.T) {
	t.Parallel()
	base := knowledge.New(schematest.New(t), &embedder{model: "m"}, discard())
	var long strings.Builder
	long.WriteString("# Alarms\n")
	for i := range 12 {
		fmt.Fprintf(&long, "\n## Alarm %d\n\n%s\n", i, strings.Repeat(fmt.Sprintf("The alarm number %d rings. ", i), 30))
	}
	_, err := base.Ingest(t.Context(), []string{write(t, map[string]string{"alarms.md": long.String(), "mute.md": "# Mute\n\nMute an alarm."})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	found, err := base.Search(t.Context(), "alarm rings number", 6)
	require.NoError(t, err)
	articles := map[string]int{}
	for i, c := range found.Chunks {
		articles[c.Slug]++
		if i > 0 {
			require.LessOrEqual(t, c.Score, found.Chunks[i-1].Score)
		}
		require.InDelta(t, 0, c.Similarity, 1)
	}
	require.Equal(t, map[string]int{"alarms": 3, "mute": 1}, articles)
}

// TestSearchDuringASwitchSeesOneVersion searches without pause while versions
// replace each other: every result is of the version it names, and whole.
func TestSearchDuringASwitchSeesOneVersion(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	root := t.TempDir()
	const articles, rounds = 5, 12
	texts := map[int64]string{}
	ingest := func(round int) error {
		text := fmt.Sprintf("Round %d of the alarm.", round)
		for i := range articles {
			put(t, root, fmt.Sprintf("%d.md", i), fmt.Sprintf("# Alarm %d\n\n%s", i, text))
		}
		report, err := base.Ingest(t.Context(), []string{root}, knowledge.IngestOptions{})
		texts[report.Version] = text
		return err
	}
	require.NoError(t, ingest(0))
	done := make(chan struct{})
	var searching errgroup.Group
	var seen [2][]knowledge.Found
	for i := range seen {
		searching.Go(func() error {
			for {
				found, err := base.Search(t.Context(), "alarm", 6)
				if err != nil {
					return err
				}
				seen[i] = append(seen[i], found)
				select {
				case <-done:
					return nil
				default:
				}
			}
		})
	}
	for round := 1; round <= rounds; round++ {
		require.NoError(t, ingest(round))
	}
	close(done)
	require.NoError(t, searching.Wait())
	versions := map[int64]bool{}
	for _, found := range append(seen[0], seen[1]...) {
		versions[found.Version] = true
		require.Len(t, found.Chunks, articles)
		for _, c := range found.Chunks {
			require.Equal(t, texts[found.Version], c.Content)
		}
	}
	require.Greater(t, len(versions), 1)
}

func TestAnUnreachableDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	db, err := schema.Open(t.Context(), schema.Options{URL: "postgres://nobody@127.0.0.1:1/none"})
	require.NoError(t, err)
	defer db.Close()
	_, err = knowledge.New(db, &embedder{model: "m"}, discard()).Search(t.Context(), "alpha", 6)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestWhatPeopleRead(t *testing.T) {
	t.Parallel()
	require.Contains(t, knowledge.Found{}.String(), "fte kb ingest")
	require.Equal(t, "nothing found in version 3\n", knowledge.Found{Version: 3}.String())
	require.Equal(t, "1. A > B (dir/a, en)  similarity 0.88\n   One two.\n", knowledge.Found{Version: 3, Chunks: []knowledge.Chunk{
		{Slug: "dir/a", Title: "A > B", Content: "One\n\ntwo.", Language: "en", Similarity: 0.881},
	}}.String())
	require.Equal(t, "version 2 is live: 1 article in 4 chunks, 1 embedded, 3 reused",
		knowledge.Report{Version: 2, Articles: 1, Chunks: 4, Embedded: 1, Reused: 3}.String())
	require.Equal(t, "unchanged: version 2 has these 2 articles in 4 chunks", knowledge.Report{Version: 2, Articles: 2, Chunks: 4, Unchanged: true}.String())
}

// The company answers in the language of the question where it can.
func TestATranslationIsPreferredToItsOriginal(t *testing.T) {
	t.Parallel()
	base := knowledge.New(schematest.New(t), blind{}, discard())
	_, err := base.Ingest(t.Context(), []string{write(t, map[string]string{
		"returns.md":        "---\nlanguage: en\n---\n# Returns\n\nYou can return a Thermostat within thirty days.",
		"de/returns.md":     "---\nlanguage: de\n---\n# Rückgabe\n\nSie können ein Thermostat innerhalb von dreißig Tagen zurückgeben.",
		"de/garantie.md":    "---\nlanguage: de\ntranslation_of: legal/warranty.md\n---\n# Garantie\n\nAuf jedes Thermostat geben wir zwei Jahre Garantie.",
		"legal/warranty.md": "---\nlanguage: en\n---\n# Warranty\n\nEvery Thermostat has a warranty of two years.",
		"hours.md":          "---\nlanguage: en\n---\n# Hours\n\nThe Thermostat hotline is open on weekdays.",
	})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	slugs := func(question string) (found []string) {
		res, err := base.Search(t.Context(), question, 6)
		require.NoError(t, err)
		for _, c := range res.Chunks {
			found = append(found, c.Slug)
		}
		return found
	}
	require.ElementsMatch(t, []string{"de/returns", "de/garantie", "hours"}, slugs("Ich möchte gerne wissen, wie lange ich das Thermostat noch zurückgeben kann und ob es eine Garantie gibt."))
	require.ElementsMatch(t, []string{"returns", "legal/warranty", "hours"}, slugs("I would like to know how long I can still return the Thermostat and whether there is a warranty."))
	codes, err := base.Languages(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"de", "en"}, codes)

	_, err = base.Ingest(t.Context(), []string{write(t, map[string]string{"a.md": "---\ntranslation_of: gone\n---\n# A\n\nb"})}, knowledge.IngestOptions{})
	require.ErrorContains(t, err, `translation_of names "gone"`)
}

func TestASearchSaysHowSureItIs(t *testing.T) {
	t.Parallel()
	e := &embedder{model: "m"}
	base := knowledge.New(schematest.New(t), e, discard())
	codes, err := base.Languages(t.Context())
	require.NoError(t, err)
	require.Empty(t, codes)
	_, err = base.Ingest(t.Context(), []string{write(t, map[string]string{
		"frost.md": "# Frost guard\n\nThe frost guard opens the valve.", "bills.md": "# Bills\n\nBills come by mail.",
	})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	found, err := base.Search(t.Context(), "frost guard", 6)
	require.NoError(t, err)
	require.Equal(t, "frost", found.Chunks[0].Slug)
	require.Equal(t, []int{1, 1}, []int{found.Chunks[0].ByVector, found.Chunks[0].ByText})
	require.InDelta(t, found.Chunks[0].Similarity, found.Best, 1e-9)
	require.InDelta(t, found.Chunks[0].Similarity-max(found.Chunks[1].Similarity, 0), found.Margin, 1e-9)
	require.Zero(t, found.Chunks[1].ByText)
	require.Equal(t, 2, found.Chunks[1].ByVector)
	require.Greater(t, found.Margin, 0.2)
}
