package workers

import (
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
	// unknownReplyAfter is how long what a person sent waits for the mail it
	// replies to, which was published just before it. Until then the assistant
	// might answer as well.
	unknownReplyAfter = 15 * time.Second
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
	now := time.Now()
	if w.now != nil {
		now = w.now()
	}
	if w.since == nil {
		w.since = map[string]time.Time{}
	}
	since, waits := w.since[id]
	if !waits {
		w.forgetBefore(now.Add(-2 * orphanAfter))
		w.since[id] = now
		return false
	}
	if now.Sub(since) <= limit {
		return false
	}
	delete(w.since, id)
	return true
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
