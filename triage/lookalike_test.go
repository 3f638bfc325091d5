package triage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/triage"
)

// TestLookalikesAreReadAsWhatTheyLookLike writes the same words with each sign
// and letter that is taken for another.
func TestLookalikesAreReadAsWhatTheyLookLike(t *testing.T) {
	t.Parallel()
	for _, disguised := range []string{
		"i will su3 you", "I will sue you", "і will suе you", "I want my m0ney back", "I want my mоnеу bаck",
		"give me a r3fund", "give me a rеfund", "i want to sp3ak to a hum4n", "i want to ѕреаk to a humаn",
	} {
		require.NotEmpty(t, triage.Assess([]triage.Message{{Text: disguised}}).Fired, disguised)
	}
	for _, odd := range "0134579@$аеорсухівѕјкмнт" {
		triage.Assess([]triage.Message{{Text: "th" + string(odd) + "s is one w" + string(odd) + "rd"}})
	}
}
