package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser lets a real browser submit the form and wait for the answer on
// the ticket page. It needs built pages and a Chromium: `make e2e` runs it.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if os.Getenv("FTE_BROWSER_TEST") == "" {
		t.Skip("needs built pages and a browser; `make e2e` runs it")
	}
	l := newLab(t, nil)
	l.StartAll()
	cmd := exec.CommandContext(t.Context(), "node", "e2e/form.mjs")
	cmd.Dir = "../../web"
	cmd.Env = append(os.Environ(), "BASE_URL="+l.BaseURL, "QUESTION="+question, "EXPECT="+answer)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
	l.Quiet()
}
