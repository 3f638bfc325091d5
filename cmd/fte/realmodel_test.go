package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/schema/schematest"
)

// realCustomers is how many customers write to a real model.
const realCustomers = 24

// TestRealModel lets the model behind FTE_REAL_MODEL_URL answer customers on
// three channels; bench/measure starts one. Everybody hears something and ends
// with an answer or a person, and what reached anybody of the model's own words
// stands in the company's articles: that is judged by words and numbers here,
// from what the providers received, and not by the review.
func TestRealModel(t *testing.T) {
	t.Parallel()
	url := os.Getenv("FTE_REAL_MODEL_URL")
	if url == "" {
		t.Skip("needs a model: `make bench-llama` brings one")
	}
	a := newArena(t, map[string]string{
		"OPENAI_BASE_URL": url, "OPENAI_MODEL": os.Getenv("OPENAI_MODEL"), "OPENAI_EMBEDDING_MODEL": os.Getenv("OPENAI_EMBEDDING_MODEL"),
		"FTE_MODEL_TIMEOUT": "60s", "FTE_BUDGET_CUSTOMER": "0", "FTE_BUDGET_TICKET": "0", "FTE_BUDGET_DAY": "0",
	})
	a.StartAll()
	var talks []talk
	for i := range realCustomers {
		talks = append(talks, a.open(i, func(string, openai.Manner) {}))
		// A small machine answers one at a time, and a model that keeps everybody
		// waiting is left alone.
		a.Wait("the customer is answered", func(context.Context) bool { return a.Unsettled() == 0 })
	}
	a.Check()
	endings, answered := a.endings(), 0
	for _, k := range talks {
		ended := endings[k.customer]
		require.Len(t, ended, 1, k.customer)
		require.NotEmpty(t, a.to(k.customer), "%s heard nothing", k.customer)
		require.True(t, ended[0].answered() || ended[0].person(), "%s: %+v", k.customer, ended[0])
		if ended[0].answered() {
			answered++
		}
		t.Logf("%s %s: %s %s", k.channel, k.question.ID, ended[0].Status, ended[0].Escalation)
	}
	said := a.modelWords()
	for _, s := range said {
		t.Logf("said: %s", s)
		require.True(t, stands(t, s), "nothing in the articles says: %s", s)
	}
	t.Logf("%d customers: %d answered, %d with a person; %s model calls, %d of its sentences reached somebody", len(talks), answered,
		len(talks)-answered, schematest.Scalar(t, a.Database, `SELECT count(*)::text FROM model_calls`), len(said))
}

// modelWords returns the sentences of drafts that reached a customer.
func (a arena) modelWords() (said []string) {
	a.t.Helper()
	var drafts []string
	require.NoError(a.t, json.Unmarshal([]byte(schematest.Scalar(a.t, a.Database, `SELECT coalesce(json_agg(body), '[]')::text FROM drafts`)), &drafts))
	var reached strings.Builder
	for _, h := range a.heard() {
		reached.WriteString(flat(h.text) + "\n")
	}
	for _, d := range drafts {
		for _, s := range sentenceEnd.Split(d, -1) {
			if s = flat(s); len(strings.Fields(s)) > 2 && strings.Contains(reached.String(), s) {
				said = append(said, s)
			}
		}
	}
	slices.Sort(said)
	return slices.Compact(said)
}

var (
	sentenceEnd = regexp.MustCompile(`[.!?]+\s+|\n+`)
	longWord    = regexp.MustCompile(`\pL{4,}|\d+`)
)

// stands reports whether one article has nearly all long words of a sentence and
// every number.
func stands(t *testing.T, sentence string) (found bool) {
	t.Helper()
	const nearlyAll = 0.8
	words := longWord.FindAllString(strings.ToLower(sentence), -1)
	require.NoError(t, filepath.WalkDir("../../dev/company/kb", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		article, has, numbers := strings.ToLower(string(raw)), 0, true
		for _, w := range words {
			in := strings.Contains(article, w)
			if in {
				has++
			}
			numbers = numbers && (in || w[0] > '9')
		}
		found = found || numbers && float64(has) >= nearlyAll*float64(len(words))
		return nil
	}))
	return found
}
