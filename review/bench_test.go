package review_test

import (
	"strings"
	"testing"

	"github.com/digital-fte/fte/review"
)

// BenchmarkCheck reviews an answer of about 500 words against 20 chunks, all of
// them cited.
func BenchmarkCheck(b *testing.B) {
	var in review.Input
	var said []string
	words := 0
	for _, a := range company(b) {
		for _, c := range a.chunks {
			if c.Language != "en" || len(in.Retrieved) == 20 {
				continue
			}
			in.Retrieved = append(in.Retrieved, c)
			in.Citations = append(in.Citations, c.ID)
			for _, s := range review.Sentences(c.Content)[:2] {
				if words < 500 {
					said = append(said, "In short: "+strings.ToLower(s[:1])+s[1:])
					words += len(strings.Fields(s)) + 2
				}
			}
		}
	}
	in.Draft = strings.Join(said, "\n")
	in.Customer = []string{"How does all of this work, and what does it cost?"}
	b.ReportMetric(float64(len(strings.Fields(in.Draft))), "words")
	for b.Loop() {
		review.Check(in)
	}
}
