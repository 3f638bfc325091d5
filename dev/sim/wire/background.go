package wire

import (
	"context"
	"sync"
)

// Background owns what a simulator does on its own: webhooks, pushes, statuses.
// The zero value is ready to use.
type Background struct {
	mu      sync.Mutex
	closed  bool
	last    int
	cancels map[int]context.CancelFunc
	running sync.WaitGroup
}

// Attach returns a context that ends with ctx or when the Background is closed.
// The caller must call release when it is done.
func (b *Background) Attach(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		cancel()
		return ctx, func() {}
	}
	if b.cancels == nil {
		b.cancels = map[int]context.CancelFunc{}
	}
	b.last++
	id := b.last
	b.cancels[id] = cancel
	return ctx, func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.cancels, id)
	}
}

// Go runs work on its own goroutine until it returns; it must return soon after
// its context ends. After Close it does nothing.
func (b *Background) Go(work func(context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.running.Go(func() {
		ctx, release := b.Attach(context.Background())
		defer release()
		work(ctx)
	})
}

// Close ends all contexts and waits for what Go started.
func (b *Background) Close() {
	b.mu.Lock()
	b.closed = true
	for _, cancel := range b.cancels {
		cancel()
	}
	b.mu.Unlock()
	b.running.Wait()
}
