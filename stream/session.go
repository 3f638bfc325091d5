package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// steadySession is how long a session lasts at least if nothing is wrong with it.
const steadySession = time.Minute

// join opens a client of its own, becomes a member of the group and consumes
// until something fails. Starting over with a new client cures whatever state
// the old one was stuck in.
func (c *Consumer) join(ctx context.Context, wait *backoff) error {
	client, err := sarama.NewClient(c.opts.Brokers, consumerConfig(c.opts))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = client.Close() }()
	group, err := sarama.NewConsumerGroupFromClient(c.opts.Group, client)
	if err != nil {
		return fmt.Errorf("opening the group: %w", err)
	}

	ctx, cancel := context.WithCancelCause(ctx)
	var owned sync.WaitGroup
	owned.Go(func() { c.logErrors(group.Errors()) })
	owned.Go(func() { c.watch(ctx, client, cancel) })
	defer func() {
		cancel(nil)
		_ = group.Close() // also closes Errors
		owned.Wait()
	}()

	for {
		session := &session{consumer: c, began: time.Now()}
		err := group.Consume(ctx, c.opts.Topics, session)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("joining the group: %w", err)
		}
		if time.Since(session.began) > steadySession {
			wait.reset()
		}
		if rebalanced(session.cause) {
			continue
		}
		if !c.pause(ctx, wait, fmt.Errorf("session ended: %w", session.cause)) {
			return context.Cause(ctx)
		}
	}
}

func rebalanced(cause error) bool {
	return errors.Is(cause, sarama.ErrRebalanceInProgress) ||
		errors.Is(cause, sarama.ErrUnknownMemberId) ||
		errors.Is(cause, sarama.ErrIllegalGeneration) ||
		errors.Is(cause, sarama.ErrSessionPartitionCountChanged)
}

func (c *Consumer) logErrors(errs <-chan error) {
	for err := range errs {
		text, topic, partition := err.Error(), "", int32(-1)
		if where, ok := errors.AsType[*sarama.ConsumerError](err); ok {
			text, topic, partition = where.Err.Error(), where.Topic, where.Partition
		}
		if c.said.allow(text) {
			c.opts.Logger.Warn("kafka consumer", "error", text, "topic", topic, "partition", partition)
		}
	}
}

// session answers sarama's calls for the time between two rebalances.
type session struct {
	consumer *Consumer
	began    time.Time
	cause    error
}

// Setup is called once the partitions are assigned.
func (s *session) Setup(session sarama.ConsumerGroupSession) error {
	c := s.consumer
	c.metrics.rebalances.Inc()
	c.live.Store(true)
	c.readyOnce()
	c.opts.Logger.Info("partitions assigned", "claims", session.Claims(), "generation", session.GenerationID())
	return nil
}

// Cleanup is called once every claim has returned.
func (s *session) Cleanup(session sarama.ConsumerGroupSession) error {
	s.consumer.live.Store(false)
	s.cause = context.Cause(session.Context())
	s.consumer.opts.Logger.Info("partitions given up", "generation", session.GenerationID(), "cause", s.cause.Error())
	return nil
}

// ConsumeClaim works through one partition until it is revoked. It never
// returns because of a record: that would end the whole session.
func (s *session) ConsumeClaim(session sarama.ConsumerGroupSession, source sarama.ConsumerGroupClaim) error {
	cl := newClaim(s.consumer, session, source)
	defer s.consumer.track(cl)()
	cl.run(session.Context())
	return nil
}
