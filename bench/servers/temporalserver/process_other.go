//go:build !linux

package temporalserver

import "syscall"

// setOrphanSignal does nothing: only Linux tells children of their parent's
// death.
func setOrphanSignal(*syscall.SysProcAttr, syscall.Signal) {}
