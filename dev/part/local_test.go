package part_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
)

func TestLockHoldsUntilItsProcessDies(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts a process")
	dir := filepath.Join(t.TempDir(), "state")
	_, kill := startHelper(t, "lock", dir)
	_, err := part.Lock(dir)
	var locked *part.LockedError
	require.ErrorAs(t, err, &locked)
	require.ErrorContains(t, err, "another local stack of this checkout is running, pid "+locked.PID)
	pid, err := strconv.Atoi(locked.PID)
	require.NoError(t, err)
	require.Contains(t, part.CommandLine(pid), filepath.Base(os.Args[0]))

	kill()
	unlock, err := part.Lock(dir)
	require.NoError(t, err)
	_, err = part.Lock(dir)
	require.Error(t, err, "locked twice")
	unlock()
	unlock, err = part.Lock(dir)
	require.NoError(t, err)
	unlock()
}

func TestStablePortKeepsItsChoice(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "port")
	port, err := part.StablePort(file, 0)
	require.NoError(t, err)
	same, err := part.StablePort(file, port+1)
	require.NoError(t, err)
	require.Equal(t, port, same)

	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	require.NoError(t, err)
	defer l.Close()
	other, err := part.StablePort(file, port)
	require.NoError(t, err)
	require.NotEqual(t, port, other)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(other), strings.TrimSpace(string(kept)))
}

func TestStablePortTakesThePreferredOne(t *testing.T) {
	t.Parallel()
	free, err := part.FreePort()
	require.NoError(t, err)
	port, err := part.StablePort(filepath.Join(t.TempDir(), "port"), free)
	require.NoError(t, err)
	require.Equal(t, free, port)
}

func TestStateDirIsOnesOwn(t *testing.T) {
	t.Parallel()
	checkout := t.TempDir()
	dir, err := part.StateDir(checkout, "postgres")
	require.NoError(t, err)
	require.Equal(t, "postgres", filepath.Base(dir))
	require.DirExists(t, filepath.Dir(dir))
	require.NoDirExists(t, dir)
	other, err := part.StateDir(t.TempDir(), "postgres")
	require.NoError(t, err)
	require.NotEqual(t, dir, other)
	again, err := part.StateDir(checkout+"/.", "postgres")
	require.NoError(t, err)
	require.Equal(t, dir, again)
	t.Cleanup(func() {
		_ = os.Remove(filepath.Dir(dir))
		_ = os.Remove(filepath.Dir(other))
	})
}

func TestCacheDirFollowsTheSetting(t *testing.T) {
	want := filepath.Join(t.TempDir(), "cache")
	t.Setenv("FTE_CACHE", want)
	dir, err := part.CacheDir()
	require.NoError(t, err)
	require.Equal(t, want, dir)
	require.DirExists(t, dir)
}

func TestInstalledPostgresIsChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ version, control, fault string }{
		"good":         {"postgres (PostgreSQL) 16.9 (Debian 16.9-1)", "default_version = '0.8.0'", ""},
		"old":          {"postgres (PostgreSQL) 15.18", "default_version = '0.8.0'", "older than 16"},
		"no pgvector":  {"postgres (PostgreSQL) 17.5", "", "without pgvector"},
		"old pgvector": {"postgres (PostgreSQL) 17.5", "default_version = '0.7.4'", "older than 0.8.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bin := filepath.Join(dir, "bin")
			writeProgram(t, filepath.Join(bin, "postgres"), "echo '"+tc.version+"'")
			writeProgram(t, filepath.Join(bin, "pg_config"), "echo "+dir)
			writeProgram(t, filepath.Join(bin, "initdb"), "exit 0")
			if tc.control != "" {
				require.NoError(t, os.MkdirAll(filepath.Join(dir, "extension"), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "extension", "vector.control"), []byte(tc.control+"\n"), 0o600))
			}
			version, vector, err := part.InspectPostgres(t.Context(), bin)
			if tc.fault != "" {
				require.ErrorContains(t, err, tc.fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "16.9", version)
			require.Equal(t, "0.8.0", vector)
		})
	}
}
