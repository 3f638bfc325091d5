package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnotherSiteShowsTheForm(t *testing.T) {
	t.Parallel()
	s := testStack(t, nil)
	require.NoError(t, os.MkdirAll(s.logDir(), 0o755))
	s.publicURL = "http://localhost:8080"
	shop, err := s.startShop(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, shop.stop(t.Context())) })

	require.Equal(t, shop.detail, shopURL(shop.settings))
	require.Empty(t, shopURL(nil))
	for origin := range strings.SplitSeq(shop.settings["FTE_EMBED_ORIGINS"], ",") {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		page, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Contains(t, string(page), `<script src="http://localhost:8080/embed.js" async></script>`)
		require.Contains(t, string(page), "<fte-support-form></fte-support-form>")
	}
}
