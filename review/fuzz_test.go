package review_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

// FuzzCheck reviews any draft against any chunk: it never panics, says the same
// twice, never passes a draft with a failed rule, and finds a chunk's own
// sentences grounded in it.
func FuzzCheck(f *testing.F) {
	f.Add(fact, "Password", "# A\n\n"+fact+"\n\n| a | b |\n|---|---|\n| c | 2 days |", "how long?")
	f.Add("€9.00 – 2–3 Tage, z. B. 1.000,50 %", "", "- x: 1\n1. y\n```\ncode\n```", "")
	f.Add("\xff\xfe\u200b[a](b)<CARD_1>", "t > u", "It lasts. They don't. No.", "\x00")
	f.Fuzz(func(t *testing.T, draft, title, content, customer string) {
		if len(draft)+len(title)+len(content)+len(customer) > 4000 {
			return
		}
		id := uuid.New()
		in := review.Input{
			Draft: draft, Citations: []uuid.UUID{id}, Customer: []string{customer}, Company: "Firnwacht",
			Retrieved: []review.Chunk{{ID: id, Title: title, Content: content}},
		}
		r := review.Check(in)
		require.Equal(t, r, review.Check(in))
		require.Equal(t, r.Passed, len(failed(r)) == 0)
		require.False(t, r.Supported > r.Claims || r.Support < 0 || r.Support > 1)
		own := review.Sentences(content)
		if len(own) == 0 {
			return
		}
		in.Draft = own[0]
		if again := review.Sentences(own[0]); len(again) != 1 || again[0] != own[0] || strings.ContainsAny(own[0], "|`#<") {
			return // what stands alone otherwise reads differently
		}
		require.False(t, slices.Contains(refusing(review.Check(in)), review.RuleGrounding), "%q %+v", own[0], review.Explain(in))
	})
}
