// Package wire holds what every provider simulator shares: faults injected at
// the HTTP edge, a journal that survives a restart, and a broadcast to wait on.
//
// It must never be imported by production code, and it knows nothing of any
// provider's protocol.
package wire
