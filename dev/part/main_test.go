package part_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
)

// The test binary starts itself again to have a process that can be killed.
const (
	helperEnv    = "FTE_PART_HELPER"
	helperDirEnv = "FTE_PART_HELPER_DIR"
)

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "":
		os.Exit(m.Run())
	case "postgres":
		helper(startPostgresHelper)
	case "kafka":
		helper(startKafkaHelper)
	case "temporal":
		helper(startTemporalHelper)
	case "lock":
		helper(func(_ context.Context, dir string) (string, error) {
			_, err := part.Lock(dir)
			return "locked", err
		})
	}
}

// helper runs start, prints what it returns and waits to be killed.
func helper(start func(ctx context.Context, dir string) (string, error)) {
	answer, err := start(context.Background(), os.Getenv(helperDirEnv))
	if err != nil {
		answer = "error " + err.Error()
	}
	_, _ = fmt.Fprintln(os.Stdout, strings.ReplaceAll(answer, "\n", " "))
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// startHelper runs the helper of that name until its line comes and returns the
// line and a function that does kill -9.
func startHelper(t *testing.T, name, dir string) (answer string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), helperEnv+"="+name, helperDirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	// An open pipe keeps the helper waiting.
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, 4096)
	n, _ := out.Read(line)
	answer = strings.TrimSpace(string(line[:n]))
	require.NotEmpty(t, answer, "helper said nothing")
	require.False(t, strings.HasPrefix(answer, "error"), answer)
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	return answer, kill
}

// reachableDir is a temporary directory that the account of Postgres can enter,
// unlike that of t.TempDir.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fte-part-") //nolint:usetesting // t.TempDir is closed to other accounts
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func skipShort(t *testing.T, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: " + why)
	}
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// stopContext outlives the test's own context, which ends before clean-up.
func stopContext(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
}

func kafkaConfig() *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V3_6_0_0
	c.Producer.Idempotent = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Net.MaxOpenRequests = 1
	c.Producer.Return.Successes = true
	c.Metadata.AllowAutoTopicCreation = false
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.MaxWaitTime = 50 * time.Millisecond
	return c
}
