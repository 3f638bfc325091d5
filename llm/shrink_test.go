package llm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
)

func words(n int) string { return strings.Repeat("word ", n) }

// long has n characters of each kind of data.
func long(n int) llm.PromptInput {
	in := llm.PromptInput{CustomerMessages: []string{words(n / 5)}}
	for range 4 {
		in.History = append(in.History, llm.HistoryMessage{Text: words(n / 20)})
		in.Chunks = append(in.Chunks, llm.Chunk{Content: words(n / 20)})
	}
	return in
}

func TestAPromptShrinksInOrder(t *testing.T) {
	t.Parallel()
	in := long(2000)
	half, ok := llm.Shrink(in)
	require.True(t, ok)
	require.Empty(t, half.History, "history goes first")
	require.Len(t, half.Chunks, 2, "then chunks, the worst first")
	require.Equal(t, in.Chunks[:2], half.Chunks)
	require.Equal(t, in.CustomerMessages, half.CustomerMessages, "the customer's words last")
	require.Len(t, in.History, 4, "the original stays")
	require.Len(t, in.Chunks, 4)

	quarter, ok := llm.Shrink(half)
	require.True(t, ok)
	require.Len(t, quarter.Chunks, 2, "without any nothing could be supported")
	require.Contains(t, quarter.CustomerMessages[0], "characters are left out here")
	require.True(t, strings.HasPrefix(quarter.CustomerMessages[0], "word word"))
	require.True(t, strings.HasSuffix(quarter.CustomerMessages[0], "word "))
	require.Less(t, len(quarter.CustomerMessages[0]), 700)
	require.Equal(t, half.CustomerMessages, in.CustomerMessages)
}

func TestOnlyAsMuchAsNeededIsLeftOut(t *testing.T) {
	t.Parallel()
	in := llm.PromptInput{CustomerMessages: []string{"Hello?"}, Chunks: []llm.Chunk{{Content: words(10)}}}
	for range 10 {
		in.History = append(in.History, llm.HistoryMessage{Text: words(100)})
	}
	in.History[9].Text = "the newest"
	half, ok := llm.Shrink(in)
	require.True(t, ok)
	require.NotEmpty(t, half.History)
	require.Equal(t, "the newest", half.History[len(half.History)-1].Text)
	require.Equal(t, in.Chunks, half.Chunks)
}

func TestTheChunksOfTheLastSearchGoFirst(t *testing.T) {
	t.Parallel()
	in := llm.PromptInput{
		Chunks:        []llm.Chunk{{Content: words(10)}, {Content: words(10)}},
		PriorSearches: []llm.SearchRound{{Chunks: []llm.Chunk{{Content: "first"}}}, {Chunks: []llm.Chunk{{Content: words(100)}, {Content: words(100)}}}},
	}
	half, ok := llm.Shrink(in)
	require.True(t, ok)
	require.Equal(t, in.Chunks, half.Chunks)
	require.Empty(t, half.PriorSearches[1].Chunks)
	require.Len(t, in.PriorSearches[1].Chunks, 2)
}

func TestNothingIsLeftToLeaveOut(t *testing.T) {
	t.Parallel()
	_, ok := llm.Shrink(llm.PromptInput{CustomerMessages: []string{"Hello?"}, Chunks: []llm.Chunk{{Content: "Hello."}}})
	require.False(t, ok)
	_, ok = llm.Shrink(llm.PromptInput{})
	require.False(t, ok)
}
