package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// maxValue is the largest value of an event, in bytes. Kafka has to take
// everything that the spool has taken.
const maxValue = 900 << 10

// delivery makes events durable: in Kafka, or in the spool while Kafka is out
// of reach or events wait in the spool that new ones must not overtake.
type delivery struct {
	log      *slog.Logger
	metrics  *metrics
	producer Producer
	spool    *schema.DB

	publishTimeout, spoolTimeout, interval time.Duration

	mu       sync.Mutex
	spooling bool   // the spool comes first
	inserts  int    // under way
	begun    uint64 // inserts ever begun

	stuck map[int64]struct{} // rows the brokers refuse for good; the relay's own
}

func newDelivery(o Options, m *metrics) *delivery {
	return &delivery{
		log: o.Logger, metrics: m, producer: o.Producer, spool: o.Spool,
		publishTimeout: o.PublishTimeout, spoolTimeout: o.SpoolTimeout, interval: o.RelayInterval,
		spooling: true,
		stuck:    map[int64]struct{}{},
	}
}

// deliver returns nil once the event is durable; else CodeUnavailable, or
// CodeTooLarge for an event that never can be. It takes publishTimeout and
// spoolTimeout at most, even if the sender has gone: the event is still wanted.
func (d *delivery) deliver(ctx context.Context, e stream.Event) error {
	if len(e.Value) > maxValue {
		return ticket.Errorf(ticket.CodeTooLarge, "the request is too large")
	}
	ctx = context.WithoutCancel(ctx)
	first, second := d.publish, d.keep
	if d.spoolFirst() {
		first, second = second, first
	}
	err := first(ctx, e)
	if err == nil || ticket.CodeOf(err) == ticket.CodeTooLarge {
		return err
	}
	// Even behind waiting events Kafka is better than nothing: the order of a
	// conversation is restored later, a refused webhook may never come again.
	other := second(ctx, e)
	if other == nil {
		return nil
	}
	return &ticket.Error{
		Code: ticket.CodeUnavailable, Message: "we cannot take messages right now, please try again",
		RetryAfter: unavailableRetry, Err: errors.Join(err, other),
	}
}

func (d *delivery) publish(ctx context.Context, e stream.Event) error {
	if err := d.send(ctx, e); err != nil {
		return err
	}
	d.metrics.events.WithLabelValues(e.Topic, viaKafka).Inc()
	return nil
}

func (d *delivery) send(ctx context.Context, events ...stream.Event) error {
	ctx, cancel := context.WithTimeout(ctx, d.publishTimeout)
	defer cancel()
	return d.producer.Publish(ctx, events...)
}

func (d *delivery) keep(ctx context.Context, e stream.Event) error {
	ctx, cancel := context.WithTimeout(ctx, d.spoolTimeout)
	defer cancel()
	d.insertBegins()
	err := d.spool.Spool(ctx, schema.SpoolParams{
		EventID: e.ID, Topic: e.Topic, Key: e.Key, Type: e.Type, Source: e.Source,
		CorrelationID: e.CorrelationID, TraceParent: e.TraceParent, Value: e.Value, EventTime: e.Time,
	})
	if d.insertEnds(err == nil) {
		d.log.WarnContext(ctx, "kafka did not take an event, spooling from now on", "topic", e.Topic)
	}
	if err != nil {
		return schema.Classify(err)
	}
	failpoint.Here("gateway.afterSpool")
	d.metrics.events.WithLabelValues(e.Topic, viaSpool).Inc()
	return nil
}

func (d *delivery) spoolFirst() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.spooling
}

func (d *delivery) insertBegins() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inserts++
	d.begun++
}

// insertEnds reports whether this insert was the one that put the spool first.
func (d *delivery) insertEnds(stored bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inserts--
	changed := stored && !d.spooling
	d.spooling = d.spooling || stored
	return changed
}

// quiet returns a mark of this moment, false if an insert is under way whose
// row a look at the spool might miss.
func (d *delivery) quiet() (mark uint64, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun, d.inserts == 0
}

// kafkaFirst ends spooling, unless an insert has begun since the mark.
func (d *delivery) kafkaFirst(mark uint64) {
	d.mu.Lock()
	ended := d.spooling && d.begun == mark
	if ended {
		d.spooling = false
	}
	d.mu.Unlock()
	if ended {
		d.log.Info("publishing to kafka directly")
	}
}

// reachable returns nil if an event could be made durable now.
func (d *delivery) reachable(ctx context.Context) error {
	const patience = time.Second
	kafka, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := d.producer.Ping(kafka)
	if err == nil {
		return nil
	}
	spool, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if other := d.spool.Ping(spool); other != nil {
		return ticket.Wrap(ticket.CodeUnavailable, errors.Join(err, other), "neither kafka nor the spool can be reached")
	}
	return nil
}
