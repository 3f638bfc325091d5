package stream

import (
	"time"

	"github.com/IBM/sarama"
)

const (
	// maxMessageBytes is what a broker with default settings accepts.
	maxMessageBytes = 1 << 20
	// maxEventBytes leaves room for the headers a dead letter adds, so that
	// whatever can be published can also be put aside.
	maxEventBytes = maxMessageBytes - 8<<10
)

func baseConfig(clientID string) *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V3_6_0_0
	if clientID != "" {
		c.ClientID = clientID
	}
	c.Metadata.AllowAutoTopicCreation = false
	return c
}

// promptConfig gives up on a silent broker within seconds, for callers that
// somebody is waiting for.
func promptConfig(clientID string) *sarama.Config {
	c := baseConfig(clientID)
	c.Net.DialTimeout = 2 * time.Second
	c.Net.ReadTimeout = 3 * time.Second
	c.Net.WriteTimeout = 3 * time.Second
	c.Metadata.Timeout = 5 * time.Second
	return c
}

func producerConfig(clientID string) *sarama.Config {
	c := promptConfig(clientID)
	c.Net.MaxOpenRequests = 1
	c.Producer.Idempotent = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Retry.Max = 5
	c.Producer.Return.Successes = true
	c.Producer.Return.Errors = true
	c.Producer.Timeout = 2 * time.Second
	c.Producer.Partitioner = sarama.NewMurmur2Partitioner
	c.Producer.Compression = sarama.CompressionZSTD
	c.Producer.MaxMessageBytes = maxMessageBytes
	// Also governs how often a producer id is asked for; connect starts over itself.
	c.Producer.Transaction.Retry.Max = 1
	return c
}

func consumerConfig(o ConsumerOptions) *sarama.Config {
	c := baseConfig(o.ClientID)
	c.Net.DialTimeout = 5 * time.Second
	c.ChannelBufferSize = 64
	c.Consumer.MaxWaitTime = 250 * time.Millisecond
	c.Consumer.Return.Errors = true
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Offsets.AutoCommit.Enable = true
	c.Consumer.Offsets.AutoCommit.Interval = time.Second
	// An offset the broker no longer has is an alarm, not a reason to jump.
	c.Consumer.Group.ResetInvalidOffsets = false
	c.Consumer.Group.InstanceId = o.InstanceID
	c.Consumer.Group.Session.Timeout = o.SessionTimeout
	c.Consumer.Group.Heartbeat.Interval = o.Heartbeat
	c.Consumer.Group.Rebalance.Timeout = o.RebalanceTimeout
	c.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategySticky()}
	return c
}
