package knowledge

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCut compares the chunks of every article in testdata/cut with the file
// beside it; `go test ./knowledge -run TestCut -update` writes them anew.
func TestCut(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cut/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			a, err := parseArticle("slug.md", "slug", data)
			require.NoError(t, err)
			var got strings.Builder
			fmt.Fprintf(&got, "title=%q category=%q language=%q updated=%s\n", a.title, a.category, a.language, day(a.updated))
			for _, c := range a.chunks {
				fmt.Fprintf(&got, "\n===== %s (%d words)\n%s\n", c.title, countWords(c.content), c.content)
			}
			golden := strings.TrimSuffix(file, ".md") + ".golden"
			if flag.Lookup("update").Value.String() == "true" {
				require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

func day(updated *time.Time) string {
	if updated == nil {
		return "-"
	}
	return updated.Format(time.DateOnly)
}

func TestTablesAndCodeAreNeverCut(t *testing.T) {
	t.Parallel()
	table := "| a | b |\n|---|---|\n" + strings.Repeat("| some words in a cell | and more of them |\n", 60)
	code := "```\n" + strings.Repeat("a line of code\n\n", 150) + "```"
	a, err := parseArticle("s.md", "s", []byte("# T\n\nBefore.\n\n"+table+"\nBetween.\n\n"+code+"\n\nAfter.\n"))
	require.NoError(t, err)
	var whole int
	for _, c := range a.chunks {
		if strings.Contains(c.content, strings.TrimSpace(table)) {
			whole++
		}
		if strings.Contains(c.content, code) {
			whole++
		}
	}
	require.Equal(t, 2, whole)
	require.Greater(t, len(a.chunks), 1)
}

func TestEveryWordSurvivesCutting(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no spaces":    strings.Repeat("部屋の温度が高すぎます。センサーを確認してください。", 400),
		"no sentences": strings.Repeat("word ", 3000),
		"one word":     strings.Repeat("x", 30_000),
		"abbreviation": strings.Repeat("Use e.g. Tag or z. B. Probe. ", 300),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := parseArticle("s.md", "s", []byte("# T\n\n"+body))
			require.NoError(t, err)
			var all strings.Builder
			for _, c := range a.chunks {
				require.LessOrEqual(t, countWords(c.content), maxWords+overlapWords)
				all.WriteString(c.content)
			}
			bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
			require.GreaterOrEqual(t, len(bare(all.String())), len(bare(body)))
		})
	}
}

func TestUnreadableArticles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"latin-1":            {"# Gr\xfc\xdfe\n\ntext", "UTF-8"},
		"nul":                {"# T\n\na\x00b", "UTF-8"},
		"nothing":            {" \n\n", "empty"},
		"only headings":      {"# T\n\n## S\n", "empty"},
		"no title":           {"## S\n\ntext", "no title"},
		"open front matter":  {"---\ntitle: T\n\ntext", "close it"},
		"broken key":         {"---\ntitle: a: b\n---\ntext", "in quotes"},
		"not keys":           {"---\nhello\n---\ntext", "key: value"},
		"language in words":  {"---\ntitle: T\nlanguage: German language\n---\ntext", "`de`"},
		"day in words":       {"---\ntitle: T\nupdated: last week\n---\ntext", "2026-01-31"},
		"table without end":  {"# T\n\n```\n" + strings.Repeat("words of code\n", 3000) + "```", "divide it"},
		"title is a mapping": {"---\ntitle: {a: b}\n---\ntext", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseArticle("s.md", "s", []byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestBytesOfOtherSystems(t *testing.T) {
	t.Parallel()
	a, err := parseArticle("s.md", "s", []byte("\ufeff---\r\ntitle: T\r\n---\r\n\r\nOne.\r\n\r\n## S\r\n\r\nTwo.\r\n"))
	require.NoError(t, err)
	require.Equal(t, "T", a.title)
	require.Equal(t, "en", a.language)
	require.Len(t, a.chunks, 1)
	require.Equal(t, "T", a.chunks[0].title)
	require.Equal(t, "One.\n\n## S\n\nTwo.", a.chunks[0].content)
}
