package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const patient = 10 * time.Second

// screen is a console's output that can be read meanwhile.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(data)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, patient, 5*time.Millisecond)
}

func testService(t *testing.T, out *screen, script string) *service {
	t.Helper()
	dir := t.TempDir()
	return &service{
		name: "gateway", path: "/bin/sh", args: []string{"-c", script}, dir: dir, environ: os.Environ(),
		log: filepath.Join(dir, "log"), claim: filepath.Join(dir, "run", "gateway.pid"), console: &console{out: out},
	}
}

func contents(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}

func TestServiceIsStartedAgain(t *testing.T) {
	t.Parallel()
	out := &screen{}
	s := testService(t, out, "echo began; kill -9 $$")
	running := startServices(t.Context(), []*service{s})
	eventually(t, func() bool { return strings.Count(contents(s.log), "began") >= 2 })
	running.stopAll()
	require.Contains(t, out.String(), "gateway ended (signal: killed), starting it again in 250ms")
}

func TestServiceIsAskedToStop(t *testing.T) {
	t.Parallel()
	out := &screen{}
	s := testService(t, out, `trap 'echo finished; exit 0' TERM; echo began; while :; do sleep 0.02; done`)
	running := startServices(t.Context(), []*service{s})
	eventually(t, func() bool { return strings.Contains(contents(s.log), "began") })
	running.stopAll()
	require.Equal(t, "began\nfinished\n", contents(s.log))
	require.Empty(t, out.String())
}

func TestServiceThatCannotRunIsReported(t *testing.T) {
	t.Parallel()
	s := testService(t, &screen{}, "echo DATABASE_URL is not set; exit 2")
	running := startServices(t.Context(), []*service{s})
	t.Cleanup(running.stopAll)
	err := awaitService(t.Context(), s, "http://127.0.0.1:1/ready")
	require.ErrorContains(t, err, "starting the gateway: it ended 3 times (exit status 2)")
	require.ErrorContains(t, err, "DATABASE_URL is not set")
}

func TestOrphanIsEnded(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"willing":  "echo began; exec sleep 60",
		"stubborn": "trap '' TERM; echo began; while :; do sleep 0.02; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "gateway.pid")
			claim, err := newClaim(path)
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
			cmd.ExtraFiles = []*os.File{claim.file}
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			require.NoError(t, claim.give(cmd.Process.Pid))
			_, err = out.Read(make([]byte, 16))
			require.NoError(t, err)

			require.NoError(t, endOrphan(t.Context(), path, 50*time.Millisecond))
			require.Error(t, cmd.Wait())
		})
	}
}

func TestStrangerWithAnOldNumberIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gateway.pid")
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	require.NoError(t, cmd.Start())
	claim, err := newClaim(path)
	require.NoError(t, err)
	require.NoError(t, claim.give(cmd.Process.Pid), "nobody inherited the claim")
	require.NoError(t, endOrphan(t.Context(), path, time.Millisecond))
	require.NoError(t, cmd.Process.Kill(), "it still runs")
	require.Error(t, cmd.Wait())
}

func TestFleetStartsAgainWhatDies(t *testing.T) {
	t.Parallel()
	out := &screen{}
	starts, stopped := make(chan chan struct{}, 2), ""
	one := func(name string, died bool) component {
		return component{name: name, replacedBy: []string{strings.ToUpper(name)}, start: func(context.Context) (*running, error) {
			r := &running{detail: "here", settings: settings{name: "set"}, stop: func(context.Context) error { stopped += name; return nil }}
			if died {
				death := make(chan struct{})
				r.died = death
				starts <- death
			}
			return r, nil
		}}
	}
	f := &fleet{console: &console{out: out}}
	found, own, err := f.launch(t.Context(), []component{one("a", true), one("b", false), one("c", false)}, environmentOf(settings{"B": "mine"}))
	require.NoError(t, err)
	require.Equal(t, settings{"a": "set", "c": "set"}, found)
	require.Equal(t, []string{"B"}, own)
	require.Contains(t, out.String(), "yours, by B")

	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { f.watch(ctx) })
	close(<-starts)
	<-starts
	eventually(t, func() bool { return strings.Contains(out.String(), "runs again, here") })
	cancel()
	watching.Wait()
	f.stop(t.Context())
	require.Equal(t, "ca", stopped, "the last first")
}

func TestFleetReportsWhatCannotStart(t *testing.T) {
	t.Parallel()
	f := &fleet{console: &console{out: &screen{}}}
	broken := errors.New("no disk")
	_, _, err := f.launch(t.Context(), []component{{name: "a", start: func(context.Context) (*running, error) { return nil, broken }}}, environmentOf(nil))
	require.ErrorIs(t, err, broken)
	f.stop(t.Context())
}

func TestFollowShowsTroubleOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("of an earlier run\n"), 0o600))
	add := func(line string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteString(line)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	out := &screen{}
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { require.NoError(t, follow(ctx, &console{out: out}, "worker", path, false)) })
	// Lines are followed from the end, so the first shows that it has begun.
	eventually(t, func() bool {
		add("{\"level\":\"ERROR\",\"msg\":\"first\"}\n")
		return strings.Contains(out.String(), "first")
	})
	add(`{"time":"t","level":"INFO","msg":"quiet"}` + "\n" + `{"level":"WARN","msg":"loud","b":2,"a":"one"}` + "\npanic: ")
	add("boom\n")
	cancel()
	following.Wait()
	require.True(t, strings.HasSuffix(out.String(), "worker   WARN  loud a=one b=2\nworker   panic: boom\n"), out.String())
	require.NotContains(t, out.String(), "quiet")
	require.NotContains(t, out.String(), "earlier")

	text, show := shown([]byte(`{"level":"INFO","msg":"quiet"}`), true)
	require.True(t, show)
	require.Equal(t, "INFO  quiet", text)
}

func TestPagesAreBuiltWhenOld(t *testing.T) {
	t.Parallel()
	web := t.TempDir()
	at := func(age time.Duration, parts ...string) {
		path := filepath.Join(append([]string{web}, parts...)...)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(-age)))
	}
	stale := func() bool {
		answer, err := pagesStale(web)
		require.NoError(t, err)
		return answer
	}
	at(time.Hour, "src", "form.tsx")
	require.True(t, stale(), "never built")
	at(time.Minute, "dist", "index.html")
	at(0, "node_modules", "react", "index.js")
	at(0, "embed.go")
	require.False(t, stale())
	at(0, "src", "ticket", "page.tsx")
	require.True(t, stale())

	require.True(t, modulesStale(web))
	at(time.Hour, "package-lock.json")
	at(time.Minute, "node_modules", ".package-lock.json")
	require.False(t, modulesStale(web))
	at(0, "package-lock.json")
	require.True(t, modulesStale(web))
}
