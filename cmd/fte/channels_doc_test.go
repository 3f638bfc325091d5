package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryRuleOfAChannelHasItsPlace checks docs/channels.md: each row of its
// tables names where a rule is enforced and the tests that prove it, and both
// are there.
func TestEveryRuleOfAChannelHasItsPlace(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs/channels.md"))
	require.NoError(t, err)
	tests, migrations := sources(t, root)

	quoted := regexp.MustCompile("`([^`]+)`")
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 3 || strings.Contains(cells[0], "---") || strings.TrimSpace(cells[0]) == "Rule" {
			continue
		}
		rows++
		places, proofs := quoted.FindAllStringSubmatch(cells[1], -1), quoted.FindAllStringSubmatch(cells[2], -1)
		require.NotEmpty(t, places, "no place: %s", line)
		require.NotEmpty(t, proofs, "no proof: %s", line)
		for _, p := range places {
			_, err := os.Stat(filepath.Join(root, p[1]))
			require.True(t, err == nil || regexp.MustCompile(`\b`+regexp.QuoteMeta(p[1])+`\b`).MatchString(migrations),
				"%q is neither a file nor a name in the migrations: %s", p[1], line)
		}
		for _, p := range proofs {
			require.Contains(t, tests, p[1], "there is no such test: %s", line)
		}
	}
	require.Greater(t, rows, 50)
}

// sources returns the text of all tests and of all migrations.
func sources(t *testing.T, root string) (tests, migrations string) {
	t.Helper()
	var all, sql strings.Builder
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || (strings.HasPrefix(d.Name(), ".") && path != root)) {
			return filepath.SkipDir
		}
		var to *strings.Builder
		switch {
		case strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".test.ts"), strings.HasSuffix(path, ".test.tsx"),
			strings.Contains(path, "/web/e2e/"), strings.Contains(path, "/dev/sim/clients/") && strings.HasSuffix(path, ".py"):
			to = &all
		case strings.HasSuffix(path, ".sql"):
			to = &sql
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		to.Write(text)
		return err
	}))
	return all.String(), sql.String()
}
