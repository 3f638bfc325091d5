package review_test

import (
	"strings"
	"testing"

	"github.com/digital-fte/fte/review"
)

// BenchmarkCheck reviews answers of about 500 words against 20 chunks: one that
// quotes and one in which no sentence is quoted, each citing 4 chunks or all.
func BenchmarkCheck(b *testing.B) {
	for name, tc := range map[string]struct {
		cited int
		lead  string
	}{
		"quoted/cites=4":    {4, ""},
		"quoted/cites=20":   {20, ""},
		"reworded/cites=4":  {4, "In short: "},
		"reworded/cites=20": {20, "In short: "},
	} {
		b.Run(name, func(b *testing.B) {
			in := long(b, tc.cited, tc.lead)
			b.ReportAllocs()
			for b.Loop() {
				review.Check(in)
			}
		})
	}
}

func long(tb testing.TB, cited int, lead string) review.Input {
	tb.Helper()
	in := review.Input{Customer: []string{"How does all of this work, and what does it cost?"}}
	var said []string
	for _, a := range company(tb) {
		for _, c := range a.chunks {
			if c.Language != "en" || len(in.Retrieved) == 20 {
				continue
			}
			in.Retrieved = append(in.Retrieved, c)
			if len(in.Citations) < cited {
				in.Citations = append(in.Citations, c.ID)
				for _, s := range review.Sentences(c.Content) {
					said = append(said, lead+s)
				}
			}
		}
	}
	for words := len(strings.Fields(strings.Join(said, " "))); words < 500; words *= 2 {
		said = append(said, said...)
	}
	for len(strings.Fields(strings.Join(said, " "))) > 520 {
		said = said[:len(said)-1]
	}
	in.Draft = strings.Join(said, "\n")
	return in
}
