package email_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestReadingLeavesRoomForSending(t *testing.T) {
	t.Parallel()
	f := newGmail(t, map[string]http.HandlerFunc{
		"GET messages/m1":  answer(object{"id": "m1", "threadId": "t1", "raw": "SGk="}),
		"POST drafts/send": answer(object{"id": "m1", "threadId": "t1"}),
	})
	c := f.client(t)
	reads := 0
	var err error
	for err == nil {
		_, _, _, _, err = c.Raw(t.Context(), "m1")
		reads++
		require.Less(t, reads, 2000, "there is no limit")
	}
	require.Equal(t, ticket.CodeRateLimited, ticket.CodeOf(err))
	require.Greater(t, reads, 200, "a minute's worth of mails can be read at once")
	wait := ticket.RetryAfterOf(err)
	require.Greater(t, wait, time.Second, "it is worth coming back")
	require.Less(t, wait, 10*time.Second)
	require.ErrorContains(t, err, "reading a mail: our own limit for this mailbox is reached")

	before := len(f.requests)
	_, _, err = c.SendDraft(t.Context(), "d1")
	require.NoError(t, err, "an answer still goes out")
	_, _, err = c.SendDraft(t.Context(), "d1")
	require.NoError(t, err)
	for range 3 {
		_, _, err = c.SendDraft(t.Context(), "d1")
	}
	require.Equal(t, ticket.CodeRateLimited, ticket.CodeOf(err), "it was surely not sent, so it may be sent later")
	require.Less(t, len(f.requests)-before, 5, "what is refused never leaves")
}

func TestAMailThatLeftCanBeReadBack(t *testing.T) {
	t.Parallel()
	f := newGmail(t, map[string]http.HandlerFunc{
		"GET messages/m1":  answer(metadata("m1", "o1", "SENT")),
		"POST drafts/send": answer(object{"id": "m1", "threadId": "t1"}),
	})
	c := f.client(t)
	sent := 0
	for {
		_, _, err := c.SendDraft(t.Context(), "d1")
		if err != nil {
			require.Equal(t, ticket.CodeRateLimited, ticket.CodeOf(err), "the burst is slowed before a mail leaves")
			break
		}
		sent++
		require.Less(t, sent, 100, "there is no limit")
	}
	require.GreaterOrEqual(t, sent, 14)
	for range sent {
		_, err := c.MessageID(t.Context(), "m1")
		require.NoError(t, err, "what a mail costs to read back was taken with its send")
	}
}
