package review_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
	"github.com/digital-fte/fte/ticket"
)

const companyKB = "../dev/company/kb"

// article is one of the made-up company's, cut into chunks about as large as
// those a search finds.
type article struct {
	slug   string
	chunks []review.Chunk
}

// company returns all articles in a stable order.
func company(tb testing.TB) []article {
	tb.Helper()
	files, err := filepath.Glob(companyKB + "/*/*.md")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	all := make([]article, 0, len(files))
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(tb, err)
		all = append(all, cutArticle(tb, strings.TrimSuffix(strings.TrimPrefix(file, companyKB+"/"), ".md"), string(data)))
	}
	return all
}

func cutArticle(tb testing.TB, slug, text string) article {
	tb.Helper()
	_, text, ok := strings.Cut(text, "---\n")
	require.True(tb, ok)
	front, body, ok := strings.Cut(text, "\n---\n")
	require.True(tb, ok)
	facts := map[string]string{}
	for line := range strings.Lines(front) {
		key, value, _ := strings.Cut(line, ":")
		facts[key] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	a := article{slug: slug}
	_, body, _ = strings.Cut(strings.TrimSpace(body), "\n") // the title
	var content string
	for part := range strings.SplitSeq("\n"+body, "\n## ") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if content != "" || !strings.HasPrefix(strings.TrimSpace(body), part) {
			part = "## " + part
		}
		content = strings.TrimSpace(content + "\n\n" + part)
		if len(strings.Fields(content)) >= 90 {
			a.add(facts, content)
			content = ""
		}
	}
	if content != "" {
		a.add(facts, content)
	}
	return a
}

func (a *article) add(facts map[string]string, content string) {
	a.chunks = append(a.chunks, review.Chunk{
		ID: uuid.NewSHA1(uuid.Nil, []byte(a.slug+content)), Title: facts["title"], Content: content, Slug: a.slug, Language: facts["language"],
	})
}

// named returns one article by its slug.
func named(tb testing.TB, slug string) article {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(companyKB, slug+".md"))
	require.NoError(tb, err)
	return cutArticle(tb, slug, string(data))
}

// answer is a draft that cites all chunks of an article, asked in its language.
func (a article) answer(draft string) review.Input {
	in := review.Input{
		Channel: ticket.Email, Draft: draft, Retrieved: a.chunks, Company: "Firnwacht",
		Customer: []string{"Hello, could you please tell me how this works and what I should do about it?"},
		Limits:   review.Limits{Words: 400},
	}
	if a.chunks[0].Language == "de" {
		in.Customer = []string{"Guten Tag, können Sie mir bitte sagen, wie das geht und was ich tun muss?"}
	}
	for _, c := range a.chunks {
		in.Citations = append(in.Citations, c.ID)
	}
	return in
}

// failed returns what refused a draft.
func failed(r review.Result) []ticket.Verdict {
	var all []ticket.Verdict
	for _, v := range r.Verdicts {
		if !v.Passed {
			all = append(all, v)
		}
	}
	return all
}
