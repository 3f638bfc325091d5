package stream

import (
	"math/rand/v2"
	"sync"
	"time"
)

// backoff doubles from min to max; each wait is spread over its upper half, so
// that lanes which failed together do not come back together.
type backoff struct {
	min, max time.Duration
	last     time.Duration
}

// next returns how long to wait, at least atLeast.
func (b *backoff) next(atLeast time.Duration) time.Duration {
	b.last = min(max(2*b.last, b.min), b.max)
	half := b.last / 2
	return max(half+rand.N(half+1), atLeast)
}

func (b *backoff) reset() { b.last = 0 }

// throttle lets the same text through once a minute.
type throttle struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const (
	repeatLog     = time.Minute
	throttleTexts = 100
)

func (t *throttle) allow(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.last[text]; ok && time.Since(last) < repeatLog {
		return false
	}
	if t.last == nil || len(t.last) >= throttleTexts {
		t.last = map[string]time.Time{}
	}
	t.last[text] = time.Now()
	return true
}
