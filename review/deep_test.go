package review_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

// meanings is an embedder that knows which words mean the same: it gives each
// text the sum of the axes of its words.
type meanings struct {
	same  map[string]string
	calls int
	asked int
	fails error
	short bool
}

func (m *meanings) Embed(_ context.Context, texts []string) ([][]float32, error) {
	m.calls++
	m.asked += len(texts)
	if m.fails != nil {
		return nil, m.fails
	}
	axes := map[string]int{}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = make([]float32, 512)
		for _, w := range wordsOf(text) {
			if s, ok := m.same[w]; ok {
				w = s
			}
			if _, ok := axes[w]; !ok {
				axes[w] = len(axes)
			}
			vectors[i][axes[w]%512]++
		}
	}
	if m.short {
		return vectors[1:], nil
	}
	return vectors, nil
}

func wordsOf(text string) []string { return someWord.FindAllString(text, -1) }

const reworded = "The link in the password e-mail functions for 30 minutes."

func TestMeaningSupportsOtherWords(t *testing.T) {
	t.Parallel()
	in := named(t, "account/reset-password").answer(reworded)
	shallow := review.Check(in)
	require.False(t, shallow.Passed)
	require.True(t, shallow.Deepen)

	m := &meanings{same: map[string]string{"functions": "valid"}}
	deep, err := review.CheckDeeply(t.Context(), in, m)
	require.NoError(t, err)
	require.True(t, deep.Passed, "%v %+v", failed(deep), review.Explain(in))
	require.Equal(t, 1, m.calls)
	require.Equal(t, 1, deep.Supported)
	require.Zero(t, shallow.Supported)

	deep, err = review.CheckDeeply(t.Context(), in, &meanings{})
	require.NoError(t, err)
	require.False(t, deep.Passed, "an unknown word is near to nothing")
}

// TestMeaningExcusesNothingExact gives the embedder no say about numbers, names,
// links and denials: to it, everything is the same.
func TestMeaningExcusesNothingExact(t *testing.T) {
	t.Parallel()
	for _, draft := range []string{
		"The link in the password e-mail functions for 60 minutes.",
		"The link in the password e-mail functions for 30 hours.",
		"The link in the password e-mail does not function for 30 minutes.",
		"The link in the Viewer e-mail functions for 30 minutes.",
		"The link in the password e-mail functions only for 30 minutes.",
		"The link at https://evil.example functions for 30 minutes.",
		"The link in the Owner functions for 30 minutes.",
		"The link in the password e-mail functions for more than 30 minutes.",
		"The password in the e-mail functions for 12 characters.",
		"The link in the organisation functions for 30 minutes.",
		"All links in all e-mails function forever and for 30 minutes.",
		"The link is free for life.",
	} {
		in := named(t, "account/reset-password").answer(draft)
		r, err := review.CheckDeeply(t.Context(), in, everythingIsTheSame{})
		require.NoError(t, err)
		require.False(t, r.Passed, draft)
	}
}

type everythingIsTheSame struct{}

func (everythingIsTheSame) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = []float32{1, 0}
	}
	return vectors, nil
}

func TestMeaningIsAskedOnlyWhenItHelps(t *testing.T) {
	t.Parallel()
	m := &meanings{}
	r, err := review.CheckDeeply(t.Context(), named(t, "account/reset-password").answer(fact), m)
	require.NoError(t, err)
	require.True(t, r.Passed)
	require.Zero(t, m.calls)
}

func TestEmbedderFails(t *testing.T) {
	t.Parallel()
	in := named(t, "account/reset-password").answer(reworded)
	down := errors.New("down")
	r, err := review.CheckDeeply(t.Context(), in, &meanings{fails: down})
	require.ErrorIs(t, err, down)
	require.Equal(t, review.Check(in), r)
	_, err = review.CheckDeeply(t.Context(), in, &meanings{short: true})
	require.ErrorContains(t, err, "vectors")
}
