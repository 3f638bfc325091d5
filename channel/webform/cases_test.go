package webform_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/webform"
)

// table is what the form takes and refuses. The tests of the pages run the
// same file, so that the two sides cannot disagree.
type table struct {
	Complete map[string]any `json:"complete"` // a complete submission, which a case changes
	Read     map[string]any `json:"read"`     // what is read from it
	Cases    []testCase     `json:"cases"`
}

type testCase struct {
	Name    string               `json:"name"`
	Form    string               `json:"form"` // submission or reply
	Send    map[string]any       `json:"send"`
	Without []string             `json:"without"`
	Want    map[string]any       `json:"want"`
	Faults  []webform.FieldError `json:"faults"`

	in *table
}

func cases(tb testing.TB) *table {
	tb.Helper()
	file, err := os.ReadFile("testdata/cases.json")
	require.NoError(tb, err)
	all := &table{}
	require.NoError(tb, json.Unmarshal(file, all))
	require.NotEmpty(tb, all.Cases)
	for i := range all.Cases {
		all.Cases[i].in = all
	}
	return all
}

// long writes out {"$repeat": ["x", 3]}.
func long(m map[string]any) map[string]any {
	m = maps.Clone(m)
	for name, value := range m {
		if o, ok := value.(map[string]any); ok {
			if repeat, ok := o["$repeat"].([]any); ok {
				m[name] = strings.Repeat(repeat[0].(string), int(repeat[1].(float64)))
			}
		}
	}
	return m
}

// with returns what changes make of a complete map, which only a submission has.
func (c *testCase) with(complete, changes map[string]any) map[string]any {
	all := map[string]any{}
	if c.Form == "submission" {
		maps.Copy(all, complete)
	}
	maps.Copy(all, long(changes))
	return all
}

func (c *testCase) body(tb testing.TB) []byte {
	tb.Helper()
	all := c.with(c.in.Complete, c.Send)
	for _, name := range c.Without {
		delete(all, name)
	}
	body, err := json.Marshal(all)
	require.NoError(tb, err)
	return body
}

func TestCasesOfBothSides(t *testing.T) {
	t.Parallel()
	for _, c := range cases(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got := map[string]any{}
			var faults []webform.FieldError
			var err error
			if c.Form == "reply" {
				got["message"], faults, err = webform.ValidateMessage(c.body(t))
			} else {
				var s *webform.Submission
				if s, faults, err = webform.Validate(c.body(t)); s != nil {
					got = map[string]any{
						"name": s.Name, "email": s.Email, "category": s.Category, "priority": s.Priority, "subject": s.Subject, "message": s.Message,
					}
					if s.Phone != "" {
						got["phone"] = s.Phone
					}
				}
			}
			require.NoError(t, err)
			require.Equal(t, c.Faults, faults)
			if c.Faults == nil {
				require.Equal(t, c.with(c.in.Read, c.Want), got)
			}
		})
	}
}

func TestChoicesOfTheForm(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"general", "technical", "billing", "feedback", "bug_report"}, webform.Categories())
	require.Equal(t, []string{"low", "medium", "high"}, webform.Priorities())
	s, _, err := webform.Validate(body(t, map[string]any{"priority": absent}))
	require.NoError(t, err)
	require.Equal(t, webform.DefaultPriority, s.Priority)
}
