package ticket_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestOneTimeCode(t *testing.T) {
	t.Parallel()
	old, err := ticket.ParseSecrets("the key that was used before and is long enough")
	require.NoError(t, err)
	now, err := ticket.ParseSecrets("the key that is used from now on and long enough,the key that was used before and is long enough")
	require.NoError(t, err)

	seen := map[string]bool{}
	for range 200 {
		id := uuid.New()
		code := old.OneTimeCode(id)
		require.Regexp(t, `^[0-9]{6}$`, code)
		seen[code] = true
		require.True(t, old.IsOneTimeCode(id, code))
		require.True(t, now.IsOneTimeCode(id, code), "a code outlives the change of a key")
		require.Equal(t, code == now.OneTimeCode(id), old.IsOneTimeCode(id, now.OneTimeCode(id)), "a key that is not known")
		for _, wrong := range []string{"", code[1:], code + "0", " " + code, "x"} {
			require.False(t, now.IsOneTimeCode(id, wrong))
		}
	}
	require.Greater(t, len(seen), 190, "codes differ from one id to the next")
}
