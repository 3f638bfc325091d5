package temporalserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

// asParent makes this test binary start a server and wait for its own death.
const asParent = "FTE_TEST_AS_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(asParent) != "" {
		s, err := Start(context.Background(), Options{Ephemeral: true})
		if err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		database, _ := url.Parse(s.DatabaseURL)
		_, _ = fmt.Fprintln(os.Stdout, s.Address, database.Host)
		<-s.Done()
		return
	}
	os.Exit(m.Run())
}

func skipWithoutServers(t *testing.T) {
	t.Helper()
	if os.Getenv("FTE_SERVER_TEST") == "" {
		t.Skip("starts the production Temporal server; `make test-servers` runs it")
	}
}

// patience bounds every wait.
const patience = time.Minute

func TestServersAreApart(t *testing.T) {
	t.Parallel()
	skipWithoutServers(t)
	var dirs []string
	for range 2 {
		s, err := Start(t.Context(), Options{Ephemeral: true, SearchAttributes: map[string]string{"Channel": "Keyword"}})
		require.NoError(t, err)
		dirs = append(dirs, s.dir)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
			defer cancel()
			require.NoError(t, s.Stop(ctx))
			require.NoDirExists(t, s.dir)
		})
		c, err := client.DialContext(t.Context(), client.Options{HostPort: s.Address, Namespace: s.Namespace})
		require.NoError(t, err)
		_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "the same", TaskQueue: "nobody"}, "Nothing")
		require.NoError(t, err)
		c.Close()
	}
	require.NotEqual(t, dirs[0], dirs[1])
}

func TestServersDieWithTheirParent(t *testing.T) {
	t.Parallel()
	skipWithoutServers(t)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	temp := t.TempDir()
	require.NoError(t, os.Chmod(temp, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(temp), 0o755)) // the account of Postgres has to enter it
	cmd.Env, cmd.Stderr = append(os.Environ(), asParent+"=1", "TMPDIR="+temp), os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addresses := strings.Fields(line)
	require.Len(t, addresses, 2)
	for _, address := range addresses {
		require.True(t, answers(t, address), address)
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	for _, address := range addresses {
		require.Eventually(t, func() bool { return !answers(t, address) }, patience, 50*time.Millisecond, address)
	}
}

func answers(t *testing.T, address string) bool {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return false
	}
	require.NoError(t, conn.Close())
	return true
}
