package stream

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/digital-fte/fte/ticket"
)

// lane works on one key of a partition at a time.
type lane struct {
	claim   *claim
	blocked atomic.Int64 // unix nanoseconds since when it retries a batch, 0 if it does not
}

// run works until stop is closed; after that it begins nothing new.
func (l *lane) run(work context.Context, stop <-chan struct{}) {
	o, line := l.claim.consumer.opts, l.claim.line
	for q := line.next(stop); q != nil; q = line.next(stop) {
		batch := line.batch(q, o.MaxBatch, o.Together)
		l.settle(work, stop, batch)
		line.done(q, len(batch))
	}
}

var (
	errStopped = errors.New("stopped before the records were done")
	errApart   = errors.New("one of the records can never be handled")
)

// settle handles a batch, its records one by one if one of them spoils it, and
// marks what is done. Unless stop is closed before, that is all of it.
func (l *lane) settle(work context.Context, stop <-chan struct{}, batch []task) {
	all := &trial{lane: l}
	for _, t := range batch {
		all.records = append(all.records, t.record)
	}
	err := l.try(work, stop, all)
	if errors.Is(err, errStopped) {
		return
	}
	for i, t := range batch {
		if errors.Is(err, errApart) && l.try(work, stop, &trial{lane: l, records: all.records[i : i+1 : i+1], attempts: all.attempts}) != nil {
			return
		}
		l.claim.finish(t.mark)
	}
}

// try repeats a trial until its records are done, stop is closed (errStopped),
// or they have to be tried one by one (errApart).
func (l *lane) try(work context.Context, stop <-chan struct{}, t *trial) error {
	o := l.claim.consumer.opts
	wait := backoff{min: o.BackoffMin, max: o.BackoffMax}
	var since, logged time.Time
	defer l.blocked.Store(0)
	for {
		select {
		case <-stop:
			return errStopped
		default:
		}
		err := t.once(work)
		if err == nil && !since.IsZero() {
			o.Logger.InfoContext(work, "lane goes on", append(t.where(), "attempts", t.attempts, "blocked_for", time.Since(since).String())...)
		}
		if err == nil || errors.Is(err, errApart) {
			return err
		}
		now := time.Now()
		if since.IsZero() {
			since = now
			l.blocked.Store(now.UnixNano())
		}
		if now.Sub(logged) >= repeatLog {
			logged = now
			o.Logger.ErrorContext(work, "lane blocked", append(t.where(), "attempts", t.attempts, "blocked_for", now.Sub(since).String(), "error", err)...)
		}
		select {
		case <-stop:
			return errStopped
		case <-time.After(wait.next(ticket.RetryAfterOf(err))):
		}
	}
}

// trial is what is known about a batch between attempts.
type trial struct {
	lane     *lane
	records  []Record
	attempts int
	panics   int
	poison   *poisonError // set once the handler need not be asked again
}

// where says for the log which records these are, by the first of them.
func (t *trial) where() []any {
	r := t.records[0]
	return []any{
		"topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "records", len(t.records),
		"event_id", r.ID, "correlation_id", r.CorrelationID,
	}
}

// once returns nil when the records are done: handled or, if it is a single
// one, put aside.
func (t *trial) once(ctx context.Context) error {
	c := t.lane.claim.consumer
	if t.poison == nil {
		t.attempts++
		err := t.call(ctx)
		if err == nil {
			t.count(outcomeHandled)
			return nil
		}
		if !t.isPoison(ctx, err) {
			t.count(outcomeRetried)
			return err
		}
		if len(t.records) > 1 {
			t.count(outcomeRetried)
			return errApart
		}
	}
	if err := c.opts.DeadLetters.Put(ctx, t.records[0], t.poison.reason, t.poison.err, t.attempts); err != nil {
		return err
	}
	t.count(outcomeDeadLetter)
	c.metrics.deadLetters.WithLabelValues(t.poison.reason).Inc()
	c.opts.Logger.ErrorContext(ctx, "record put aside", append(t.where(), "reason", t.poison.reason, "attempts", t.attempts)...)
	return nil
}

func (t *trial) count(outcome string) {
	t.lane.claim.consumer.metrics.record(t.records[0].Topic, outcome, len(t.records))
}

// isPoison reports whether one of the records need not be tried again. A panic
// proves that of a single record the third time; several are taken apart at
// once, to see which of them it is.
func (t *trial) isPoison(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false // what a handler says when it is cut short proves nothing
	}
	if panicked, ok := errors.AsType[*panicError](err); ok {
		if t.panics++; t.panics >= maxPanics || len(t.records) > 1 {
			t.poison = &poisonError{reason: ReasonPanic, err: panicked}
		}
		return t.poison != nil
	}
	return errors.As(err, &t.poison)
}

func (t *trial) call(ctx context.Context) (err error) {
	c := t.lane.claim.consumer
	began := time.Now()
	defer func() {
		c.metrics.latency.WithLabelValues(t.records[0].Topic).Observe(time.Since(began).Seconds())
		if value := recover(); value != nil {
			// The value may quote the record; the stack does not.
			c.opts.Logger.ErrorContext(ctx, "handler panicked", append(t.where(), "stack", string(debug.Stack()))...)
			err = &panicError{value: value}
		}
	}()
	return c.opts.BatchHandler(ctx, t.records)
}
