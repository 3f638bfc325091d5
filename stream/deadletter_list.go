package stream

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/digital-fte/fte/ticket"
)

// DeadLetterFilter narrows ListDeadLetters; empty fields match everything.
type DeadLetterFilter struct {
	Topic  string // the topic it was consumed from
	Reason string
	ID     string // the event's id
	Limit  int    // at most so many, the oldest first; 0 means all
}

func (f DeadLetterFilter) matches(d DeadLetter) bool {
	return (f.Topic == "" || f.Topic == d.SourceTopic) &&
		(f.Reason == "" || f.Reason == d.Reason) &&
		(f.ID == "" || f.ID == d.ID)
}

// ListDeadLetters reads the topic of dead letters from its beginning to the
// end it had when the call began, oldest first. It joins no group and marks
// nothing. Errors have CodeUnavailable.
func ListDeadLetters(ctx context.Context, brokers []string, filter DeadLetterFilter) ([]DeadLetter, error) {
	found, err := readDeadLetters(ctx, brokers, filter)
	if err != nil {
		return nil, ticket.Wrap(ticket.CodeUnavailable, err, "reading dead letters")
	}
	slices.SortStableFunc(found, func(a, b DeadLetter) int {
		return cmp.Or(a.PutAt.Compare(b.PutAt), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	if filter.Limit > 0 && len(found) > filter.Limit {
		found = found[:filter.Limit]
	}
	return found, nil
}

func readDeadLetters(ctx context.Context, brokers []string, filter DeadLetterFilter) ([]DeadLetter, error) {
	config := promptConfig("fte-dlq")
	config.Consumer.MaxWaitTime = 50 * time.Millisecond // closing a partition waits for its last fetch
	client, err := sarama.NewClient(brokers, config)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return nil, err
	}
	defer func() { _ = consumer.Close() }()
	partitions, err := client.Partitions(ticket.TopicDeadLetters)
	if err != nil {
		return nil, err
	}
	var found []DeadLetter
	for _, partition := range partitions {
		err := readPartition(ctx, client, consumer, partition, func(r Record) {
			if d := deadLetterOf(r); filter.matches(d) {
				found = append(found, d)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func readPartition(ctx context.Context, client sarama.Client, consumer sarama.Consumer, partition int32, visit func(Record)) error {
	oldest, err := client.GetOffset(ticket.TopicDeadLetters, partition, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	end, err := client.GetOffset(ticket.TopicDeadLetters, partition, sarama.OffsetNewest)
	if err != nil || oldest == end {
		return err
	}
	reader, err := consumer.ConsumePartition(ticket.TopicDeadLetters, partition, oldest)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m, ok := <-reader.Messages():
			if !ok {
				return errors.New("the partition's offsets changed while reading")
			}
			if m.Offset < end {
				visit(recordOf(m))
			}
			if m.Offset >= end-1 {
				return nil
			}
		}
	}
}
