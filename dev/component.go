package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// component is something the service needs, which the stack starts unless the
// person names another one.
type component struct {
	name string
	// replacedBy are the variables that name another one.
	replacedBy []string
	// start starts it. What it keeps lies in the state directory, so a second
	// start goes on where the first ended.
	start func(ctx context.Context) (*running, error)
}

// running is a component that has been started.
type running struct {
	// detail is what the person is told about it.
	detail string
	// settings are what the service needs to know.
	settings settings
	// stop ends it in order, or at once when ctx is over.
	stop func(ctx context.Context) error
	// died is closed when it has ended by itself; nil if it cannot.
	died <-chan struct{}
}

// fleet is the components that are running.
type fleet struct {
	console *console

	mu    sync.Mutex
	order []component
	alive map[string]*running
}

// launch starts all components at once. own are the variables of those that the
// person has replaced. What was started runs even when another failed.
func (f *fleet) launch(ctx context.Context, all []component, env environment) (found settings, own []string, err error) {
	f.alive = map[string]*running{}
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range all {
		if mine := env.set(c.replacedBy...); len(mine) > 0 {
			own = append(own, mine...)
			f.console.printf("  · %-26s %6s  yours, by %s\n", c.name, "", mine[0])
			continue
		}
		f.order = append(f.order, c)
		group.Go(func() error {
			return f.console.step(c.name, func() (string, error) {
				r, err := c.start(ctx)
				if err != nil {
					return "", err
				}
				f.mu.Lock()
				defer f.mu.Unlock()
				f.alive[c.name] = r
				return r.detail, nil
			})
		})
	}
	err = group.Wait()
	found = settings{}
	for _, r := range f.alive {
		found = found.with(r.settings)
	}
	return found, own, err
}

// watch starts again what dies, until ctx ends.
func (f *fleet) watch(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range f.order {
		if f.running(c.name).died != nil {
			all.Go(func() { f.watchOne(ctx, c) })
		}
	}
	all.Wait()
}

func (f *fleet) running(name string) *running {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.alive[name]
}

func (f *fleet) watchOne(ctx context.Context, c component) {
	now := f.running(c.name)
	pause := newBackoff()
	for {
		select {
		case <-ctx.Done():
			return
		case <-now.died:
		}
		if ctx.Err() != nil || !pause.wait(ctx, f.console, c.name+" died") {
			return
		}
		next, err := c.start(ctx)
		if err != nil {
			f.console.note(c.name, "%v", err)
			continue
		}
		now = next
		f.mu.Lock()
		f.alive[c.name] = next
		f.mu.Unlock()
		f.console.note(c.name, "runs again, %s", next.detail)
	}
}

// stop ends everything, the last of the list first.
func (f *fleet) stop(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range slices.Backward(f.order) {
		r := f.alive[c.name]
		if r == nil {
			continue
		}
		delete(f.alive, c.name)
		if err := r.stop(ctx); err != nil {
			f.console.note(c.name, "%v", err)
		}
	}
}

// backoff is the pause before something is started again: longer each time it
// dies soon, short again after it has held.
type backoff struct {
	next  time.Duration
	since time.Time
}

const (
	shortestPause = 250 * time.Millisecond
	longestPause  = 10 * time.Second
	heldAfter     = 30 * time.Second
)

func newBackoff() *backoff { return &backoff{next: shortestPause, since: time.Now()} }

// wait reports false when ctx ended first.
func (b *backoff) wait(ctx context.Context, c *console, what string) bool {
	if time.Since(b.since) > heldAfter {
		b.next = shortestPause
	}
	pause := b.next
	b.next = min(2*b.next, longestPause)
	c.note("dev", "%s, starting it again in %s", what, fmt.Sprint(pause))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		b.since = time.Now()
		return true
	}
}
