package doctor

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of checks into the runbook")

const (
	page       = "../docs/runbook/doctor.md"
	tableBegin = "<!-- checks: written by `go test ./doctor -run TestPage -update` -->\n"
	tableEnd   = "<!-- end of checks -->\n"
)

// The runbook has every check, in its own words.
func TestPage(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| check | looks at | until it is mended | do |\n|---|---|---|---|\n")
	for _, c := range (&Doctor{}).Checks() {
		table.WriteString("| `" + c.Name + "` | " + c.Asks + " | " + c.Means + " | " + c.Do + " |\n")
	}
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), tableBegin)
	require.True(t, found, "the page has no place for the table")
	have, after, found := strings.Cut(rest, tableEnd)
	require.True(t, found, "the page has no end of the table")
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+tableBegin+table.String()+tableEnd+after), 0o600))
		return
	}
	require.Equal(t, table.String(), have, "run go test ./doctor -run TestPage -update")
}

func TestChecksAreComplete(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range (&Doctor{}).Checks() {
		require.Regexp(t, `^[a-z_]+(\.[a-z_]+)?$`, c.Name)
		require.NotContains(t, names, c.Name)
		names = append(names, c.Name)
		require.NotNil(t, c.Look, c.Name)
		require.NotRegexp(t, `\.$|\|`, c.Asks, c.Name)
		for _, sentence := range []string{c.Means, c.Do} {
			require.Regexp(t, `^[A-Z].*\.$`, sentence, c.Name)
			require.NotContains(t, sentence, "|", c.Name)
		}
		if c.After != "" {
			require.True(t, slices.Contains(names, c.After), "%s comes after %s, which has to stand before it", c.Name, c.After)
		}
	}
}
