package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

// Better says in which direction a figure gets better.
type Better string

// The directions.
const (
	Higher Better = "higher"
	Lower  Better = "lower"
	// Neither is for figures that only inform, such as times of a busy machine.
	Neither Better = ""
)

// Figure is one measured number. Those with a direction are rates from 0 to 1.
type Figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Better Better  `json:"better,omitempty"`
	// Of is how many examples it is about.
	Of int `json:"of,omitempty"`
}

// Baseline is what an earlier evaluation measured.
type Baseline struct {
	Kind    string   `json:"kind"`
	Figures []Figure `json:"figures"`
}

// ReadBaseline reads what an evaluation printed as JSON. Errors are CodeInvalid.
func ReadBaseline(path, kind string) (Baseline, error) {
	data, err := os.ReadFile(path) //nolint:gosec // The person who evaluates names the file.
	if err != nil {
		return Baseline{}, ticket.Wrap(ticket.CodeInvalid, err, "reading the baseline")
	}
	var b Baseline
	if err := json.Unmarshal(data, &b); err != nil {
		return Baseline{}, ticket.Errorf(ticket.CodeInvalid, "%s: not what `fte eval --json` printed: %v", path, err)
	}
	if b.Kind != kind {
		return Baseline{}, ticket.Errorf(ticket.CodeInvalid, "%s: has figures of `fte eval %s`, not of `fte eval %s`", path, b.Kind, kind)
	}
	return b, nil
}

// Worse lists the figures that are worse than in b by more than tolerance, a
// difference of rates, and those that were not measured any more. It is empty
// when nothing got worse.
func (b Baseline) Worse(now []Figure, tolerance float64) []string {
	have := map[string]Figure{}
	for _, f := range now {
		have[f.Name] = f
	}
	var worse []string
	for _, before := range b.Figures {
		if before.Better == Neither {
			continue
		}
		f, measured := have[before.Name]
		lost := before.Value - f.Value
		if before.Better == Lower {
			lost = -lost
		}
		switch {
		case !measured:
			worse = append(worse, fmt.Sprintf("%s was %.3f and was not measured", before.Name, before.Value))
		case lost > tolerance+1e-9:
			worse = append(worse, fmt.Sprintf("%s was %.3f and is %.3f", before.Name, before.Value, f.Value))
		}
	}
	return worse
}

// describe writes figures for people, one a line.
func describe(figures []Figure) string {
	width := 0
	for _, f := range figures {
		width = max(width, len(f.Name))
	}
	var out strings.Builder
	for _, f := range figures {
		fmt.Fprintf(&out, "%-*s  %8.3f", width, f.Name, f.Value)
		if f.Of > 0 {
			fmt.Fprintf(&out, "  of %d", f.Of)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// rate is a share; of nothing it is 0.
func rate(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
