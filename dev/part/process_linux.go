package part

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// setOrphanSignal has the kernel send sig to the child when we die.
func setOrphanSignal(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// commandLine returns the arguments of process pid separated by spaces, or ""
// when there is none.
func commandLine(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return string(bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
}
