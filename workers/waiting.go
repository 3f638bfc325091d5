package workers

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// orphanAfter is how long a message waits for the event that makes its
	// conversation. Both were accepted in order, but lie on different
	// partitions, and either may be far behind after an outage. A lane must not
	// be held up for ever by a conversation that will never be.
	orphanAfter = 15 * time.Minute
	// orphanInLane is how much of that it holds up its lane at a time.
	orphanInLane = 5 * time.Second
	// lap is the least time between two visits of an event to the end of its
	// topic, so that an event which is alone there does not spin.
	lap = time.Second
)

// errNotStored says that an event refers to a conversation that is not stored
// yet. The lane waits: the event that makes it is on its way.
var errNotStored = errors.New("the conversation this message belongs to is not stored yet")

// waiting remembers since when events wait for others. It is kept in memory
// only: after a restart an event waits from the beginning.
type waiting struct {
	now func() time.Time // time.Now when nil

	mu    sync.Mutex
	since map[string]time.Time
}

// expired reports whether an event has waited for longer than limit, which
// then ends its wait; the first call begins it.
func (w *waiting) expired(id string, limit time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock()
	since, waits := w.since[id]
	if !waits {
		w.forgetBefore(now.Add(-2 * orphanAfter))
		w.begin(id, now)
		return false
	}
	if now.Sub(since) <= limit {
		return false
	}
	delete(w.since, id)
	return true
}

// lap returns once a lap has passed since it last did for this event, at once
// the first time. Events that circle together share their pauses: however many
// they are, their lane is held up for no longer than one of them would. The
// error is that of ctx.
func (w *waiting) lap(ctx context.Context, id string) error {
	w.mu.Lock()
	left := w.since[id].Add(lap).Sub(w.clock())
	w.mu.Unlock()
	if left > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(left):
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin(id, w.clock())
	return nil
}

func (w *waiting) begin(id string, now time.Time) {
	if w.since == nil {
		w.since = map[string]time.Time{}
	}
	w.since[id] = now
}

func (w *waiting) clock() time.Time {
	if w.now != nil {
		return w.now()
	}
	return time.Now()
}

// over ends the waits of an event.
func (w *waiting) over(ids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		delete(w.since, id)
	}
}

// forgetBefore drops events that another process has taken over meanwhile.
func (w *waiting) forgetBefore(limit time.Time) {
	for id, since := range w.since {
		if since.Before(limit) {
			delete(w.since, id)
		}
	}
}
