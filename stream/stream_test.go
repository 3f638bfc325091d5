package stream

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/digital-fte/fte/ticket"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// sarama's metrics library runs one ticker for the life of the process.
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

const testTopic = ticket.TopicWebFormInbound

func newCluster(t *testing.T, partitions int32, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1),
		kfake.SeedTopics(partitions, testTopic, ticket.TopicDeadLetters),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

func newTestProducer(t *testing.T, brokers []string) *Producer {
	t.Helper()
	p, err := NewProducer(ProducerOptions{Brokers: brokers, ClientID: "test"})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func event(key, id string) Event {
	return Event{
		Topic: testTopic, Key: key, ID: id, Type: ticket.TypeWebFormMessage, Source: "/test",
		Time: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC), Value: []byte(`{"n":1}`),
	}
}

func publish(t *testing.T, p *Producer, events ...Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.Publish(ctx, events...))
}

func stored(c *kfake.Cluster, topic string) (n int64) {
	for _, p := range c.PartitionInfos(topic) {
		n += p.HighWatermark
	}
	return n
}

func committed(c *kfake.Cluster, group string) (n int64) {
	if info := c.GroupInfo(group); info != nil {
		for _, commit := range info.Commits[testTopic] {
			n += commit.Offset
		}
	}
	return n
}

// running is a consumer in a goroutine.
type running struct {
	*Consumer
	stop func() // ends it and waits
}

func run(t *testing.T, opts ConsumerOptions, adjust ...func(*Consumer)) running {
	t.Helper()
	opts.Topics = []string{testTopic}
	if opts.Group == "" {
		opts.Group = "test"
	}
	if opts.BackoffMin == 0 {
		opts.BackoffMin, opts.BackoffMax = time.Millisecond, 20*time.Millisecond
	}
	c, err := NewConsumer(opts)
	require.NoError(t, err)
	for _, f := range adjust {
		f(c)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, receive(t, ended))
	})
	t.Cleanup(stop)
	return running{c, stop}
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, patience, 5*time.Millisecond, what)
}

// journal remembers which records a handler saw, in order for each key.
type journal struct {
	mu   sync.Mutex
	seen map[string][]string
	n    int
}

func (j *journal) note(r Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.seen == nil {
		j.seen = map[string][]string{}
	}
	j.seen[r.Key] = append(j.seen[r.Key], r.ID)
	j.n++
}

func (j *journal) of(key string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.seen[key]...)
}

func (j *journal) count() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.n
}

// logBook keeps log lines for a test to look at.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) contains(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.buf.String(), text)
}

func (b *logBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func ids(key string, from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("%s-%d", key, i))
	}
	return out
}
