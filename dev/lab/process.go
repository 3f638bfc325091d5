package lab

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// Process is one role that runs.
type Process struct {
	Name    string
	cmd     *exec.Cmd
	log     string
	metrics string
	done    chan struct{}
}

// Run runs a command of the service to its end and returns what it printed.
func (l *Lab) Run(args ...string) string {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), l.options.Binary, args...)
	cmd.Env = l.environ(nil)
	out, err := cmd.CombinedOutput()
	require.NoErrorf(l.t, err, "fte %s: %s", strings.Join(args, " "), out)
	return string(out)
}

func (l *Lab) environ(extra map[string]string) []string {
	env := append([]string{}, l.options.Env...)
	for name, value := range l.settings {
		if _, replaced := extra[name]; !replaced {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range extra {
		env = append(env, name+"="+value)
	}
	return env
}

// Start starts roles and waits until they are ready.
func (l *Lab) Start(names ...string) {
	l.t.Helper()
	for _, name := range names {
		l.StartWith(name, nil)
	}
	for _, name := range names {
		l.Ready(name)
	}
}

// StartAll starts every role.
func (l *Lab) StartAll() {
	l.t.Helper()
	l.StartAllBut("", nil)
}

// StartAllBut starts every role, one of them with further settings.
func (l *Lab) StartAllBut(special string, settings map[string]string) {
	l.t.Helper()
	for name := range Roles() {
		if name == special {
			l.StartWith(name, settings)
		} else {
			l.StartWith(name, nil)
		}
	}
	for name := range Roles() {
		l.Ready(name)
	}
	// A mailbox is read from the first sync on; what came before is not ours.
	l.Wait("the mailbox is being read", func(ctx context.Context) bool {
		type row struct{ Mailbox string }
		return len(query[row](ctx, l, `SELECT mailbox FROM mailboxes WHERE watch_expires_at IS NOT NULL`)) > 0
	})
}

// StartWith starts one role with further settings, such as a fail point, and
// does not wait for it. A role that is none of Roles is one of the worker's.
func (l *Lab) StartWith(name string, settings map[string]string) *Process {
	l.t.Helper()
	p := &Process{Name: name, metrics: l.freeAddr(), done: make(chan struct{})}
	p.log = filepath.Join(l.t.TempDir(), name+".log")
	file, err := os.Create(p.log)
	require.NoError(l.t, err)
	extra := map[string]string{"METRICS_ADDR": p.metrics}
	maps.Copy(extra, settings)
	args, ordinary := Roles()[name]
	if !ordinary {
		args = []string{"worker", "--roles", name}
	}
	// Not CommandContext: the process has to outlive the test body for cleanup
	// to stop it in order.
	p.cmd = exec.Command(l.options.Binary, args...) //nolint:noctx // see above
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = l.environ(extra), file, file
	p.cmd.SysProcAttr = childAttr()
	require.NoError(l.t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		_ = file.Close()
		close(p.done)
	}()
	l.processes[name] = p
	l.t.Cleanup(p.Kill)
	return p
}

// Ready waits until a role says that it is.
func (l *Lab) Ready(name string) {
	l.t.Helper()
	p := l.processes[name]
	l.Wait(name+" becomes ready", func(ctx context.Context) bool {
		select {
		case <-p.done:
			l.t.Fatalf("%s ended before it was ready:\n%s", name, p.Tail())
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.metrics+"/ready", nil)
		require.NoError(l.t, err)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// Kill ends the process as a crash would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// Process returns the latest process of a role.
func (l *Lab) Process(name string) *Process { return l.processes[name] }

// Died waits until a process has ended and reports whether it was killed.
func (l *Lab) Died(p *Process) bool {
	l.t.Helper()
	timeout := time.NewTimer(Deadline)
	defer timeout.Stop()
	select {
	case <-p.done:
	case <-timeout.C:
		l.dump()
		l.t.Fatalf("%s has not died; its fail point was not reached", p.Name)
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Tail returns the end of the process's log.
func (p *Process) Tail() string {
	body, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(body, []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-25):], []byte("\n")))
}

// dump shows what every role said last.
func (l *Lab) dump() {
	for name, p := range l.processes {
		l.t.Logf("--- %s\n%s", name, p.Tail())
	}
	for _, id := range l.workflowIDs(l.t.Context()) {
		d, err := l.Temporal.DescribeWorkflowExecution(l.t.Context(), id, "")
		if err != nil {
			l.t.Logf("--- %s: %v", id, err)
			continue
		}
		for _, a := range d.GetPendingActivities() {
			l.t.Logf("--- %s is at %s, try %d: %s", id, a.GetActivityType().GetName(), a.GetAttempt(), a.GetLastFailure())
		}
		if task := d.GetPendingWorkflowTask(); task != nil {
			l.t.Logf("--- %s has a workflow task, try %d", id, task.GetAttempt())
		}
	}
}
