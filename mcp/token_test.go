package mcp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/mcp"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	tokens, err := mcp.ParseTokens([]string{"ana:viewer:aaaaaaaaaaaaaaaa", " ana:lead:bbbbbbbbbbbbbbbb ", "cccccccccccccccc"})
	require.NoError(t, err)
	for token, want := range map[string]mcp.Holder{
		"aaaaaaaaaaaaaaaa": {Name: "ana", Role: mcp.Viewer},
		"bbbbbbbbbbbbbbbb": {Name: "ana", Role: mcp.Lead},
		"cccccccccccccccc": {Name: "admin", Role: mcp.Admin},
	} {
		holder, ok := tokens.Holder(token)
		require.True(t, ok)
		require.Equal(t, want, holder)
	}
	for _, token := range []string{"", "aaaaaaaaaaaaaaa", "ana:viewer:aaaaaaaaaaaaaaaa", "dddddddddddddddd"} {
		_, ok := tokens.Holder(token)
		require.False(t, ok, token)
	}
	require.False(t, tokens.Empty())
	require.True(t, mcp.Tokens{}.Empty())
	_, ok := mcp.Tokens{}.Holder("")
	require.False(t, ok)
}

func TestFaultyTokens(t *testing.T) {
	t.Parallel()
	for entry, says := range map[string]string{
		"ana:secretsecretsecret":             "is not NAME:ROLE:TOKEN",
		"ana:viewer:secretsecretsecret:more": "is not NAME:ROLE:TOKEN",
		"ana:boss:secretsecretsecret":        "has a role that is none of",
		"Ana Silva:viewer:secretsecretsecre": "has no name",
		":viewer:secretsecretsecret":         "has no name",
		"ana:viewer:secret":                  "has a token of less than 16",
		"":                                   "has a token of less than 16",
		"ana:viewer:secretsecret secret":     "has a token with characters",
		"goodgoodgoodgood":                   "has the token of another entry",
	} {
		_, err := mcp.ParseTokens([]string{"goodgoodgoodgood", entry})
		require.ErrorContains(t, err, "entry 2 "+says, entry)
		require.NotContains(t, err.Error(), "secretsecret")
	}
}
