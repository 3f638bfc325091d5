package main

import "syscall"

// childAttributes keep the terminal's Ctrl-C from a child, and have the kernel
// end it when we are gone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
