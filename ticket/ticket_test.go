package ticket_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

const (
	oldKey = "an old key that is long enough to sign with"
	newKey = "a new key that is long enough to sign with!"
)

func secrets(t *testing.T, list string) ticket.Secrets {
	t.Helper()
	s, err := ticket.ParseSecrets(list)
	require.NoError(t, err)
	return s
}

func TestTicketIDIsGenuineAndStable(t *testing.T) {
	t.Parallel()
	s := secrets(t, oldKey)
	id := s.TicketID("key", "ana@example.com")
	require.Equal(t, id, s.TicketID("key", "ana@example.com"))
	require.NotEqual(t, id, s.TicketID("keya", "na@example.com"))
	require.True(t, s.Genuine(id))
	require.Equal(t, uuid.Version(8), id.Version())
	require.Equal(t, uuid.RFC4122, id.Variant())
}

func TestForeignIDsAreRefused(t *testing.T) {
	t.Parallel()
	s := secrets(t, oldKey)
	for range 1000 {
		require.False(t, s.Genuine(uuid.New()))
	}
	id := s.TicketID("x")
	for bit := range 128 {
		flipped := id
		flipped[bit/8] ^= 1 << (bit % 8)
		require.False(t, s.Genuine(flipped), "bit %d", bit)
	}
	require.False(t, s.Genuine(secrets(t, newKey).TicketID("x")))
}

func TestRotationKeepsWhatWasHandedOut(t *testing.T) {
	t.Parallel()
	before, after := secrets(t, oldKey), secrets(t, newKey+","+oldKey)
	require.True(t, after.Genuine(before.TicketID("x")))
	conv := uuid.New()
	got, ok := after.ConversationOf(before.ReplyAddress("support@example.com", conv))
	require.True(t, ok)
	require.Equal(t, conv, got)
}

func TestParseSecretsRefusesWeakKeys(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"", " , ", "short", oldKey + ",short"} {
		_, err := ticket.ParseSecrets(list)
		require.Error(t, err, list)
	}
}

func TestReplyAddress(t *testing.T) {
	t.Parallel()
	s := secrets(t, oldKey)
	conv := uuid.New()
	addr := s.ReplyAddress("support@example.com", conv)
	local, domain, _ := strings.Cut(addr, "@")
	require.Equal(t, "example.com", domain)
	require.LessOrEqual(t, len(local), 64)

	got, ok := s.ConversationOf(strings.ToUpper(addr))
	require.True(t, ok)
	require.Equal(t, conv, got)

	for _, bad := range []string{
		"support@example.com", "support+news@example.com", "", "+", s.ReplyAddress("nodomain", conv),
		secrets(t, newKey).ReplyAddress("support@example.com", conv),
	} {
		_, ok := s.ConversationOf(bad)
		require.False(t, ok, bad)
	}
}

func TestNumberAndWorkflowID(t *testing.T) {
	t.Parallel()
	s := secrets(t, oldKey)
	require.Regexp(t, `^T-[0-9A-HJKMNP-TV-Z]{10}$`, ticket.Number(s.TicketID("x")))
	id := s.WorkflowID(ticket.WhatsApp, "+1555>+4915")
	require.Regexp(t, `^ticket/whatsapp/[0-9a-f]{32}$`, id)
	require.NotEqual(t, id, s.WorkflowID(ticket.Email, "+1555>+4915"))
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	require.Equal(t, ticket.Code(""), ticket.CodeOf(nil))
	inner := &ticket.Error{Code: ticket.CodeRateLimited, Message: "slow down", RetryAfter: 7e9}
	outer := ticket.Wrap(ticket.CodeUnavailable, inner, "calling the model")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(outer))
	require.Equal(t, inner.RetryAfter, ticket.RetryAfterOf(outer))
	require.ErrorIs(t, outer, inner)
}
