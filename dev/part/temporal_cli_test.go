package part_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
)

// bareMachine hides the tools of this machine, and its cache.
func bareMachine(t *testing.T) (cache string) {
	t.Helper()
	cache = t.TempDir()
	t.Setenv("FTE_CACHE", cache)
	t.Setenv("TEMPORAL_CLI_PATH", "")
	t.Setenv("PATH", t.TempDir())
	return cache
}

func writeProgram(t *testing.T, path, script string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	// A child forked while the file is open for writing would keep it so, and
	// the program could not be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// downloadSite serves an archive with one program, as Temporal's site does.
func downloadSite(t *testing.T, program string) *httptest.Server {
	t.Helper()
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := tar.NewWriter(z)
	for name, data := range map[string]string{"LICENSE": "text", "temporal": program} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644}))
		_, err := w.Write([]byte(data))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())

	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	mux.HandleFunc("GET /cli/v1.5.1", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("platform") == "" || r.FormValue("arch") == "" {
			http.Error(w, "platform?", http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprintf(w, `{"archiveUrl":%q,"fileToExtract":"temporal"}`, site.URL+"/temporal.tar.gz")
	})
	mux.HandleFunc("GET /temporal.tar.gz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive.Bytes()) })
	return site
}

func TestTemporalCLIPrefersWhatTheUserNames(t *testing.T) {
	bareMachine(t)
	program := filepath.Join(t.TempDir(), "temporal")
	writeProgram(t, program, "exit 0")
	t.Setenv("TEMPORAL_CLI_PATH", program)
	path, err := part.TemporalCLI(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, program, path)

	t.Setenv("TEMPORAL_CLI_PATH", program+".gone")
	_, err = part.TemporalCLI(t.Context(), nil)
	require.ErrorContains(t, err, "TEMPORAL_CLI_PATH")
}

func TestTemporalCLITakesTheOneOnPath(t *testing.T) {
	bareMachine(t)
	program := filepath.Join(os.Getenv("PATH"), "temporal")
	writeProgram(t, program, "exit 0")
	path, err := part.TemporalCLI(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, program, path)
}

func TestTemporalCLIDownloadsOnce(t *testing.T) {
	cache := bareMachine(t)
	site := downloadSite(t, "#!/bin/sh\nexit 0\n")
	path, err := part.TemporalCLIFrom(deadline(t, 30*time.Second), t.Output(), site.URL+"/cli")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cache, "temporal-v1.5.1", "temporal"), path)

	site.Close()
	again, err := part.TemporalCLIFrom(deadline(t, 30*time.Second), t.Output(), site.URL+"/cli")
	require.NoError(t, err)
	require.Equal(t, path, again)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{path}, left, "something was left behind")
}

func TestTemporalCLIBuildsWhenTheDownloadDoesNotRun(t *testing.T) {
	cache := bareMachine(t)
	writeProgram(t, filepath.Join(os.Getenv("PATH"), "go"), `
[ "$1 $2" = "install github.com/temporalio/cli/cmd/temporal@v1.5.1" ] || exit 1
echo built > "$GOBIN/temporal"
/bin/chmod 755 "$GOBIN/temporal"`)
	var progress bytes.Buffer
	path, err := part.TemporalCLIFrom(deadline(t, 30*time.Second), &progress, downloadSite(t, "#!/bin/sh\nexit 1\n").URL+"/cli")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cache, "temporal-v1.5.1", "temporal"), path)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "built\n", string(data))
	require.Contains(t, progress.String(), "building the Temporal command line from source")
}

func TestTemporalCLISaysWhatWasTried(t *testing.T) {
	bareMachine(t)
	_, err := part.TemporalCLIFrom(deadline(t, 30*time.Second), nil, "http://127.0.0.1:1/cli")
	for _, want := range []string{"TEMPORAL_ADDRESS", "downloading it", "no go command"} {
		require.ErrorContains(t, err, want)
	}
}

func TestTemporalCLIStopsWhenToldTo(t *testing.T) {
	bareMachine(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := part.TemporalCLIFrom(ctx, nil, "http://127.0.0.1:1/cli")
	require.ErrorIs(t, err, context.Canceled)
}
