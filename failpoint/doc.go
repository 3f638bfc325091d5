// Package failpoint marks the places where a process may die between two
// durable steps. Built with the tag "failpoint", the setting
// FAILPOINT=name:exit kills the process there with SIGKILL and
// FAILPOINT=name:hang stops that goroutine for ever; FAILPOINT=name@n:exit
// acts at the n-th passage. Several are separated by commas. Built without
// the tag, Here does nothing and the setting is not even read.
//
// It must never be used for anything but a test: no behaviour may depend on it.
package failpoint
