package stream

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/digital-fte/fte/ticket"
)

// lane works through the records of some keys of a partition, one after the other.
type lane struct {
	claim *claim
	// queue can hold every record of the claim, so that dealing never waits
	// for a blocked lane. None of them is marked.
	queue   chan task
	blocked atomic.Int64 // unix nanoseconds since when it retries a record, 0 if it does not
}

func newLane(cl *claim) *lane {
	return &lane{claim: cl, queue: make(chan task, cl.consumer.opts.MaxInFlight)}
}

// run works until the queue is closed. After stop it begins nothing new.
func (l *lane) run(work context.Context, stop <-chan struct{}) {
	for t := range l.queue {
		if l.settle(work, stop, t.record) {
			l.claim.finish(t.mark)
		}
	}
}

// settle tries the record until it is done or stop is closed.
func (l *lane) settle(work context.Context, stop <-chan struct{}, r Record) (done bool) {
	o := l.claim.consumer.opts
	wait := backoff{min: o.BackoffMin, max: o.BackoffMax}
	try := trial{lane: l, record: r}
	var since, logged time.Time
	defer l.blocked.Store(0)
	for {
		select {
		case <-stop:
			return false
		default:
		}
		err := try.once(work)
		if err == nil {
			if !since.IsZero() {
				o.Logger.InfoContext(work, "lane goes on", append(where(r), "attempts", try.attempts, "blocked_for", time.Since(since).String())...)
			}
			return true
		}
		now := time.Now()
		if since.IsZero() {
			since = now
			l.blocked.Store(now.UnixNano())
		}
		if now.Sub(logged) >= repeatLog {
			logged = now
			o.Logger.ErrorContext(work, "lane blocked", append(where(r), "attempts", try.attempts, "blocked_for", now.Sub(since).String(), "error", err)...)
		}
		select {
		case <-stop:
			return false
		case <-time.After(wait.next(ticket.RetryAfterOf(err))):
		}
	}
}

func where(r Record) []any {
	return []any{"topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "event_id", r.ID, "correlation_id", r.CorrelationID}
}

// trial is what is known about a record between attempts.
type trial struct {
	lane     *lane
	record   Record
	attempts int
	panics   int
	poison   *poisonError // set once the handler need not be asked again
}

// once returns nil when the record is done: handled or put aside.
func (t *trial) once(ctx context.Context) error {
	c := t.lane.claim.consumer
	if t.poison == nil {
		t.attempts++
		err := t.call(ctx)
		if err == nil {
			c.metrics.record(t.record.Topic, outcomeHandled)
			return nil
		}
		if !t.isPoison(ctx, err) {
			c.metrics.record(t.record.Topic, outcomeRetried)
			return err
		}
	}
	if err := c.opts.DeadLetters.Put(ctx, t.record, t.poison.reason, t.poison.err, t.attempts); err != nil {
		return err
	}
	c.metrics.record(t.record.Topic, outcomeDeadLetter)
	c.metrics.deadLetters.WithLabelValues(t.poison.reason).Inc()
	c.opts.Logger.ErrorContext(ctx, "record put aside", append(where(t.record), "reason", t.poison.reason, "attempts", t.attempts)...)
	return nil
}

func (t *trial) isPoison(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false // what a handler says when it is cut short proves nothing
	}
	if panicked, ok := errors.AsType[*panicError](err); ok {
		if t.panics++; t.panics >= maxPanics {
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
		c.metrics.latency.WithLabelValues(t.record.Topic).Observe(time.Since(began).Seconds())
		if value := recover(); value != nil {
			// The value may quote the record; the stack does not.
			c.opts.Logger.ErrorContext(ctx, "handler panicked", append(where(t.record), "stack", string(debug.Stack()))...)
			err = &panicError{value: value}
		}
	}()
	return c.opts.Handler(ctx, t.record)
}
