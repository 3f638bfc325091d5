package web

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestDist(t *testing.T) {
	t.Parallel()

	t.Run("only the placeholder", func(t *testing.T) {
		t.Parallel()
		_, err := dist(fstest.MapFS{"dist/.gitkeep": {}})
		require.ErrorIs(t, err, ErrNotBuilt)
	})

	t.Run("built", func(t *testing.T) {
		t.Parallel()
		pages, err := dist(fstest.MapFS{"dist/index.html": {Data: []byte("<!doctype html>")}})
		require.NoError(t, err)
		html, err := fs.ReadFile(pages, "index.html")
		require.NoError(t, err)
		require.Equal(t, "<!doctype html>", string(html))
	})

	t.Run("the embedded placeholder is always there", func(t *testing.T) {
		t.Parallel()
		_, err := fs.Stat(built, "dist/.gitkeep")
		require.NoError(t, err)
	})

	t.Run("Built agrees with Dist", func(t *testing.T) {
		t.Parallel()
		_, err := Dist()
		require.Equal(t, err == nil, Built())
	})
}
