package lab

import (
	"slices"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
)

// Events returns the ids of the events on a topic, in the order of their times.
func (l *Lab) Events(topic string) (ids []string) {
	l.t.Helper()
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	c, err := sarama.NewClient(l.Kafka.Brokers, config)
	require.NoError(l.t, err)
	defer func() { _ = c.Close() }()
	consumer, err := sarama.NewConsumerFromClient(c)
	require.NoError(l.t, err)
	partitions, err := c.Partitions(topic)
	require.NoError(l.t, err)
	var all []*sarama.ConsumerMessage
	for _, p := range partitions {
		newest, err := c.GetOffset(topic, p, sarama.OffsetNewest)
		require.NoError(l.t, err)
		if newest == 0 {
			continue
		}
		reader, err := consumer.ConsumePartition(topic, p, 0)
		require.NoError(l.t, err)
		for m := range reader.Messages() {
			all = append(all, m)
			if m.Offset == newest-1 {
				break
			}
		}
		require.NoError(l.t, reader.Close())
	}
	slices.SortStableFunc(all, func(a, b *sarama.ConsumerMessage) int { return a.Timestamp.Compare(b.Timestamp) })
	for _, m := range all {
		for _, h := range m.Headers {
			if string(h.Key) == "ce_id" {
				ids = append(ids, string(h.Value))
			}
		}
	}
	return ids
}
