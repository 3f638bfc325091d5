package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// claim is a file that a child holds locked as long as it lives, through an open
// file it inherits, and that names its process. Whoever finds it locked knows
// that the process it names is that child and no stranger with the same number.
type claim struct{ file *os.File }

// newClaim locks the file at path for a child that is about to start.
func newClaim(path string) (*claim, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the directory of %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return &claim{file: f}, nil
}

// give records the child and lets go of the lock, which the child goes on holding.
func (c *claim) give(pid int) error {
	_, err := c.file.WriteAt(fmt.Appendf(nil, "%-10d\n", pid), 0)
	if err := errors.Join(err, c.file.Close()); err != nil {
		return fmt.Errorf("recording process %d: %w", pid, err)
	}
	return nil
}

// endOrphans ends the services that a killed stack has left behind.
func endOrphans(ctx context.Context, c checkout) error {
	found, err := filepath.Glob(c.kept("run", "*.pid"))
	if err != nil {
		return fmt.Errorf("looking for services of an earlier run: %w", err)
	}
	for _, path := range found {
		if err := endOrphan(ctx, path, orphanPatience); err != nil {
			return err
		}
	}
	return nil
}

// orphanPatience is how long an orphan may take to finish what it is doing.
const orphanPatience = 20 * time.Second

func endOrphan(ctx context.Context, path string, patience time.Duration) error {
	// A second SIGTERM would make it drop what it is doing.
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}
	next := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		held, err := newClaim(path)
		if err == nil {
			return held.file.Close()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if len(signals) > 0 && !time.Now().Before(next) {
			if err := signalHolder(path, signals[0]); err != nil {
				return err
			}
			signals, next = signals[1:], time.Now().Add(patience)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a service of an earlier run: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// signalHolder signals the process that holds the claim at path.
func signalHolder(path string, signal syscall.Signal) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid < 2 {
		return fmt.Errorf("ending a service of an earlier run: %s names no process", path)
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("ending process %d of an earlier run: %w", pid, err)
	}
	return nil
}
