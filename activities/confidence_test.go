package activities

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
)

func TestThresholds(t *testing.T) {
	t.Parallel()
	got, err := ParseThresholds(DefaultThresholds)
	require.NoError(t, err)
	require.InDelta(t, 0.7, got.of(llm.CategoryBilling), 0)
	require.InDelta(t, 0.6, got.of(llm.CategoryTechnical), 0)
	require.InDelta(t, 0.6, got.of("what nobody knows"), 0)
	for given, says := range map[string]string{
		"":                        `"" is no number`,
		"1.5":                     "no number from 0 to 1",
		"-0.1":                    "no number from 0 to 1",
		"NaN":                     "no number from 0 to 1",
		"half":                    "no number from 0 to 1",
		"billing=0.5":             "names no number for all other categories",
		"0.5,money=0.7":           `"money" is no category: use one of general, technical, billing, feedback, bug_report`,
		"0.5,0.6":                 "given twice",
		"0.5,billing=":            "no number",
		"0.5,billing=1,=0.3":      `"" is no category`,
		"0.5,billing=1,billing=1": "given twice",
	} {
		_, err := ParseThresholds(given)
		require.ErrorContains(t, err, says, given)
	}
}

func TestConfidence(t *testing.T) {
	t.Parallel()
	first, second, other := uuid.New(), uuid.New(), uuid.New()
	searches := []schema.Search{{ChunkIds: []uuid.UUID{other, second}}, {ChunkIds: []uuid.UUID{first}}}
	of := func(support float64, model float64, cited ...uuid.UUID) float64 {
		return confidence(support, cited, searches, model)
	}
	require.InDelta(t, 1, of(1, 1, first), 1e-9, "everything speaks for it")
	require.InDelta(t, 1, of(1, 1), 1e-9, "what states nothing needs no source")
	require.Less(t, of(1, 1, second), of(1, 1, second, first), "the best place counts")
	require.Less(t, of(0.5, 1, first), of(1, 1, first))
	require.Less(t, of(1, 0.2, first), of(1, 1, first))
	require.Less(t, of(0, 1, uuid.New()), 0.3, "a model that is sure of itself is not enough")
}
