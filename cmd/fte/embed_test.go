package main

import (
	"testing"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"
)

func TestSitesThatShowTheFormAreChecked(t *testing.T) {
	t.Parallel()
	load := func(origins string) (*Config, error) {
		return loadConfig(t.Context(), envconfig.MapLookuper(map[string]string{"FTE_EMBED_ORIGINS": origins}))
	}
	c, err := load("https://www.example.com,http://localhost:3000")
	require.NoError(t, err)
	require.Equal(t, []string{"https://www.example.com", "http://localhost:3000"}, c.EmbedOrigins)

	c, err = load("")
	require.NoError(t, err)
	require.Empty(t, c.EmbedOrigins)

	_, err = load("*,https://www.example.com/")
	require.ErrorContains(t, err, `FTE_EMBED_ORIGINS: "*" is not the origin of a site`)
	require.ErrorContains(t, err, `"https://www.example.com/"`)
}
