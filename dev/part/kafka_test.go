package part_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/digital-fte/fte/dev/part"
)

func startKafka(t *testing.T, o part.KafkaOptions) *part.Kafka {
	t.Helper()
	began := time.Now()
	k, err := part.StartKafka(o)
	require.NoError(t, err)
	t.Logf("Kafka: %v", time.Since(began).Round(time.Microsecond))
	t.Cleanup(k.Close)
	return k
}

func produce(brokers []string, topic string, values ...string) error {
	p, err := sarama.NewSyncProducer(brokers, kafkaConfig())
	if err != nil {
		return err
	}
	defer p.Close()
	for _, v := range values {
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder("k"), Value: sarama.StringEncoder(v)}); err != nil {
			return err
		}
	}
	return nil
}

// consume reads n records of topic a in group, marks them and commits.
func consume(t *testing.T, brokers []string, group string, n int) []string {
	t.Helper()
	g, err := sarama.NewConsumerGroup(brokers, group, kafkaConfig())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(deadline(t, 30*time.Second))
	defer cancel()
	h := &reader{want: n, enough: cancel}
	err = g.Consume(ctx, []string{"a"}, h)
	if err != nil && !errors.Is(err, context.Canceled) {
		require.NoError(t, err)
	}
	require.NoError(t, g.Close())
	require.Len(t, h.got, n)
	return h.got
}

type reader struct {
	want   int
	got    []string
	enough func()
}

func (*reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (r *reader) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case m, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			r.got = append(r.got, string(m.Value))
			s.MarkMessage(m, "")
			if len(r.got) == r.want {
				s.Commit()
				r.enough()
				return nil
			}
		case <-s.Context().Done():
			return nil
		}
	}
}

func TestKafkaKeepsRecordsAndOffsets(t *testing.T) {
	t.Parallel()
	skipShort(t, "joins consumer groups")
	o := part.KafkaOptions{Dir: t.TempDir(), Topics: []string{"a"}, Partitions: 1}
	k := startKafka(t, o)
	require.NoError(t, produce(k.Brokers, "a", "1", "2", "3"))
	require.Equal(t, []string{"1", "2"}, consume(t, k.Brokers, "g", 2))
	k.Close()

	o.Topics = []string{"a", "b"}
	again := startKafka(t, o)
	require.Equal(t, k.Brokers, again.Brokers, "the port changed")
	require.NoError(t, produce(again.Brokers, "b", "x"))
	require.NoError(t, produce(again.Brokers, "a", "4"))
	require.Equal(t, []string{"3", "4"}, consume(t, again.Brokers, "g", 2))
	require.Equal(t, []string{"1", "2", "3", "4"}, consume(t, again.Brokers, "other", 4))
}

func TestKafkaMakesOnlyTheTopicsNamed(t *testing.T) {
	t.Parallel()
	k := startKafka(t, part.KafkaOptions{Topics: []string{"a"}, Partitions: 12})
	client, err := sarama.NewClient(k.Brokers, kafkaConfig())
	require.NoError(t, err)
	defer client.Close()
	require.Len(t, client.Brokers(), 1)
	topics, err := client.Topics()
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, topics)
	partitions, err := client.Partitions("a")
	require.NoError(t, err)
	require.Len(t, partitions, 12)

	c := kafkaConfig()
	c.Metadata.AllowAutoTopicCreation = true
	c.Metadata.Retry.Max = 0
	eager, err := sarama.NewClient(k.Brokers, c)
	require.NoError(t, err)
	defer eager.Close()
	_, err = eager.Partitions("stranger")
	require.ErrorIs(t, err, sarama.ErrUnknownTopicOrPartition)
}

func TestKafkaCloseLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	k := startKafka(t, part.KafkaOptions{Dir: t.TempDir(), Topics: []string{"a"}})
	require.NoError(t, produce(k.Brokers, "a", "1"))
	k.Close()
	k.Close()
	// The client's metrics keep one goroutine for the whole process.
	goleak.VerifyNone(t, before, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func TestKafkaInjectsFaults(t *testing.T) {
	t.Parallel()
	k := startKafka(t, part.KafkaOptions{Topics: []string{"a"}})
	k.Cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "a", Err: kerr.TopicAuthorizationFailed})
	require.ErrorIs(t, produce(k.Brokers, "a", "1"), sarama.ErrTopicAuthorizationFailed)
}

func startKafkaHelper(_ context.Context, dir string) (string, error) {
	k, err := part.StartKafka(part.KafkaOptions{Dir: dir, Topics: []string{"a"}})
	if err != nil {
		return "", err
	}
	return k.Brokers[0], produce(k.Brokers, "a", "1", "2")
}

func TestKafkaSurvivesKill(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts a process and joins consumer groups")
	dir := t.TempDir()
	broker, kill := startHelper(t, "kafka", dir)
	require.Equal(t, []string{"1"}, consume(t, []string{broker}, "g", 1))

	_, err := part.StartKafka(part.KafkaOptions{Dir: dir})
	var locked *part.LockedError
	require.ErrorAs(t, err, &locked, "two brokers on one directory")
	pid, err := strconv.Atoi(locked.PID)
	require.NoError(t, err)
	require.Positive(t, pid)
	kill()

	k := startKafka(t, part.KafkaOptions{Dir: dir, Topics: []string{"a"}})
	require.Equal(t, []string{broker}, k.Brokers)
	require.NoError(t, produce(k.Brokers, "a", "3"))
	require.Equal(t, []string{"2", "3"}, consume(t, k.Brokers, "g", 2))
}
