package webform_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/ticket"
)

func TestTicketSeed(t *testing.T) {
	t.Parallel()
	secrets, err := ticket.ParseSecrets("a key that is long enough to sign with!")
	require.NoError(t, err)
	id := func(key, email string) uuid.UUID { return secrets.TicketID(webform.TicketSeed(key, email)...) }

	first, second := id("k", "ana@example.com"), id("k", "ana@example.com")
	require.Equal(t, first, second)
	require.NotEqual(t, first, id("k", "bob@example.com"), "somebody else's key opens nothing")
	require.NotEqual(t, first, id("l", "ana@example.com"))
	first, second = id("", "ana@example.com"), id("", "ana@example.com")
	require.NotEqual(t, first, second)
}

func TestEventIDs(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("0190d0ab-0000-8000-8000-000000000001")
	require.Equal(t, "form:0190d0ab-0000-8000-8000-000000000001", webform.SubmissionID(id))
	require.Equal(t, "form:0190d0ab-0000-8000-8000-000000000001:7", webform.MessageID(id, "7"))

	first, second := webform.MessageN("k"), webform.MessageN("k")
	require.Equal(t, first, second)
	require.NotEqual(t, first, webform.MessageN("l"))
	first, second = webform.MessageN(""), webform.MessageN("")
	require.NotEqual(t, first, second)
	require.Regexp(t, `^[0-9a-f]{32}$`, webform.MessageN("a key\nwith: anything"))
}
