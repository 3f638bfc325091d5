package stream

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/digital-fte/fte/ticket"
)

// Backlog is what a consumer group has before it.
type Backlog struct {
	Members int
	Waiting []Waiting // partitions with records that are not done, the oldest first
}

// Waiting is a partition with records that a group has not marked as done.
type Waiting struct {
	Topic     string
	Partition int32
	Next      int64 // offset of the first of them
	Records   int64
	Since     time.Time // when the first was published; zero when the brokers did not say in time
	Lost      bool      // the brokers have deleted the record that was to be read next
}

// Partitions returns how many partitions each topic of the brokers has.
// Errors have CodeUnavailable.
func Partitions(brokers []string) (map[string]int, error) {
	client, err := sarama.NewClient(brokers, promptConfig("fte-doctor"))
	if err != nil {
		return nil, ticket.Wrap(ticket.CodeUnavailable, err, "reaching kafka")
	}
	defer func() { _ = client.Close() }()
	topics, err := client.Topics()
	if err != nil {
		return nil, ticket.Wrap(ticket.CodeUnavailable, err, "listing topics")
	}
	counts := map[string]int{}
	for _, topic := range topics {
		partitions, err := client.Partitions(topic)
		if err != nil {
			return nil, ticket.Wrap(ticket.CodeUnavailable, err, "reading topic %s", topic)
		}
		counts[topic] = len(partitions)
	}
	return counts, nil
}

// ReadBacklog returns the members of a group and what waits for it in the
// topics. It joins no group and marks nothing. Errors have CodeUnavailable.
func ReadBacklog(ctx context.Context, brokers []string, group string, topics []string) (Backlog, error) {
	backlog, err := readBacklog(ctx, brokers, group, topics)
	if err != nil {
		return Backlog{}, ticket.Wrap(ticket.CodeUnavailable, err, "reading the backlog of %s", group)
	}
	return backlog, nil
}

func readBacklog(ctx context.Context, brokers []string, group string, topics []string) (Backlog, error) {
	config := promptConfig("fte-doctor")
	config.Consumer.MaxWaitTime = 50 * time.Millisecond // closing a partition waits for its last fetch
	client, err := sarama.NewClient(brokers, config)
	if err != nil {
		return Backlog{}, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		_ = client.Close()
		return Backlog{}, err
	}
	defer func() { _ = admin.Close() }() // closes the client too
	members, err := membersOf(admin, group)
	if err != nil {
		return Backlog{}, err
	}
	waiting, err := waitingOf(client, admin, group, topics)
	if err != nil {
		return Backlog{}, err
	}
	if err := dateAll(ctx, client, waiting); err != nil {
		return Backlog{}, err
	}
	slices.SortFunc(waiting, func(a, b Waiting) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return Backlog{members, waiting}, nil
}

func membersOf(admin sarama.ClusterAdmin, group string) (int, error) {
	groups, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil {
		return 0, known(err)
	}
	for _, g := range groups {
		if g.Err != sarama.ErrNoError {
			return 0, known(g.Err)
		}
		if g.GroupId == group {
			return len(g.Members), nil
		}
	}
	return 0, nil
}

// known leaves out the error of a group that never was: it has no members and
// has marked nothing.
func known(err error) error {
	if errors.Is(err, sarama.ErrGroupIDNotFound) {
		return nil
	}
	return err
}

func waitingOf(client sarama.Client, admin sarama.ClusterAdmin, group string, topics []string) ([]Waiting, error) {
	partitions := map[string][]int32{}
	for _, topic := range topics {
		of, err := client.Partitions(topic)
		if err != nil {
			return nil, err
		}
		partitions[topic] = of
	}
	marked, err := admin.ListConsumerGroupOffsets(group, partitions)
	if known(err) != nil {
		return nil, err
	}
	var waiting []Waiting
	for topic, of := range partitions {
		for _, partition := range of {
			newest, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
			if err != nil {
				return nil, err
			}
			next := int64(-1)
			if marked != nil {
				if block := marked.GetBlock(topic, partition); block != nil {
					next = block.Offset
				}
			}
			if next == newest {
				continue
			}
			oldest, err := client.GetOffset(topic, partition, sarama.OffsetOldest)
			if err != nil {
				return nil, err
			}
			w := Waiting{Topic: topic, Partition: partition, Lost: next >= 0 && next < oldest, Next: max(next, oldest)}
			if w.Records = newest - w.Next; w.Records > 0 || w.Lost {
				waiting = append(waiting, w)
			}
		}
	}
	return waiting, nil
}

// dateAll finds out since when each partition waits.
func dateAll(ctx context.Context, client sarama.Client, waiting []Waiting) error {
	if len(waiting) == 0 {
		return nil
	}
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return err
	}
	faults := make([]error, len(waiting))
	var readers sync.WaitGroup
	for i := range waiting {
		if waiting[i].Records > 0 {
			readers.Go(func() { faults[i] = date(ctx, consumer, &waiting[i]) })
		}
	}
	readers.Wait()
	return errors.Join(append(faults, consumer.Close())...)
}

func date(ctx context.Context, consumer sarama.Consumer, w *Waiting) error {
	reader, err := consumer.ConsumePartition(w.Topic, w.Partition, w.Next)
	if err != nil {
		return err
	}
	select {
	case m, ok := <-reader.Messages():
		if ok {
			w.Since = m.Timestamp
		}
	case <-ctx.Done():
	}
	return reader.Close()
}

// CountDeadLetters returns how many dead letters the brokers keep, and how many
// of them were put aside after a time. Errors have CodeUnavailable.
func CountDeadLetters(brokers []string, after time.Time) (recent, all int64, err error) {
	client, err := sarama.NewClient(brokers, promptConfig("fte-doctor"))
	if err != nil {
		return 0, 0, ticket.Wrap(ticket.CodeUnavailable, err, "reaching kafka")
	}
	defer func() { _ = client.Close() }()
	partitions, err := client.Partitions(ticket.TopicDeadLetters)
	if err != nil {
		return 0, 0, ticket.Wrap(ticket.CodeUnavailable, err, "reading topic %s", ticket.TopicDeadLetters)
	}
	for _, partition := range partitions {
		var at [3]int64
		for i, when := range []int64{sarama.OffsetOldest, after.UnixMilli(), sarama.OffsetNewest} {
			if at[i], err = client.GetOffset(ticket.TopicDeadLetters, partition, when); err != nil {
				return 0, 0, ticket.Wrap(ticket.CodeUnavailable, err, "reading topic %s", ticket.TopicDeadLetters)
			}
		}
		oldest, first, newest := at[0], at[1], at[2]
		all += newest - oldest
		if first >= 0 { // -1: none is that new
			recent += newest - first
		}
	}
	return recent, all, nil
}
