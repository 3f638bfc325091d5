package part

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// temporalVersion is the version of Temporal's command line we fetch or build.
// Its development server is the one the tests know.
const temporalVersion = "v1.5.1"

// TemporalCLI returns the path of Temporal's command line: TEMPORAL_CLI_PATH,
// else temporal on PATH, else the one in the cache, which it downloads or, where
// that is not possible, builds from source once, in 3 to 6 minutes. progress
// hears how far it is; nil is silent.
func TemporalCLI(ctx context.Context, progress io.Writer) (string, error) {
	return temporalCLI(ctx, progress, temporalDownloads)
}

func temporalCLI(ctx context.Context, progress io.Writer, downloads string) (string, error) {
	if path := os.Getenv("TEMPORAL_CLI_PATH"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", fmt.Errorf("finding TEMPORAL_CLI_PATH: %w", err)
		}
		return filepath.Abs(path)
	}
	if path, err := exec.LookPath("temporal"); err == nil {
		return filepath.Abs(path)
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "temporal-"+temporalVersion)
	path := filepath.Join(dir, "temporal")
	if executable(path) {
		return path, nil
	}
	unlock, err := lockFileWait(ctx, dir+".lock", "building the Temporal command line", progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if executable(path) {
		return path, nil
	}
	if err := obtainTemporal(ctx, dir, downloads, progress); err != nil {
		return "", fmt.Errorf("getting the Temporal command line: install it and put it on PATH or in TEMPORAL_CLI_PATH, "+
			"or set TEMPORAL_ADDRESS to a running server: %w", err)
	}
	return path, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o100 != 0
}

// obtainTemporal leaves the program in dir, by download or by a build.
func obtainTemporal(ctx context.Context, dir, downloads string, progress io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making its directory: %w", err)
	}
	downloadErr := downloadTemporal(ctx, downloads, dir, progress)
	if downloadErr == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	say(progress, "no download of the Temporal command line (%v)", downloadErr)
	if err := buildTemporal(ctx, dir, progress); err != nil {
		return errors.Join(fmt.Errorf("downloading it: %w", downloadErr), fmt.Errorf("building it: %w", err))
	}
	return nil
}

// buildTemporal compiles the program into dir. It builds beside the final place
// and renames, since the Go command writes its output in place.
func buildTemporal(ctx context.Context, dir string, progress io.Writer) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return errors.New("there is no go command on PATH")
	}
	temp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return fmt.Errorf("making a build directory: %w", err)
	}
	defer os.RemoveAll(temp)

	target := "github.com/temporalio/cli/cmd/temporal@" + temporalVersion
	say(progress, "building the Temporal command line from source (%s): 3 to 6 minutes, once", target)
	cmd := exec.CommandContext(ctx, goTool, "install", target)
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
			say(progress, "still building the Temporal command line (%v)", time.Since(began).Round(time.Second))
		}
	}
	if err != nil {
		return fmt.Errorf("go install %s: %w: %s", target, err, lastLines(out, 5))
	}
	if err := os.Rename(filepath.Join(temp, "temporal"), filepath.Join(dir, "temporal")); err != nil {
		return fmt.Errorf("putting it into the cache: %w", err)
	}
	say(progress, "the Temporal command line is in %s (%v)", dir, time.Since(began).Round(time.Second))
	return nil
}

// runs returns an error unless the program starts on this machine.
func runs(ctx context.Context, path string) error {
	for {
		err := exec.CommandContext(ctx, path, "--version").Run()
		// A child that is being started elsewhere in this process holds a file
		// just written for a moment.
		if errors.Is(err, syscall.ETXTBSY) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return fmt.Errorf("trying %s: %w", path, err)
		}
		return nil
	}
}
