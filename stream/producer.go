package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/ticket"
)

// ProducerOptions says where a Producer sends to. Brokers is required.
type ProducerOptions struct {
	Brokers  []string
	ClientID string
	Logger   *slog.Logger
}

// Producer publishes events and waits for the brokers' acknowledgement. One
// serves a whole process: concurrent callers share batches. It connects in the
// background, so that a process can start while Kafka is down.
type Producer struct {
	opts ProducerOptions
	log  *slog.Logger

	attempted chan struct{} // closed when the first attempt to connect has ended
	closing   chan struct{}
	close     func()
	owned     sync.WaitGroup

	// mu is held for reading while a message is handed to sarama, whose input
	// must not be closed meanwhile.
	mu   sync.RWMutex
	conn *connection // nil until connected and after Close

	pings pings
}

type connection struct {
	client sarama.Client
	async  sarama.AsyncProducer
}

var errNotConnected = errors.New("not connected to kafka")

// NewProducer returns a Producer that connects in the background; Close ends
// it. An error means that the options are wrong, never that Kafka is down.
func NewProducer(opts ProducerOptions) (*Producer, error) {
	if len(opts.Brokers) == 0 {
		return nil, ticket.Errorf(ticket.CodeInvalid, "no kafka brokers are set")
	}
	if err := producerConfig(opts.ClientID).Validate(); err != nil {
		return nil, ticket.Wrap(ticket.CodeInvalid, err, "checking the producer's configuration")
	}
	p := &Producer{
		opts:      opts,
		log:       loggerOr(opts.Logger),
		attempted: make(chan struct{}),
		closing:   make(chan struct{}),
	}
	p.close = sync.OnceFunc(func() { close(p.closing) })
	p.owned.Go(p.connect)
	return p, nil
}

// Publish sends the events and returns nil once the brokers have stored every
// one of them. CodeTooLarge means that an event can never be stored and that
// none was sent; any other error has CodeUnavailable, and then some of the
// events may have been or may yet be stored: publishing them again is harmless
// because consumers are idempotent.
func (p *Producer) Publish(ctx context.Context, events ...Event) error {
	messages := make([]*sarama.ProducerMessage, 0, len(events))
	for _, e := range events {
		m := e.message()
		if size := m.ByteSize(2); size > maxEventBytes {
			return ticket.Errorf(ticket.CodeTooLarge, "an event of %d bytes exceeds the limit of %d", size, maxEventBytes)
		}
		messages = append(messages, m)
	}
	return p.send(ctx, messages...)
}

func (p *Producer) send(ctx context.Context, messages ...*sarama.ProducerMessage) error {
	// Room for every answer, so that the collectors never wait for a caller
	// who has given up.
	acks := make(chan error, len(messages))
	if err := p.enqueue(ctx, acks, messages); err != nil {
		return sendError(err)
	}
	for range messages {
		select {
		case err := <-acks:
			if err != nil {
				return sendError(err)
			}
		case <-ctx.Done():
			return sendError(ctx.Err())
		}
	}
	failpoint.Here("stream.afterProduce")
	return nil
}

func (p *Producer) enqueue(ctx context.Context, acks chan<- error, messages []*sarama.ProducerMessage) error {
	select {
	case <-p.attempted:
	case <-p.closing:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.conn == nil {
		return errNotConnected
	}
	for _, m := range messages {
		m.Metadata = acks
		select {
		case p.conn.async.Input() <- m:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.closing:
			return errNotConnected
		}
	}
	return nil
}

// Close waits until everything handed over is acknowledged or given up, at
// most about 20 s when the brokers hang, and ends the connection. Publish
// fails afterwards. It may be called again.
func (p *Producer) Close() {
	p.close()
	p.mu.Lock()
	conn := p.conn
	p.conn = nil
	p.mu.Unlock()
	if conn != nil {
		conn.async.AsyncClose()
	}
	p.owned.Wait()
	if conn != nil {
		_ = conn.client.Close()
	}
}

// connect tries until it has a connection or the producer is closed; once
// connected, sarama itself finds the brokers again.
func (p *Producer) connect() {
	firstAttempt := sync.OnceFunc(func() { close(p.attempted) })
	defer firstAttempt()
	wait := backoff{min: 200 * time.Millisecond, max: 5 * time.Second}
	var said throttle
	for {
		conn, err := p.dial()
		if err == nil {
			p.adopt(conn)
			return
		}
		firstAttempt()
		if said.allow(err.Error()) {
			p.log.Warn("connecting the kafka producer", "error", err)
		}
		select {
		case <-p.closing:
			return
		case <-time.After(wait.next(0)):
		}
	}
}

func (p *Producer) dial() (*connection, error) {
	client, err := sarama.NewClient(p.opts.Brokers, producerConfig(p.opts.ClientID))
	if err != nil {
		return nil, err
	}
	async, err := sarama.NewAsyncProducerFromClient(client)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return &connection{client: client, async: async}, nil
}

func (p *Producer) adopt(conn *connection) {
	p.owned.Go(func() {
		for m := range conn.async.Successes() {
			m.Metadata.(chan<- error) <- nil
		}
	})
	p.owned.Go(func() {
		for e := range conn.async.Errors() {
			e.Msg.Metadata.(chan<- error) <- e.Err
		}
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closing:
		_ = conn.async.Close()
		_ = conn.client.Close()
	default:
		p.conn = conn
		p.log.Info("kafka producer connected")
	}
}

func sendError(err error) error {
	if errors.Is(err, sarama.ErrMessageSizeTooLarge) {
		return ticket.Wrap(ticket.CodeTooLarge, err, "publishing to kafka")
	}
	if _, ok := errors.AsType[*ticket.Error](err); ok {
		return err
	}
	return ticket.Wrap(ticket.CodeUnavailable, err, "publishing to kafka")
}

func loggerOr(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
