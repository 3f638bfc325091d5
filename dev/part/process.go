package part

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a server we started. Its output goes to a file, not to a pipe: the
// server must be able to write its last words when we are already dead.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // set before done is closed

	log   string
	start int64 // where this run's output begins in log
}

// startProcess starts cmd with its output appended to the file log. When this
// process dies, even by kill -9, the kernel sends orphan to the child where it
// can. The child is put in its own process group, so that Ctrl-C in a terminal
// reaches us alone and we stop things in order.
func startProcess(name string, cmd *exec.Cmd, log string, orphan syscall.Signal) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer out.Close()
	p := &process{name: name, cmd: cmd, done: make(chan struct{}), log: log}
	if info, err := out.Stat(); err == nil {
		p.start = info.Size()
	}
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	setOrphanSignal(cmd.SysProcAttr, orphan)

	started := make(chan error, 1)
	go func() {
		// The kernel ties the orphan signal to the thread that started the
		// child, so this thread has to live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return p, nil
}

// exited reports whether the process has ended.
func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop sends sig and waits. When ctx ends first it kills and says so.
func (p *process) stop(ctx context.Context, sig syscall.Signal) error {
	if p.exited() {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signalling %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("stopping %s, killed it: %w", p.name, ctx.Err())
	}
}

// kill ends the process at once and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// output returns the end of what this run wrote.
func (p *process) output() string {
	const most = 4096
	f, err := os.Open(p.log)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	if _, err := f.Seek(max(p.start, info.Size()-most), io.SeekStart); err != nil {
		return ""
	}
	data, _ := io.ReadAll(io.LimitReader(f, most))
	return strings.TrimSpace(string(data))
}

// trimLog empties a log that has grown past what anybody reads.
func trimLog(path string) {
	if info, err := os.Stat(path); err == nil && info.Size() > 10<<20 {
		_ = os.Truncate(path, 0)
	}
}

// stopLeftover stops process pid with sig if its command line contains marker,
// and waits until it is gone; after 20 s it kills. A process id may have been
// given to somebody else since it was written down, hence the marker.
func stopLeftover(ctx context.Context, pid int, marker string, sig syscall.Signal) error {
	ours := func() bool { return pid > 1 && strings.Contains(commandLine(pid), marker) }
	if !ours() {
		return nil
	}
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping process %d left by an earlier run: %w", pid, err)
	}
	patience := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ours() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for process %d left by an earlier run: %w", pid, ctx.Err())
		case <-patience:
			_ = syscall.Kill(pid, syscall.SIGKILL)
		case <-tick.C:
		}
	}
	return nil
}
