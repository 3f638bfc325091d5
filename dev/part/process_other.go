//go:build !linux

package part

import (
	"context"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// setOrphanSignal does nothing: only Linux tells children of their parent's
// death. The next start stops what was left behind.
func setOrphanSignal(*syscall.SysProcAttr, syscall.Signal) {}

// commandLine returns the arguments of process pid separated by spaces, or ""
// when there is none.
func commandLine(pid int) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
