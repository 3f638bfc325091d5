package stream

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/digital-fte/fte/ticket"
)

// Handler works on one record. Returning nil says that everything the record
// asked for is durable elsewhere. An error made by Poison puts the record
// aside. On any other error the same record is tried again, for ever, after a
// growing wait or the RetryAfter of a *ticket.Error, and the records behind it
// in its lane wait. Handlers run concurrently for different keys, may see a
// record more than once, and must return soon after ctx has ended.
type Handler func(ctx context.Context, r Record) error

// BatchHandler works on some records of one key in their order, one at least.
// They were queued already: nothing waits for a batch to fill. It is as a
// Handler, but nil says that all of them are durable, and any error makes the
// same batch be tried again, unless it is one made by Poison or a panic: then
// the records are handed over one by one, so that only those at fault are put
// aside and the others are done in their order. It must not keep or change the slice.
type BatchHandler func(ctx context.Context, batch []Record) error

// ConsumerOptions says what to consume and how. Brokers, Group, Topics,
// DeadLetters and either Handler or BatchHandler are required; zero values of
// the rest mean the defaults in the comments.
//
// The keys of a partition take turns of one record, or one batch. So as long as
// a burst of one key fits into MaxInFlight, a record of another key waits for
// one call for each key before it in line, not for the burst. Of a longer burst
// the records beyond MaxInFlight have to be done before one behind it is read:
// with batches that takes MaxBatch times fewer calls. A key whose records are
// refused occupies one lane; when all lanes are occupied so, or MaxInFlight
// records wait behind such keys, the partition waits.
type ConsumerOptions struct {
	Brokers      []string
	Group        string
	Topics       []string
	Handler      Handler
	BatchHandler BatchHandler
	DeadLetters  *DeadLetters

	MaxBatch int                    // records handed to a BatchHandler at once, 100
	Together func(a, b Record) bool // whether b may be in the batch that a begins; nil: any of the same key may

	ClientID   string
	InstanceID string // stable name of this member: no rebalance on a quick restart

	Lanes       int           // keys worked on at a time, per partition, 8
	MaxInFlight int           // records read and not done, per partition, 256
	BackoffMin  time.Duration // 100 ms
	BackoffMax  time.Duration // 15 s
	Grace       time.Duration // for running handlers when a partition is given up, 20 s

	SessionTimeout   time.Duration // 30 s
	Heartbeat        time.Duration // 3 s
	RebalanceTimeout time.Duration // 60 s, must exceed Grace

	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil: no metrics
}

func (o ConsumerOptions) withDefaults() ConsumerOptions {
	o.Lanes = cmp.Or(o.Lanes, 8)
	o.MaxInFlight = cmp.Or(o.MaxInFlight, 256)
	o.MaxBatch = cmp.Or(o.MaxBatch, 100)
	if o.Together == nil {
		o.Together = func(Record, Record) bool { return true }
	}
	o.BackoffMin = cmp.Or(o.BackoffMin, 100*time.Millisecond)
	o.BackoffMax = cmp.Or(o.BackoffMax, 15*time.Second)
	o.Grace = cmp.Or(o.Grace, 20*time.Second)
	o.SessionTimeout = cmp.Or(o.SessionTimeout, 30*time.Second)
	o.Heartbeat = cmp.Or(o.Heartbeat, 3*time.Second)
	o.RebalanceTimeout = cmp.Or(o.RebalanceTimeout, 60*time.Second)
	o.Logger = loggerOr(o.Logger).With("group", o.Group)
	return o
}

func (o ConsumerOptions) validate() error {
	switch {
	case len(o.Brokers) == 0:
		return ticket.Errorf(ticket.CodeInvalid, "no kafka brokers are set")
	case o.Group == "" || len(o.Topics) == 0:
		return ticket.Errorf(ticket.CodeInvalid, "a consumer needs a group and topics")
	case (o.Handler == nil) == (o.BatchHandler == nil) || o.DeadLetters == nil:
		return ticket.Errorf(ticket.CodeInvalid, "a consumer needs one handler and dead letters")
	case o.Lanes < 1 || o.MaxInFlight < 1 || o.MaxBatch < 1 || o.BackoffMin < 0 || o.BackoffMax < o.BackoffMin:
		return ticket.Errorf(ticket.CodeInvalid, "a consumer's lanes, bounds and waits must be positive")
	case o.Grace >= o.RebalanceTimeout:
		return ticket.Errorf(ticket.CodeInvalid, "the consumer's grace must be shorter than its rebalance timeout")
	}
	if err := consumerConfig(o).Validate(); err != nil {
		return ticket.Wrap(ticket.CodeInvalid, err, "checking the consumer's configuration")
	}
	return nil
}

// Consumer is one member of a consumer group.
type Consumer struct {
	opts    ConsumerOptions
	metrics *consumerMetrics
	said    throttle

	ready     chan struct{}
	readyOnce func()
	live      atomic.Bool

	mu     sync.Mutex
	claims map[*claim]struct{}

	stallAfter time.Duration
	watchEvery time.Duration
}

// NewConsumer returns a Consumer that does nothing until Run. The error has
// CodeInvalid: the options are wrong.
func NewConsumer(opts ConsumerOptions) (*Consumer, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if one := opts.Handler; one != nil {
		opts.MaxBatch = 1
		opts.BatchHandler = func(ctx context.Context, batch []Record) error { return one(ctx, batch[0]) }
	}
	c := &Consumer{
		opts:       opts,
		ready:      make(chan struct{}),
		claims:     map[*claim]struct{}{},
		stallAfter: time.Minute,
		watchEvery: 15 * time.Second,
	}
	c.readyOnce = sync.OnceFunc(func() { close(c.ready) })
	c.metrics = newConsumerMetrics(opts.Group, c.liveClaims)
	return c, nil
}

// Run consumes until ctx ends, then gives running handlers Grace to finish and
// returns nil. A broker that is down, a missing topic or an offset the broker
// no longer has are logged, waited for and tried again, never returned. The
// only error is a second Run with the same group and Registerer.
func (c *Consumer) Run(ctx context.Context) error {
	if reg := c.opts.Registerer; reg != nil {
		if err := reg.Register(c.metrics); err != nil {
			return ticket.Wrap(ticket.CodeInternal, err, "registering the metrics of group %s", c.opts.Group)
		}
		defer reg.Unregister(c.metrics)
	}
	wait := &backoff{min: c.opts.BackoffMin, max: c.opts.BackoffMax}
	for {
		err := c.join(ctx, wait)
		if ctx.Err() != nil {
			return nil
		}
		if !c.pause(ctx, wait, err) {
			return nil
		}
	}
}

// Ready is closed once the group has assigned partitions to this member for
// the first time.
func (c *Consumer) Ready() <-chan struct{} { return c.ready }

// Healthy reports whether this member takes part in its group now. It is
// false for a moment during each rebalance, as long as the brokers are away or
// a topic is missing, and nearly always while a stored offset no longer exists
// (each attempt to consume ends at once). A blocked lane does not make it
// unhealthy.
func (c *Consumer) Healthy() bool { return c.live.Load() }

// pause logs err and waits; false means that ctx has ended.
func (c *Consumer) pause(ctx context.Context, wait *backoff, err error) bool {
	if c.said.allow(err.Error()) {
		c.opts.Logger.WarnContext(ctx, "consuming from kafka", "error", err)
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait.next(0)):
		return true
	}
}

func (c *Consumer) track(cl *claim) (untrack func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims[cl] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.claims, cl)
	}
}

func (c *Consumer) liveClaims() []*claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	claims := make([]*claim, 0, len(c.claims))
	for cl := range c.claims {
		claims = append(claims, cl)
	}
	return claims
}
