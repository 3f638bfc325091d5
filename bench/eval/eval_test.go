// Package eval_test checks that the labelled messages and queries can be
// relied on: each line has its fields, each named article exists, and no text
// stands in both splits.
package eval_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
)

const articles = "../../dev/company/kb"

// message is a line of a triage file and, with Expect and Articles, of an
// answers file.
type message struct {
	ID        string   `json:"id"`
	Channel   string   `json:"channel"`
	Subject   string   `json:"subject"`
	Text      string   `json:"text"`
	Escalate  bool     `json:"escalate"`
	Reason    string   `json:"reason"`
	Sentiment *float64 `json:"sentiment"`
	Expect    string   `json:"expect"`
	Articles  []string `json:"articles"`
}

// query is a line of a retrieval file.
type query struct {
	ID       string   `json:"id"`
	Query    string   `json:"query"`
	Articles []string `json:"articles"`
}

func TestTriage(t *testing.T) {
	t.Parallel()
	for file, least := range map[string]int{
		"triage.test.jsonl": 200, "triage.tune.jsonl": 150, "triage.hard.test.jsonl": 250, "triage.hard.tune.jsonl": 300,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			messages := lines[message](t, file)
			require.GreaterOrEqual(t, len(messages), least)
			seen := map[string]bool{}
			escalated, felt := 0, 0
			for _, m := range messages {
				checkMessage(t, m, seen)
				require.Empty(t, m.Expect, m.ID)
				require.Empty(t, m.Articles, m.ID)
				if m.Escalate {
					escalated++
				}
				if m.Sentiment != nil {
					felt++
					require.True(t, *m.Sentiment >= 0 && *m.Sentiment <= 1, m.ID)
				}
			}
			share := float64(escalated) / float64(len(messages))
			require.True(t, share > 0.35 && share < 0.56, "%.2f of the messages need a person", share)
			require.Greater(t, felt, len(messages)/2)
		})
	}
}

func TestRetrieval(t *testing.T) {
	t.Parallel()
	for file, least := range map[string]int{"retrieval.test.jsonl": 130, "retrieval.tune.jsonl": 80} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			queries := lines[query](t, file)
			require.GreaterOrEqual(t, len(queries), least)
			seen := map[string]bool{}
			for _, q := range queries {
				require.NotEmpty(t, q.ID)
				require.False(t, seen[q.ID], "two lines are called %s", q.ID)
				seen[q.ID] = true
				require.NotEmpty(t, strings.TrimSpace(q.Query), q.ID)
				require.NotEmpty(t, q.Articles, q.ID)
				for _, a := range q.Articles {
					require.FileExists(t, filepath.Join(articles, a+".md"), q.ID)
				}
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	messages := lines[message](t, "answers.test.jsonl")
	require.GreaterOrEqual(t, len(messages), 40)
	seen := map[string]bool{}
	for _, m := range messages {
		checkMessage(t, m, seen)
		if m.Escalate {
			require.Empty(t, m.Expect, m.ID)
			require.Empty(t, m.Articles, m.ID)
			continue
		}
		require.NotEmpty(t, m.Expect, m.ID)
		require.NotEmpty(t, m.Articles, m.ID)
		expect := regexp.MustCompile("(?i)" + m.Expect)
		require.True(t, slices.ContainsFunc(m.Articles, func(a string) bool {
			text, err := os.ReadFile(filepath.Join(articles, a+".md"))
			require.NoError(t, err, m.ID)
			return expect.Match(text)
		}), "%s: no named article says what is expected", m.ID)
	}
}

// TestSplitsShareNoText compares what is left of a text without case,
// punctuation and spaces, so that a copy with another comma is found too.
func TestSplitsShareNoText(t *testing.T) {
	t.Parallel()
	where := map[string]string{}
	check := func(file, id, text string) {
		key := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, text)
		if key == "" {
			key = text
		}
		here := file + " " + id
		require.NotContains(t, where, key, "%s and %s say the same", where[key], here)
		where[key] = here
	}
	for _, file := range []string{
		"triage.test.jsonl", "triage.tune.jsonl", "triage.hard.test.jsonl", "triage.hard.tune.jsonl", "answers.test.jsonl", "../../dev/company/questions.jsonl",
	} {
		for _, m := range lines[message](t, file) {
			check(file, m.ID, m.Text)
		}
	}
	for _, file := range []string{"retrieval.test.jsonl", "retrieval.tune.jsonl"} {
		for _, q := range lines[query](t, file) {
			check(file, q.ID, q.Query)
		}
	}
}

// checkMessage fails when m lacks what any message has, or its id is in seen;
// it adds the id.
func checkMessage(t *testing.T, m message, seen map[string]bool) {
	t.Helper()
	require.NotEmpty(t, m.ID)
	require.False(t, seen[m.ID], "two lines are called %s", m.ID)
	seen[m.ID] = true
	require.Contains(t, []string{"email", "whatsapp", "webform"}, m.Channel, m.ID)
	require.Equal(t, m.Channel == "whatsapp", m.Subject == "", "%s: a subject is for mails and forms", m.ID)
	require.NotEmpty(t, strings.TrimSpace(m.Text), m.ID)
	if m.Escalate {
		require.Contains(t, llm.Reasons(), llm.Reason(m.Reason), m.ID)
	} else {
		require.Empty(t, m.Reason, m.ID)
	}
}

// lines reads a file of one JSON object a line; a field that is not known is an
// error.
func lines[T any](t *testing.T, file string) []T {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var all []T
	for n, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		var v T
		require.NoError(t, d.Decode(&v), "%s line %d", file, n+1)
		all = append(all, v)
	}
	return all
}
