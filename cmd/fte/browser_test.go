package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser lets a real browser submit the form and wait for the answer on
// the ticket page, and submit it once more from another site. It needs built pages and a Chromium: `make e2e` runs it.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if os.Getenv("FTE_BROWSER_TEST") == "" {
		t.Skip("needs built pages and a browser; `make e2e` runs it")
	}
	shop := freeOrigin(t)
	l := newLab(t, map[string]string{"FTE_EMBED_ORIGINS": shop})
	l.StartAll()
	for _, story := range []string{"form.mjs", "embed.mjs"} {
		cmd := exec.CommandContext(t.Context(), "node", "e2e/"+story)
		cmd.Dir = "../../web"
		cmd.Env = append(os.Environ(), "BASE_URL="+l.BaseURL, "QUESTION="+question, "EXPECT="+answer, "EMBED_ORIGIN="+shop)
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		require.NoError(t, err, story)
	}
	l.Quiet()
}

// freeOrigin is the origin of a site that the test may serve on this machine.
func freeOrigin(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return fmt.Sprintf("http://shop.localhost:%d", l.Addr().(*net.TCPAddr).Port)
}
