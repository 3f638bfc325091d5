//go:build unix && !linux

package main

import "syscall"

// childAttributes keep the terminal's Ctrl-C from a child. Without the kernel's
// help a child outlives a killed stack until the next start ends it.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
