package activities

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
)

// Thresholds say below which confidence a draft is not sent, by category; the
// empty category is that of all others.
type Thresholds map[llm.Category]float64

// DefaultThresholds is what ParseThresholds reads when nothing is set. Money is
// a matter in which an error costs more than a question.
const DefaultThresholds = "0.6,billing=0.7"

// ParseThresholds reads thresholds such as "0.6,billing=0.7": a number from 0
// to 1 for every category, and others for single ones.
func ParseThresholds(s string) (Thresholds, error) {
	t := Thresholds{}
	for item := range strings.SplitSeq(s, ",") {
		name, value, named := strings.Cut(strings.TrimSpace(item), "=")
		if !named {
			name, value = "", name
		}
		category := llm.Category(strings.TrimSpace(name))
		if named && !slices.Contains(llm.Categories(), category) {
			return nil, fmt.Errorf("%q is no category: use one of %s", category, categoryNames())
		}
		share, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("%q is no number from 0 to 1", value)
		}
		if _, twice := t[category]; twice {
			return nil, fmt.Errorf("%q is given twice", item)
		}
		t[category] = share
	}
	if _, ok := t[""]; !ok {
		return nil, fmt.Errorf("%q names no number for all other categories: begin with one, as in %q", s, DefaultThresholds)
	}
	return t, nil
}

func categoryNames() string {
	names := make([]string, 0, len(llm.Categories()))
	for _, c := range llm.Categories() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// of returns the threshold of a category.
func (t Thresholds) of(c llm.Category) float64 {
	if share, ok := t[c]; ok {
		return share
	}
	return t[""]
}

// What a draft's confidence is made of, as shares of the whole. What the
// sources bear counts most, and what the model thinks of itself least.
const (
	shareOfSupport   = 0.5
	shareOfRetrieval = 0.3
	shareOfModel     = 0.2
)

// confidence tells how far a draft can be trusted, from 0 to 1: how well its
// claims are supported, how high what it cites stood in the search, and how
// sure the model is. Figures of different embedding models cannot be compared,
// so that retrieval counts by place and not by similarity.
func confidence(support float64, cited []uuid.UUID, searches []schema.Search, model float64) float64 {
	return shareOfSupport*support + shareOfRetrieval*retrieved(cited, searches) + shareOfModel*model
}

// retrieved is 1 when a cited chunk came first in a search, less the lower the
// best of them stood, and 1 for a draft that needs no source.
func retrieved(cited []uuid.UUID, searches []schema.Search) float64 {
	if len(cited) == 0 {
		return 1
	}
	best := maxChunks
	for _, s := range searches {
		for place, id := range s.ChunkIds {
			if place < best && slices.Contains(cited, id) {
				best = place
			}
		}
	}
	return 1 - float64(best)/(maxChunks+1)
}
