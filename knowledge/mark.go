package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/triage"
)

// MarkKind says what is doubtful about an article.
type MarkKind string

// The marks.
const (
	// Contradiction marks two articles that say the same with another number,
	// or once with and once without a negation.
	Contradiction MarkKind = "contradiction"
	// Suspicious marks text that reads like an order to the assistant; of an
	// article from a file it is left out.
	Suspicious MarkKind = "suspicious"
)

// Mark is something about an article that somebody should look at. It changes
// nothing about what is found.
type Mark struct {
	Kind   MarkKind `json:"kind"`
	Slug   string   `json:"slug"`
	Other  string   `json:"other,omitempty"` // the second article of a contradiction
	Detail string   `json:"detail"`
}

// String says it in one line for people.
func (m Mark) String() string {
	if m.Kind == Contradiction {
		return fmt.Sprintf("%s contradicts %s: %s", m.Slug, m.Other, m.Detail)
	}
	return fmt.Sprintf("%s %s", m.Slug, m.Detail)
}

// maxMarks bounds what is stored: who has more starts with these.
const maxMarks = 500

// marksOf finds what is doubtful about articles.
func marksOf(articles []article) []Mark {
	marks := contradictions(articles)
	for _, a := range articles {
		if a.suspect != "" {
			marks = append(marks, Mark{Kind: Suspicious, Slug: a.slug, Detail: a.suspect})
		}
	}
	slices.SortStableFunc(marks, func(a, b Mark) int {
		return cmp.Or(strings.Compare(a.Slug, b.Slug), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return marks[:min(len(marks), maxMarks)]
}

// Marks returns what is doubtful about the live version. Errors as
// schema.Classify.
func (b *Base) Marks(ctx context.Context) ([]Mark, error) {
	rows, err := b.db.LiveMarks(ctx)
	if err != nil {
		return nil, schema.Classify(err)
	}
	marks := make([]Mark, len(rows))
	for i, r := range rows {
		marks[i] = Mark{Kind: MarkKind(r.Kind), Slug: r.Slug, Other: r.Other, Detail: r.Detail}
	}
	return marks, nil
}

// suspectFrom is how sure triage has to be that a text tries to steer the
// assistant.
const suspectFrom = 0.5

// suspect says what in an article reads like an order to the assistant, or
// nothing.
func suspect(a article) string {
	for _, c := range a.chunks {
		if injection(c.content) < suspectFrom {
			continue
		}
		for _, s := range sentences(c.content) {
			if injection(s) >= suspectFrom {
				return fmt.Sprintf("reads like an order to the assistant, below %q: %q (if it belongs there, write `trusted: true` in its front matter)", c.title, excerpt(s))
			}
		}
		return fmt.Sprintf("reads like an order to the assistant, below %q (if it belongs there, write `trusted: true` in its front matter)", c.title)
	}
	return ""
}

func injection(text string) float64 {
	return triage.Assess([]triage.Message{{Text: text}}).Injection
}

// excerpt shortens a sentence for a line that people read.
func excerpt(s string) string {
	words := strings.Fields(s)
	if len(words) > excerptWords {
		return strings.Join(words[:excerptWords], " ") + " …"
	}
	return strings.Join(words, " ")
}
