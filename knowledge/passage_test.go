package knowledge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPassagesOfAChunk(t *testing.T) {
	t.Parallel()
	a, err := parseArticle("s.md", "s", []byte(`---
title: Returns
questions:
  - I want to send it back
  - "I  want to send it back"
  - Who pays for the parcel?
---
We take back everything. Really all of it.

## How

1. Print the slip.
2. Hand in the parcel.

## Cost

| Country | Price |
|---|---|
| Germany | 5 euro |

`+"```\ncurl -X POST https://x.example\n```\n"))
	require.NoError(t, err)
	require.Len(t, a.chunks, 1)
	require.Equal(t, []string{
		"Returns\n\nWe take back everything. Really all of it.",
		"Returns > How\n\n1. Print the slip.\n2. Hand in the parcel.",
		"Returns > Cost\n\n| Country | Price |\n|---|---|\n| Germany | 5 euro |\n\n```\ncurl -X POST https://x.example\n```",
		"We take back everything.", "Really all of it.", "Print the slip.", "Hand in the parcel.", "Germany 5 euro",
		"I want to send it back", "Who pays for the parcel?",
	}, a.chunks[0].passages())
	require.NotContains(t, a.chunks[0].text(), "Who pays", "questions are not shown")
}

func TestAChunkOfOneSentenceHasNoPassages(t *testing.T) {
	t.Parallel()
	a, err := parseArticle("s.md", "s", []byte("# Shipping\n\nParcels travel by sledge."))
	require.NoError(t, err)
	require.Empty(t, a.chunks[0].passages())
}

func TestAQuestionLeadsToTheChunkWithItsWords(t *testing.T) {
	t.Parallel()
	long := func(word string) string { return strings.Repeat("About "+word+" there is much to say here. ", 20) }
	a, err := parseArticle("s.md", "s", []byte("---\ntitle: T\nquestions: ['What of zebras?', Something else, Of all the giraffes]\n---\n## A\n\n"+
		long("giraffes")+"\n\n## B\n\n"+long("zebras")))
	require.NoError(t, err)
	require.Len(t, a.chunks, 2)
	require.Equal(t, []string{"Something else", "Of all the giraffes"}, a.chunks[0].asked)
	require.Equal(t, []string{"What of zebras?"}, a.chunks[1].asked)
}

func TestALongTableHasABoundedNumberOfPassages(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 300 {
		fmt.Fprintf(&rows, "| number %d | costs %d euro |\n", i, i)
	}
	a, err := parseArticle("s.md", "s", []byte("# T\n\n| Number | Cost |\n|---|---|\n"+rows.String()))
	require.NoError(t, err)
	require.Len(t, a.chunks[0].passages(), maxParts)
}

func TestQuestionsThatAreNone(t *testing.T) {
	t.Parallel()
	many := strings.Builder{}
	for i := range maxQuestions + 1 {
		fmt.Fprintf(&many, "  - Question %d\n", i)
	}
	for head, want := range map[string]string{
		"questions:\n" + many.String():                         "30 are enough",
		"questions:\n  - " + strings.Repeat("ab ", 101) + "\n": "as a customer asks",
		"questions: one\n":                                     "cannot be read",
	} {
		_, err := parseArticle("s.md", "s", []byte("---\ntitle: T\n"+head+"---\ntext"))
		require.ErrorContains(t, err, want)
	}
}

func TestQuestionsOfAPage(t *testing.T) {
	t.Parallel()
	a, err := parseArticle("s.html", "s", []byte(`<html><head><title>T</title><meta name="questions" content="How?"><meta name="questions" content="When?"></head><body><p>Some text.</p></body></html>`))
	require.NoError(t, err)
	require.Equal(t, []string{"How?", "When?"}, a.questions)
}
