package workflows

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

const (
	// Customers write on WhatsApp in fragments: a batch closes when nothing
	// has come for debounce, and at the latest after debounceCap.
	debounce    = 1500 * time.Millisecond
	debounceCap = 10 * time.Second
	// maxSeen bounds the ring of message ids that repeats are recognised by.
	// Older repeats cost an activity and are dropped by the turn row.
	maxSeen = 500
)

// inbox holds the messages that no turn has taken yet.
type inbox struct {
	window, limit time.Duration
	waiting       []ticket.MessageRef
	first, latest time.Time // when the first and the latest waiting message came in
	held          time.Time // until when it collects in any case; zero as a rule
	awaits        bool      // the next message makes an end of held
	seen          []uuid.UUID
	known         map[uuid.UUID]struct{} // the ids in seen
}

func newInbox(c ticket.Channel) inbox {
	b := inbox{known: map[uuid.UUID]struct{}{}}
	if c == ticket.WhatsApp {
		b.window, b.limit = debounce, debounceCap
	}
	return b
}

// restore brings back what an earlier run had seen and not yet answered. Its
// batch is collected anew.
func (b *inbox) restore(seen []uuid.UUID, waiting []ticket.MessageRef, now time.Time) {
	for _, id := range seen {
		b.remember(id)
	}
	b.waiting, b.first, b.latest = waiting, now, now
}

// add takes messages in, each once.
func (b *inbox) add(now time.Time, messages ...ticket.MessageRef) {
	for _, m := range messages {
		if _, repeat := b.known[m.MessageID]; repeat {
			continue
		}
		b.remember(m.MessageID)
		if b.awaits {
			b.held, b.awaits = time.Time{}, false
			b.first = now
		}
		if b.empty() {
			b.first = now
		}
		b.latest = now
		b.waiting = append(b.waiting, m)
	}
}

// putBack returns a batch that was not settled. It has waited long enough: only
// what has come in since can keep it waiting.
func (b *inbox) putBack(batch []ticket.MessageRef) {
	b.waiting = slices.Concat(batch, b.waiting)
}

func (b *inbox) remember(id uuid.UUID) {
	b.known[id] = struct{}{}
	b.seen = append(b.seen, id)
	if len(b.seen) > maxSeen {
		delete(b.known, b.seen[0])
		b.seen = b.seen[1:]
	}
}

func (b *inbox) empty() bool { return len(b.waiting) == 0 }

// hold makes the inbox collect until a time, for one batch.
func (b *inbox) hold(until time.Time) { b.held, b.awaits = until, false }

// awaitMore returns a batch that waits for a further message, at the latest until
// a time. One that came while the batch was being answered is such a message.
func (b *inbox) awaitMore(batch []ticket.MessageRef, until time.Time) {
	if b.empty() {
		b.held, b.awaits = until, true
	}
	b.putBack(batch)
}

// closes returns when the waiting messages become a batch.
func (b *inbox) closes() time.Time {
	closes, limit := b.latest.Add(b.window), b.first.Add(b.limit)
	if limit.Before(closes) {
		closes = limit
	}
	if b.held.After(closes) {
		return b.held
	}
	return closes
}

// purpose says what the inbox waits for.
func (b *inbox) purpose() string {
	if b.awaits {
		return "waiting for the customer's one-time code"
	}
	if !b.held.IsZero() {
		return "collecting many messages, to be answered together"
	}
	return "collecting messages sent in a row"
}

// ready reports that the waiting messages are a batch.
func (b *inbox) ready(now time.Time) bool {
	return !b.empty() && !now.Before(b.closes())
}

// take empties the inbox into a batch in the order of the provider's times.
func (b *inbox) take() []ticket.MessageRef {
	batch := b.waiting
	b.waiting, b.held, b.awaits = nil, time.Time{}, false
	slices.SortStableFunc(batch, func(x, y ticket.MessageRef) int {
		return cmp.Or(x.ReceivedAt.Compare(y.ReceivedAt), cmp.Compare(x.MessageID.String(), y.MessageID.String()))
	})
	return batch
}
