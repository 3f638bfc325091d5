package activities_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestABurstOfMailIsSlowedAndNeverInDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	turns, drafts := make([]uuid.UUID, 8), make([]uuid.UUID, 8)
	for i := range turns {
		turns[i], drafts[i] = w.onForm("Open the settings.")
	}
	var err error
	for err == nil { // a long sync takes what reading may have
		_, _, err = w.options.Gmail.Watch(t.Context(), "projects/p/topics/mail")
	}
	require.Equal(t, ticket.CodeRateLimited, ticket.CodeOf(err))
	errs := make([]error, len(turns))
	var all sync.WaitGroup
	for i := range turns {
		all.Go(func() { _, errs[i] = w.send(turns[i], drafts[i]) })
	}
	all.Wait()
	sent := 0
	for i, err := range errs {
		if err == nil {
			sent++
			require.Equal(t, []string{"sent"}, w.states(turns[i]))
			continue
		}
		requireRefused(t, err, ticket.CodeRateLimited, false)
		require.Positive(t, refusal(t, err).NextRetryDelay())
		require.Equal(t, []string{"queued"}, w.states(turns[i]), "it surely did not leave")
	}
	require.Positive(t, sent)
	require.Len(t, w.gmail.Sent(), sent)

	w.connectGmail() // a minute later there are units again
	for i := range turns {
		_, err := w.send(turns[i], drafts[i])
		require.NoError(t, err)
	}
	require.Len(t, w.gmail.Sent(), len(turns))
	require.Empty(t, w.gmail.Drafts(mailbox))
}
