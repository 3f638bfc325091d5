package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is what a round of all checks has found.
type Report struct {
	At       time.Time `json:"at"`
	Failed   int       `json:"failed"`
	Warnings int       `json:"warnings"` // without those that were skipped
	Skipped  int       `json:"skipped"`
	Checks   []Result  `json:"checks"`
}

// NewReport counts the results.
func NewReport(at time.Time, results []Result) Report {
	r := Report{At: at.UTC().Truncate(time.Second), Checks: results}
	for _, c := range results {
		switch {
		case c.Skipped:
			r.Skipped++
		case c.Verdict == Failed:
			r.Failed++
		case c.Verdict == Warning:
			r.Warnings++
		}
	}
	return r
}

// WriteJSON writes the report as one JSON object. Names and fields only ever grow in number.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// WriteText writes the report for people: a line for each check, and below what
// is wrong what it means and what to do. Summary is its last line, unless
// something failed: then the command ends with it.
func (r Report) WriteText(w io.Writer) error {
	width := 0
	for _, c := range r.Checks {
		width = max(width, len(c.Name))
	}
	var out strings.Builder
	line := func(verdict, name, text string) {
		fmt.Fprintf(&out, "%-7s  %-*s  %s\n", verdict, width, name, text)
	}
	for _, c := range r.Checks {
		if c.Skipped {
			line("-", c.Name, c.Found)
			continue
		}
		line(word(c.Verdict), c.Name, c.Found)
		for _, detail := range c.Details {
			line("", "", "  - "+detail)
		}
		if c.Means != "" {
			line("", "", "means: "+c.Means)
		}
		if c.Do != "" {
			line("", "", "do:    "+c.Do)
		}
	}
	if r.Failed == 0 {
		fmt.Fprintf(&out, "\nAll in all: %s.\n", r.Summary())
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Summary says in half a sentence what came of it.
func (r Report) Summary() string {
	said := "nothing failed"
	if r.Failed > 0 {
		said = fmt.Sprintf("%d of %d checks failed", r.Failed, len(r.Checks))
	}
	if r.Skipped > 0 {
		said += fmt.Sprintf(", %d could not be looked at because of it", r.Skipped)
	}
	if r.Warnings > 0 {
		said += ", and " + count(r.Warnings, "warning", "warnings")
	}
	return said
}

// word stands out where something is wrong, without colours.
func word(v Verdict) string {
	switch v {
	case Warning, Failed:
		return strings.ToUpper(string(v))
	default:
		return string(v)
	}
}
