package knowledge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema/schematest"
)

func TestQuestionsLeadToTheirArticleAndAreNotShown(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	files := map[string]string{
		"a.md": "---\nquestions: [My walrus is hungry]\n---\n# Feeding\n\nAnimals get fish at noon. Bring a bucket.",
		"b.md": "# Opening hours\n\nWe open at nine. We close at five.",
		"c.md": "# Tickets\n\nTickets cost ten euro. Children pay half.",
	}
	_, err := base.Ingest(t.Context(), []string{write(t, files)}, knowledge.IngestOptions{})
	require.NoError(t, err)
	search := func() knowledge.Chunk {
		found, err := base.Search(t.Context(), "why does my walrus look so hungry", 1)
		require.NoError(t, err)
		require.Len(t, found.Chunks, 1)
		return found.Chunks[0]
	}
	first := search()
	require.Equal(t, "a", first.Slug)
	require.Equal(t, 1, first.ByVector)
	require.Equal(t, 1, first.ByText)
	require.Equal(t, "Animals get fish at noon. Bring a bucket.", first.Content)
	require.NotContains(t, first.Title, "walrus")

	// A rebuild with another model has them still.
	other := knowledge.New(db, &embedder{model: "other"}, discard())
	report, err := other.Rebuild(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, report.Chunks, report.Embedded)
	base = other
	require.Equal(t, "a", search().Slug)
	require.Equal(t, 1, search().ByVector)

	// Other questions make another version, of which only they are embedded.
	e := &embedder{model: "other"}
	files["a.md"] = strings.Replace(files["a.md"], "walrus is hungry", "seal is hungry", 1)
	report, err = knowledge.New(db, e, discard()).Ingest(t.Context(), []string{write(t, files)}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.False(t, report.Unchanged)
	require.Equal(t, []string{"My seal is hungry"}, e.asked())
	require.Equal(t, 1, report.Embedded)
}

func TestASentenceOfALongChunkIsFoundByItsVector(t *testing.T) {
	t.Parallel()
	base := knowledge.New(schematest.New(t), &embedder{model: "m"}, discard())
	filler := "The garden has roses, tulips, lilies, violets, daisies, orchids, poppies and many others to look at. "
	_, err := base.Ingest(t.Context(), []string{write(t, map[string]string{
		"a.md": "# Garden\n\n" + strings.Repeat(filler, 8) + "Dogs stay outside the gate.",
		"b.md": "# Gate\n\nThe gate is painted green and was built by the mayor, who has dogs.",
	})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	found, err := base.Search(t.Context(), "Dogs stay outside the gate", 2)
	require.NoError(t, err)
	require.Equal(t, "a", found.Chunks[0].Slug)
	require.Equal(t, 1, found.Chunks[0].ByVector)
}

func TestLargeAndSmallKnowledgeBasesFindTheSame(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	base := knowledge.New(db, &embedder{model: "m"}, discard())
	files := map[string]string{}
	animals := strings.Fields("ant bat cow dog eel fox gnu hen ibex jay kiwi lion mole newt owl pig quail rat seal toad")
	verbs := strings.Fields("eats sleeps swims climbs digs")
	for _, a := range animals {
		var text strings.Builder
		for i := range 28 {
			for _, v := range verbs {
				fmt.Fprintf(&text, "The %s %s in room %s%d daily. ", a, v, a[:2], i)
			}
			text.WriteString("\n\n")
		}
		files[a+".md"] = "# About the " + a + "\n\n" + text.String()
	}
	_, err := base.Ingest(t.Context(), []string{write(t, files)}, knowledge.IngestOptions{})
	require.NoError(t, err)
	live, err := db.LiveVersion(t.Context())
	require.NoError(t, err)
	require.Greater(t, live.Passages, int32(2_000), "the indexes serve the search")
	for _, a := range animals {
		found, err := base.Search(t.Context(), "where does the "+a+" swim", 5)
		require.NoError(t, err)
		require.Equal(t, a, found.Chunks[0].Slug)
		require.Positive(t, found.Chunks[0].ByVector)
	}
}
