package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	// maxBatch is how many spooled events are published at once.
	maxBatch = 100
	// passLimit bounds a pass, so that a connection which died without a word
	// is given up.
	passLimit = 30 * time.Second
)

// relay moves spooled events to Kafka until ctx ends.
func (d *delivery) relay(ctx context.Context) {
	d.look(ctx)
	ticker := time.NewTicker(d.interval)
	defer ticker.Stop()
	for failing := false; ; {
		err := d.pass(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			d.log.WarnContext(ctx, "draining the spool", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look decides where the first events go. A spool that cannot be read cannot
// be written either, and then nothing is gained by trying it first.
func (d *delivery) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, d.spoolTimeout)
	defer cancel()
	mark, ok := d.quiet()
	backlog, err := d.spool.SpoolBacklog(ctx)
	if err != nil {
		d.log.WarnContext(ctx, "reading the spool", "error", err)
	}
	if ok && (err != nil || backlog.Depth == 0) {
		d.kafkaFirst(mark)
	}
}

// pass publishes what lies in the spool, unless another gateway is at it.
func (d *delivery) pass(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, passLimit)
	defer cancel()
	return d.spool.Session(ctx, func(q *schema.Queries) error {
		mine, err := q.TryRelayLock(ctx)
		if err != nil {
			return fmt.Errorf("locking the spool: %w", err)
		}
		if mine {
			err = d.drain(ctx, q)
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.spoolTimeout)
			defer cancel()
			// If this fails the connection is closed, which unlocks as well.
			_ = q.ReleaseRelayLock(release)
		}
		if backlog, unread := q.SpoolBacklog(ctx); unread == nil {
			d.metrics.spoolDepth.Set(float64(backlog.Depth))
			d.metrics.spoolOldest.Set(backlog.OldestSeconds)
		}
		return err
	})
}

// drain publishes in the order of the ids until nothing is left. It begins
// with a single event, so that a broker that is still down is not sent the
// same hundred over and over.
func (d *delivery) drain(ctx context.Context, q *schema.Queries) error {
	for size := 1; ; size = min(4*size, maxBatch) {
		mark, ok := d.quiet()
		rows, err := q.Spooled(ctx, int32(size+len(d.stuck)))
		if err != nil {
			return fmt.Errorf("reading the spool: %w", err)
		}
		rows = slices.DeleteFunc(rows, func(r schema.WebhookSpool) bool {
			_, stuck := d.stuck[r.ID]
			return stuck
		})
		if len(rows) == 0 {
			if ok {
				d.kafkaFirst(mark)
			}
			return nil
		}
		if err := d.forward(ctx, q, rows); err != nil {
			return err
		}
	}
}

func (d *delivery) forward(ctx context.Context, q *schema.Queries, rows []schema.WebhookSpool) error {
	events := make([]stream.Event, 0, len(rows))
	for _, r := range rows {
		events = append(events, stream.Event{
			Topic: r.Topic, Key: r.Key, ID: r.EventID, Type: r.Type, Source: r.Source, Time: r.EventTime,
			CorrelationID: r.CorrelationID, TraceParent: r.TraceParent, Value: r.Value,
		})
	}
	err := d.send(ctx, events...)
	switch {
	case ticket.CodeOf(err) == ticket.CodeTooLarge && len(rows) > 1:
		for i := range rows {
			if err := d.forward(ctx, q, rows[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	case ticket.CodeOf(err) == ticket.CodeTooLarge:
		// It stays in the table, and in the depth that alarms look at, until
		// the brokers' limit is raised and the gateway starts again; those
		// behind it go on.
		d.stuck[rows[0].ID] = struct{}{}
		d.log.ErrorContext(ctx, "kafka refuses a spooled event as too large", "row", rows[0].ID, "topic", rows[0].Topic)
		return nil
	case err != nil:
		return fmt.Errorf("publishing spooled events: %w", err)
	}
	failpoint.Here("gateway.afterUnspoolPublish")
	for _, r := range rows {
		if err := q.Unspool(ctx, r.ID); err != nil {
			return fmt.Errorf("deleting a spooled event: %w", err)
		}
	}
	return nil
}
