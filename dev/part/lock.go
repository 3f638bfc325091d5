package part

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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
	// A bare descriptor, not an *os.File: the lock has to last as long as the
	// process even if nobody keeps unlock, and a file is closed when it is collected.
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock file: %w", err)
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if err := syscall.Ftruncate(fd, 0); err == nil {
		_, _ = syscall.Write(fd, []byte(strconv.Itoa(os.Getpid())+"\n"))
	}
	return sync.OnceFunc(func() {
		// Closing alone would not do: a process that is being started at this
		// moment has the descriptor, too, until it runs its program.
		_ = syscall.Flock(fd, syscall.LOCK_UN)
		_ = syscall.Close(fd)
	}), nil
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
