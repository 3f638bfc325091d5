// Package clients_test checks the simulators with the official client libraries
// of another language, so that a simulator cannot be wrong in the same way as the
// code it is there to test.
package clients_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/pubsub"
	"github.com/digital-fte/fte/dev/sim/twilio"
)

const (
	account     = "AC00000000000000000000000000000001"
	token       = "0123456789abcdef0123456789abcdef"
	from        = "whatsapp:+14155238886"
	pushAccount = "push@simulator.iam.gserviceaccount.com"
	// mailboxes is how many mailboxes there are: each test takes a new one.
	mailboxes = 100
	// fetching and running bound how long it may take.
	fetching, running = 5 * time.Minute, 2 * time.Minute
)

// TestOfficialClients runs the tests in the folder python against simulators of
// its own. It needs Python 3.11 or later, and a package index the first time.
func TestOfficialClients(t *testing.T) {
	t.Parallel()
	if os.Getenv("FTE_CLIENT_TEST") != "1" {
		t.Skip("make test-clients runs it")
	}
	python, packages := install(t)
	ctx, cancel := context.WithTimeout(t.Context(), running)
	defer cancel()
	run := exec.CommandContext(ctx, python, "-m", "unittest", "discover", "--verbose", "--start-directory", "python")
	run.Env = append(os.Environ(), "PYTHONPATH="+packages, "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")
	run.Env = append(run.Env, simulators(t)...)
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err := run.Run()
	t.Log(out.String())
	require.NoError(t, err)
	// None may have been left out.
	require.Regexp(t, fmt.Sprintf(`\nRan %d tests in [^\n]+\n\nOK\n`, written(t)), out.String())
}

// written counts the tests there are.
func written(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("python/test_*.py")
	require.NoError(t, err)
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		n += len(regexp.MustCompile(`(?m)^    def test_`).FindAll(text, -1))
	}
	require.NotZero(t, n)
	return n
}

// simulators starts the simulators and returns the settings that lead to them.
func simulators(t *testing.T) []string {
	t.Helper()
	whatsapp, err := twilio.New(twilio.Options{AccountSID: account, AuthToken: token, From: from})
	require.NoError(t, err)
	var boxes []string
	for i := range mailboxes {
		boxes = append(boxes, fmt.Sprintf("support%d@example.com", i))
	}
	mail, err := gmail.New(gmail.Options{Mailboxes: boxes})
	require.NoError(t, err)
	push, err := pubsub.New(pubsub.Options{Subscription: "projects/p/subscriptions/s", ServiceAccount: pushAccount})
	require.NoError(t, err)
	mailURL := serve(t, mail, mail.Close)
	mail.SetBaseURL(mailURL)
	credentials, err := mail.ServiceAccountJSON()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(file, credentials, 0o600))
	return []string{
		"SIM_TWILIO=" + serve(t, whatsapp, whatsapp.Close), "SIM_TWILIO_ACCOUNT=" + account, "SIM_TWILIO_TOKEN=" + token, "SIM_TWILIO_FROM=" + from,
		"SIM_GMAIL=" + mailURL, "SIM_MAILBOXES=" + strings.Join(boxes, ","), "SIM_CREDENTIALS=" + file,
		"SIM_PUBSUB=" + serve(t, push, push.Close), "SIM_PUSH_ACCOUNT=" + pushAccount,
	}
}

func serve(t *testing.T, handler http.Handler, end func() error) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, end())
	})
	return server.URL
}
