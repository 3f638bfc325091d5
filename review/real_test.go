package review_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

// TestMeaningsOfARealModel measures what reviews by meaning add with the
// embeddings at FTE_EMBEDDINGS_URL, and that they let nothing bad through.
func TestMeaningsOfARealModel(t *testing.T) {
	t.Parallel()
	url := os.Getenv("FTE_EMBEDDINGS_URL")
	if url == "" {
		t.Skip("needs embeddings: `make bench-eval` brings some")
	}
	e := &server{url: url}
	passes := func(article, draft string) (words, meaning bool) {
		in := named(t, article).answer(draft)
		shallow := review.Check(in)
		if shallow.Passed || !shallow.Deepen {
			return shallow.Passed, shallow.Passed
		}
		deep, err := review.CheckDeeply(t.Context(), in, e)
		require.NoError(t, err)
		if !deep.Passed {
			t.Logf("refused %s: %q", article, draft)
		}
		return false, deep.Passed
	}
	for name, set := range map[string][]struct{ article, draft string }{"paraphrases": paraphrases, "unseen paraphrases": unseenGood} {
		byWords, byMeaning := 0, 0
		for _, c := range set {
			words, meaning := passes(c.article, c.draft)
			if words {
				byWords++
			}
			if meaning {
				byMeaning++
			}
		}
		t.Logf("%s: %d of %d pass by words, %d with meanings", name, byWords, len(set), byMeaning)
	}
	bad := 0
	for _, c := range append(append([]struct{ article, draft string }{}, unseenBad...), invented...) {
		if _, meaning := passes(c.article, c.draft); meaning {
			t.Errorf("%s: passes by meaning: %q", c.article, c.draft)
		}
		bad++
	}
	t.Logf("%d invented sentences; %d texts embedded", bad, e.asked)
}

// server asks an OpenAI-compatible server for embeddings.
type server struct {
	url   string
	asked int
}

func (s *server) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	s.asked += len(texts)
	body, err := json.Marshal(map[string]any{"model": "all-MiniLM-L6-v2", "input": texts})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/embeddings", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("embedding: %s", answer.Status)
	}
	var got struct {
		Data []struct {
			Embedding []float32 `json:"embedding"`
		} `json:"data"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(got.Data))
	for i, d := range got.Data {
		vectors[i] = d.Embedding
	}
	return vectors, nil
}
