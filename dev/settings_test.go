package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func environmentOf(set settings) environment {
	return func(name string) (string, bool) {
		value, ok := set[name]
		return value, ok
	}
}

func TestSettingsReplaceWhatIsInherited(t *testing.T) {
	t.Parallel()
	got := settings{"DATABASE_URL": "new", "A": "1"}.environ([]string{"PATH=/bin", "DATABASE_URL=old", "DATABASE_URL_FILE=/old", "DATABASE=kept"})
	require.Equal(t, []string{"PATH=/bin", "DATABASE=kept", "A=1", "DATABASE_URL=new"}, got)
}

func TestEnvFileIsReadByAShell(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "env")
	odd := `it's "$HOME" \n; # all of it`
	require.NoError(t, settings{"FTE_ODD": odd, "B": "2"}.write(file, []string{"OPENAI_API_KEY"}))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `set -a; . "$0"; sh -c 'printf %s "$FTE_ODD$B"'`, file).Output()
	require.NoError(t, err)
	require.Equal(t, odd+"2", string(out))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "# OPENAI_API_KEY is taken from your environment.")
}

func TestSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	first, err := keptSecret(file)
	require.NoError(t, err)
	_, err = ticket.ParseSecrets(first)
	require.NoError(t, err)
	second, err := keptSecret(file)
	require.NoError(t, err)
	require.Equal(t, first, second)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func testStack(t *testing.T, set settings) *stack {
	t.Helper()
	return &stack{checkout: testCheckout(t), console: &console{out: &strings.Builder{}}, env: environmentOf(set)}
}

func TestDefaultsYieldToThePerson(t *testing.T) {
	t.Parallel()
	s := testStack(t, settings{"FTE_SECRET_KEY_FILE": "/run/secret", "HTTP_ADDR": "127.0.0.1:0", "METRICS_ADDR": "127.0.0.1:0", workerMetricsVar: "127.0.0.1:0"})
	require.NoError(t, s.chooseAddresses(t.Context()))
	got, own := s.defaults("made here")
	require.Equal(t, []string{"FTE_SECRET_KEY_FILE", "HTTP_ADDR", "METRICS_ADDR"}, own)
	require.NotContains(t, got, "FTE_SECRET_KEY")
	require.NotContains(t, got, "HTTP_ADDR")
	require.Equal(t, "http://localhost:0", got["PUBLIC_BASE_URL"])
}

func TestWorkerHasAMetricsAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	s := testStack(t, nil)
	environ := settings{"METRICS_ADDR": metricsAddr}.environ(nil)
	all := s.services(environ)
	require.Equal(t, []string{"METRICS_ADDR=" + metricsAddr}, all[0].environ)
	require.Equal(t, []string{"METRICS_ADDR=" + workerMetricsAddr}, all[1].environ)
}

func TestBusyPortNamesItsVariable(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	for _, variable := range []string{"HTTP_ADDR", "METRICS_ADDR", workerMetricsVar} {
		free := settings{"HTTP_ADDR": "127.0.0.1:0", "METRICS_ADDR": "127.0.0.1:0", workerMetricsVar: "127.0.0.1:0"}
		s := testStack(t, free.with(settings{variable: taken.Addr().String()}))
		err := s.chooseAddresses(t.Context())
		require.ErrorContains(t, err, taken.Addr().String())
		require.ErrorContains(t, err, variable)
	}
}

func TestLocalURL(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		":8080": "http://localhost:8080", "127.0.0.1:8080": "http://localhost:8080", "0.0.0.0:80": "http://localhost:80",
		"[::]:80": "http://localhost:80", "192.0.2.7:80": "http://192.0.2.7:80", "fte.example:80": "http://fte.example:80",
	} {
		got, err := localURL(addr, "localhost")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := localURL("8080", "localhost")
	require.Error(t, err)
}

// Every simulator must give the service all it needs: a channel that is
// configured by half keeps the service from starting.
func TestSimulatorsGiveTheirSettings(t *testing.T) {
	t.Parallel()
	s := testStack(t, nil)
	require.NoError(t, os.MkdirAll(s.logDir(), 0o755))
	s.publicURL, s.gatewayURL = "http://localhost:8080", "http://127.0.0.1:8080"
	fleet := &fleet{console: s.console}
	found, own, err := fleet.launch(t.Context(), s.simulators(), s.env)
	require.NoError(t, err)
	t.Cleanup(func() { fleet.stop(context.WithoutCancel(t.Context())) })
	require.Empty(t, own)
	for _, name := range []string{
		"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_EMBEDDING_MODEL",
		"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM", "TWILIO_BASE_URL",
		"GMAIL_MAILBOX", "GMAIL_ENDPOINT", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CERTS_URL", "GMAIL_PUBSUB_TOPIC",
		"GMAIL_PUBSUB_SUBSCRIPTION", "GMAIL_PUBSUB_AUDIENCE", "GMAIL_PUBSUB_SERVICE_ACCOUNT",
		"FTE_EMBED_ORIGINS",
	} {
		require.NotEmpty(t, found[name], name)
	}
	require.FileExists(t, found["GOOGLE_APPLICATION_CREDENTIALS"])
	require.NoError(t, answers(t.Context(), found["GOOGLE_CERTS_URL"]))
}
