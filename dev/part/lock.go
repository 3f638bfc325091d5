package part

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// LockedError says that another process holds a lock.
type LockedError struct {
	// Dir is the locked directory.
	Dir string
	// PID is the process that holds the lock, "" when it could not be read.
	PID string
}

// Error implements error.
func (e *LockedError) Error() string {
	pid := e.PID
	if pid == "" {
		pid = "unknown"
	}
	return fmt.Sprintf("another local stack of this checkout is running, pid %s (%s)", pid, e.Dir)
}

// Lock takes the state directory dir, making it if needed, for this process
// until unlock is called or the process ends, however it ends. When another
// process holds it the error is a *LockedError.
func Lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the directory to lock: %w", err)
	}
	path := filepath.Join(dir, "lock")
	unlock, err = lockFile(path)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := os.ReadFile(path)
		return nil, &LockedError{Dir: dir, PID: strings.TrimSpace(string(pid))}
	}
	return unlock, err
}

// lockFile takes the kernel's advisory lock on path. The file stays behind: to
// remove it would let two processes lock two files of the same name.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return func() { _ = f.Close() }, nil
}

// lockFileWait is lockFile that waits for its turn until ctx ends. It tells
// progress once what it is waiting for.
func lockFileWait(ctx context.Context, path, what string, progress io.Writer) (unlock func(), err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for told := false; ; told = true {
		unlock, err := lockFile(path)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
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

// say writes one line for the person who waits. A nil progress is silent.
func say(progress io.Writer, format string, args ...any) {
	if progress != nil {
		_, _ = fmt.Fprintf(progress, format+"\n", args...)
	}
}
