package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/digital-fte/fte/dev/part"
)

// Version is the version of the server, and of the tool that makes its schema.
const Version = "v1.32.1"

// uiVersion is the version of the web interface.
const uiVersion = "v2.54.0"

// program is something that is built from source once and kept in the cache.
type program struct {
	dir     string // in the cache
	modules []string
	takes   string // how long the build takes, for the person who waits
}

func serverPrograms() program {
	return program{
		"temporal-server-" + Version,
		[]string{"go.temporal.io/server/cmd/server@" + Version, "go.temporal.io/server/cmd/tools/sql@" + Version},
		"about 4 minutes",
	}
}

func uiProgram() program {
	return program{"temporal-ui-" + uiVersion, []string{"github.com/temporalio/ui-server/v2/cmd/server@" + uiVersion}, "about a minute"}
}

// ensure returns the directory of the built programs, building them if needed.
// A second caller, in this process or another, waits for the first one's build.
func (p program) ensure(ctx context.Context, progress io.Writer) (string, error) {
	cache, err := part.CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, p.dir)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	unlock, err := waitForLock(ctx, dir+".lock", "building "+p.dir, progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := p.build(ctx, dir, progress); err != nil {
		return "", fmt.Errorf("building %s: %w", p.dir, err)
	}
	return dir, nil
}

func waitForLock(ctx context.Context, dir, what string, progress io.Writer) (unlock func(), err error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for told := false; ; told = true {
		unlock, err := part.Lock(dir)
		if _, held := errors.AsType[*part.LockedError](err); !held {
			return unlock, err
		}
		if !told {
			say(progress, "waiting for another run that is %s", what)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another run that is %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// build leaves the programs in dir, all or none.
func (p program) build(ctx context.Context, dir string, progress io.Writer) error {
	temp, err := os.MkdirTemp(filepath.Dir(dir), p.dir+".build-")
	if err != nil {
		return fmt.Errorf("making a build directory: %w", err)
	}
	defer os.RemoveAll(temp)
	say(progress, "building %s from source: %s, once", strings.Join(p.modules, " and "), p.takes)
	cmd := exec.CommandContext(ctx, "go", append([]string{"install"}, p.modules...)...)
	cmd.Dir = temp
	// The caller's flags are meant for another module.
	cmd.Env = append(os.Environ(), "GOBIN="+temp, "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second

	began := time.Now()
	finished := make(chan struct{})
	var out []byte
	go func() {
		defer close(finished)
		out, err = cmd.CombinedOutput()
	}()
	tick := time.NewTicker(15 * time.Second)
	defer tick.Stop()
	for building := true; building; {
		select {
		case <-finished:
			building = false
		case <-tick.C:
			say(progress, "still building %s (%v)", p.dir, time.Since(began).Round(time.Second))
		}
	}
	if err != nil {
		return fmt.Errorf("go install %s: %w: %s", strings.Join(p.modules, " "), err, lastLines(string(out), 5))
	}
	if err := os.Chmod(temp, 0o755); err != nil { //nolint:gosec // shared between checkouts, as the cache is
		return fmt.Errorf("opening the build directory: %w", err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return fmt.Errorf("putting them into the cache: %w", err)
	}
	say(progress, "built %s in %v", p.dir, time.Since(began).Round(time.Second))
	return nil
}

// say writes one line for the person who waits. A nil progress is silent.
func say(progress io.Writer, format string, args ...any) {
	if progress != nil {
		_, _ = fmt.Fprintf(progress, format+"\n", args...)
	}
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
