package attacks_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/bench/attacks"
)

// TestTheCorpusIsComplete holds the corpus to what its README says of it.
func TestTheCorpusIsComplete(t *testing.T) {
	t.Parallel()
	all, err := attacks.Load()
	require.NoError(t, err)
	ids, channels, kinds, texts := map[string]bool{}, map[string]int{}, map[string]int{}, map[string]bool{}
	for _, a := range all {
		ids[a.ID] = true
		channels[a.Channel]++
		kinds[a.Kind]++
		plain := a
		plain.ID = ""
		encoded, err := json.Marshal(plain)
		require.NoError(t, err)
		texts[string(encoded)] = true
		require.NotEmpty(t, a.Where, a.ID)
		require.NotEmpty(t, a.Kind, a.ID)
		require.NotEmpty(t, a.Text, a.ID)
		require.Equal(t, a.Channel == attacks.Article, a.Question != "", a.ID)
		aimed, err := json.Marshal(a.Aim("word", "vic@customer.example"))
		require.NoError(t, err)
		require.NotContains(t, string(aimed), "{{", a.ID)
	}
	require.Equal(t, map[string]int{"email": 74, "whatsapp": 64, "webform": 62, "kb": 34}, channels)
	require.Len(t, ids, len(all))
	require.Len(t, texts, len(all), "no attack stands there twice")
	require.GreaterOrEqual(t, kinds["prompt extraction"], 20)
	require.Len(t, kinds, 20)
}
