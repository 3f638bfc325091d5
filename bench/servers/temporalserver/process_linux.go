package temporalserver

import "syscall"

// setOrphanSignal has the kernel send sig to the child when we die.
func setOrphanSignal(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }
