package wire

import (
	"context"
	"fmt"
	"sync"
)

// Signal lets any number of waiters sleep until something has changed. The zero
// value is ready to use.
type Signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// Changed returns a channel that is closed by the next Broadcast.
func (s *Signal) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// Broadcast wakes everybody who waits.
func (s *Signal) Broadcast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

// WaitFor returns once cond holds, asking again after every Broadcast, or with
// the context's error. cond runs without any lock of the Signal held.
func (s *Signal) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		// Taken before cond is asked, so a change in between is not missed.
		changed := s.Changed()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the simulator: %w", context.Cause(ctx))
		}
	}
}
