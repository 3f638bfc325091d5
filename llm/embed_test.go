package llm_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

// recorder answers embedding requests, out of order, with vectors that tell
// which text they belong to, and keeps the requests.
type recorder struct {
	mu      sync.Mutex
	batches [][]string
}

func (c *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Model string   `json:"model"`
		Input []string `json:"input"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	c.mu.Lock()
	c.batches = append(c.batches, body.Input)
	c.mu.Unlock()
	data := make([]any, 0, len(body.Input))
	for i, text := range body.Input {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": []float64{float64(len(text)), 1, -0.5}})
	}
	slices.Reverse(data)
	say(http.StatusOK, encode(map[string]any{"object": "list", "data": data, "model": body.Model}))(w, r)
}

func TestEmbedKeepsOrderAcrossBatches(t *testing.T) {
	t.Parallel()
	server := &recorder{}
	client := serve(t, server.ServeHTTP)
	texts := make([]string, 150)
	for i := range texts {
		texts[i] = strings.Repeat("a", i+1)
	}
	vectors, err := client.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	for i, vector := range vectors {
		require.Len(t, vector, llm.MaxDimensions)
		require.Equal(t, []float32{float32(i + 1), 1, -0.5, 0}, vector[:4])
		require.Equal(t, make([]float32, llm.MaxDimensions-3), vector[3:])
	}
	require.Equal(t, []int{64, 64, 22}, sizes(server.batches))
	require.Equal(t, texts, slices.Concat(server.batches...))
}

func TestEmbedBoundsTheBytesOfABatch(t *testing.T) {
	t.Parallel()
	server := &recorder{}
	client := serve(t, server.ServeHTTP)
	texts := []string{
		strings.Repeat("a", 100_000), strings.Repeat("b", 150_000), "c", strings.Repeat("d", 250_000), "e", "f",
	}
	vectors, err := client.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	require.Equal(t, []int{2, 1, 1, 2}, sizes(server.batches))

	_, err = client.Embed(t.Context(), []string{"a", strings.Repeat("a", 250_001)})
	requireCode(t, ticket.CodeTooLarge, err)
	require.ErrorContains(t, err, "text 2 of 2")
	require.Len(t, server.batches, 4, "nothing was sent")
}

func sizes(batches [][]string) []int {
	var n []int
	for _, b := range batches {
		n = append(n, len(b))
	}
	return n
}

func TestEmbedOfNothing(t *testing.T) {
	t.Parallel()
	server := &recorder{}
	client := serve(t, server.ServeHTTP)
	vectors, err := client.Embed(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, vectors)
	_, err = client.Embed(t.Context(), []string{"a", " \n"})
	requireCode(t, ticket.CodeInvalid, err)
	require.ErrorContains(t, err, "text 2 of 2")
	require.Empty(t, server.batches)
}

func TestPaddingKeepsTheCosine(t *testing.T) {
	t.Parallel()
	client := serve(t, say(http.StatusOK, `{"data":[{"index":0,"embedding":[1,2,3]},{"index":1,"embedding":[3,-1,0.5]}]}`))
	vectors, err := client.Embed(t.Context(), []string{"a", "b"})
	require.NoError(t, err)
	cosine := func(a, b []float32) float64 {
		var dot, aa, bb float64
		for i := range a {
			dot, aa, bb = dot+float64(a[i]*b[i]), aa+float64(a[i]*a[i]), bb+float64(b[i]*b[i])
		}
		return dot / math.Sqrt(aa*bb)
	}
	require.InDelta(t, cosine([]float32{1, 2, 3}, []float32{3, -1, 0.5}), cosine(vectors[0], vectors[1]), 1e-9)
}

func TestEmbedTakesTheWidestVectorAndNoWider(t *testing.T) {
	t.Parallel()
	wide := func(n int) string {
		return `{"data":[{"index":0,"embedding":[1` + strings.Repeat(",0.0123456789012345678", n-1) + `]}]}`
	}
	client := serve(t, say(http.StatusOK, wide(llm.MaxDimensions)))
	vectors, err := client.Embed(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Len(t, vectors[0], llm.MaxDimensions)

	client = serve(t, say(http.StatusOK, wide(3072)))
	_, err = client.Embed(t.Context(), []string{"a"})
	requireCode(t, ticket.CodeInvalid, err)
	require.ErrorContains(t, err, "test-embedding has 3072 dimensions")
}

func TestAFullBatchOfWideVectorsFitsTheLimit(t *testing.T) {
	t.Parallel()
	vector := "[1" + strings.Repeat(",-0.006929283495992422", 4095) + "]"
	items := make([]string, 64)
	for i := range items {
		items[i] = fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":%s}`, i, vector)
	}
	client := serve(t, say(http.StatusOK, `{"data":[`+strings.Join(items, ",")+`]}`))
	_, err := client.Embed(t.Context(), slices.Repeat([]string{"a"}, 64))
	requireCode(t, ticket.CodeInvalid, err)
	require.ErrorContains(t, err, "4096 dimensions")
}

func TestEmbedRefusesBadVectors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ data, reason string }{
		"none":                 {`[]`, "another number"},
		"too few":              {`[{"index":0,"embedding":[1]}]`, "another number"},
		"too many":             {`[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]},{"index":2,"embedding":[1]}]`, "another number"},
		"same index":           {`[{"index":1,"embedding":[1]},{"index":1,"embedding":[1]}]`, "cannot be matched"},
		"index too high":       {`[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]`, "cannot be matched"},
		"index negative":       {`[{"index":0,"embedding":[1]},{"index":-1,"embedding":[1]}]`, "cannot be matched"},
		"empty vector":         {`[{"index":0,"embedding":[1]},{"index":1,"embedding":[]}]`, "without direction"},
		"zero vector":          {`[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[0,0]}]`, "without direction"},
		"vector of nulls":      {`[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[null,null]}]`, "without direction"},
		"different dimensions": {`[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1,2,3]}]`, "different dimensions"},
		"not a number":         {`[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[NaN,1]}]`, "not the JSON"},
		"beyond float32":       {`[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1e39,1]}]`, "not the JSON"},
		"words":                {`[{"index":0,"embedding":"` + secretText + `"}]`, "not the JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(http.StatusOK, `{"object":"list","data":`+test.data+`}`))
			vectors, err := client.Embed(t.Context(), []string{"a", "b"})
			requireCode(t, ticket.CodeBadOutput, err)
			require.ErrorContains(t, err, test.reason)
			require.ErrorContains(t, err, "test-embedding")
			require.Nil(t, vectors)
		})
	}
}

func TestOneFailedBatchFailsAll(t *testing.T) {
	t.Parallel()
	server := &recorder{}
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		server.mu.Lock()
		first := len(server.batches) == 0
		server.mu.Unlock()
		if first {
			server.ServeHTTP(w, r)
			return
		}
		say(http.StatusTooManyRequests, ``, "Retry-After", "9")(w, r)
	})
	vectors, err := client.Embed(t.Context(), slices.Repeat([]string{"a"}, 65))
	requireCode(t, ticket.CodeRateLimited, err)
	require.Equal(t, 9*time.Second, ticket.RetryAfterOf(err))
	require.Nil(t, vectors)
}
