package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// service is a long-running command of the production binary, started again
// whenever it ends by itself.
type service struct {
	name    string
	path    string // of the binary
	args    []string
	environ []string
	dir     string
	log     string // gets its output
	claim   string // names its process
	console *console

	// ended gets a value each time it ends by itself.
	ended chan error
}

// stopPatience is how long a service may take to finish what it is doing.
const stopPatience = 20 * time.Second

// run keeps the service alive until ctx ends, then stops it.
func (s *service) run(ctx context.Context) {
	pause := newBackoff()
	for {
		err := s.once(ctx)
		if ctx.Err() != nil {
			return
		}
		select {
		case s.ended <- err:
		default:
		}
		if !pause.wait(ctx, s.console, fmt.Sprintf("%s ended (%v)", s.name, err)) {
			return
		}
	}
}

// once runs the service until it ends or ctx does.
func (s *service) once(ctx context.Context) error {
	out, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening its log: %w", err)
	}
	defer out.Close()
	claim, err := newClaim(s.claim)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.path, s.args...)
	cmd.Dir, cmd.Env = s.dir, s.environ
	// A file, not a pipe: it must be able to write when we are already dead.
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{claim.file}
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience

	// The kernel ties the signal that ends an orphan to the thread that started
	// the child, so this thread has to live as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return errors.Join(err, claim.file.Close())
	}
	if err := claim.give(cmd.Process.Pid); err != nil {
		s.console.note(s.name, "%v", err)
	}
	err = cmd.Wait()
	if err == nil {
		err = errors.New("without an error")
	}
	return err
}

// services are the commands that make up the service.
type services struct {
	all  []*service
	stop context.CancelFunc
	live sync.WaitGroup
}

// startServices starts all of them; stopAll ends them.
func startServices(ctx context.Context, all []*service) *services {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	group := &services{all: all, stop: cancel}
	for _, s := range all {
		s.ended = make(chan error, 1)
		group.live.Go(func() { s.run(ctx) })
	}
	return group
}

// stopAll ends the services, all at once, and waits for them.
func (g *services) stopAll() {
	g.stop()
	g.live.Wait()
}

// command runs a command of the production binary to its end and returns the
// last of what it wrote with an error.
func (s *stack) command(ctx context.Context, environ []string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.binary(), args...)
	cmd.Dir, cmd.Env = s.root, environ
	cmd.SysProcAttr = childAttributes()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("running fte %s: %w\n%s", args[0], err, lastOf(out))
	}
	return nil
}

// lastOf returns the end of an output, from the beginning of a line.
func lastOf(out []byte) []byte {
	const most = 4 << 10
	if len(out) <= most {
		return out
	}
	out = out[len(out)-most:]
	for i, b := range out {
		if b == '\n' {
			return out[i+1:]
		}
	}
	return out
}
