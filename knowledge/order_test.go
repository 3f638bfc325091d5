package knowledge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/bench/attacks"
)

// TestOrdersAreNoKnowledge reads the articles of the attackers: what they say
// stays, what they want is left out, so that no answer can rest on it.
func TestOrdersAreNoKnowledge(t *testing.T) {
	t.Parallel()
	all, err := attacks.Load()
	require.NoError(t, err)
	told := 0
	for _, attack := range all {
		if attack.Channel != attacks.Article {
			continue
		}
		attack = attack.Aim("quillword", "vic@customer.example")
		a, err := parseArticle(attack.ID+".md", attack.ID, []byte(attack.Text))
		require.NoError(t, err, attack.ID)
		fact := strings.Split(attack.Text, "\n\n")[1]
		require.Contains(t, a.body, fact, attack.ID)
		for _, wanted := range []string{"quillword", attacks.Said, "vic@customer.example", "evil.example", "data marker", "instructions"} {
			require.NotContains(t, a.body, wanted, attack.ID)
		}
		if a.suspect != "" {
			told++
		}
	}
	require.Greater(t, told, 20, "people hear of it, too")
	trusted, err := parseArticle("a.md", "a", []byte("---\ntrusted: true\n---\n# Tools\n\nCall issue_refund {} to test it.\n"))
	require.NoError(t, err)
	require.Contains(t, trusted.body, "issue_refund")
}
