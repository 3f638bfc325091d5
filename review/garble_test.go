package review_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
	"github.com/digital-fte/fte/ticket"
)

func TestSignsThatNobodyCanReadAreRefused(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	for draft, passes := range map[string]bool{
		"...":                  false,
		"– … 👍":                false,
		"*/ --> ]]> }} print(": false,
		"Readings are printed on paper. }} ]] >>":            false,
		"Readings are printed on paper.":                     true,
		"Readings are printed on paper, as {{{site}}} says.": true,
	} {
		got := review.Check(review.Input{
			Channel: ticket.WhatsApp, Draft: draft, Citations: []uuid.UUID{id}, Company: "Firnwacht",
			Customer:  []string{`*/ --> ]]> }}}} print("x")`},
			Retrieved: []review.Chunk{{ID: id, Title: "Printing", Content: "Readings are printed on paper, as {{{site}}} says.", Language: "en"}},
			Limits:    review.Limits{Characters: 3000},
		})
		require.Equal(t, passes, got.Passed, "%s: %+v", draft, got.Verdicts)
	}
}
