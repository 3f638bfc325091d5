package stream

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/digital-fte/fte/ticket"
)

func TestPublishIsAcknowledged(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 3)
	p := newTestProducer(t, cluster.ListenAddrs())
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := p.Publish(ctx, event("a", fmt.Sprint(i)), event("b", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	require.Equal(t, int64(40), stored(cluster, testTopic))
	require.NoError(t, p.Ping(t.Context()))
}

func TestPublishStoresOnceWhenTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, fault := range []*kerr.Error{kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend} {
		t.Run(fault.Message, func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t, 1)
			faults := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: fault, Count: 2})
			p := newTestProducer(t, cluster.ListenAddrs())
			publish(t, p, event("a", "1"))
			publish(t, p, event("a", "2"))
			require.Equal(t, 2, faults.Hits())
			require.Equal(t, int64(2), stored(cluster, testTopic))
		})
	}
}

func TestPublishGoesOnAfterARefusal(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "1"))
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.TopicAuthorizationFailed})
	err := p.Publish(t.Context(), event("a", "2"))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	publish(t, p, event("a", "2"), event("a", "3"))
	require.Equal(t, int64(3), stored(cluster, testTopic))
}

func TestPublishReturnsInTimeWhenTheBrokerHangs(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "1"))

	release := make(chan struct{})
	var hung sync.Once
	hit := make(chan struct{})
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		hung.Do(func() { close(hit) })
		cluster.SleepControl(func() { <-release })
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	err := p.Publish(ctx, event("a", "2"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	receive(t, hit)

	close(release)
	publish(t, p, event("a", "3"))
	eventually(t, func() bool { return stored(cluster, testTopic) == 3 }, "the abandoned event is stored once")
}

func TestPublishTooLarge(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	big := event("a", "1")
	big.Value = make([]byte, maxEventBytes)
	err := p.Publish(t.Context(), event("a", "0"), big)
	require.Equal(t, ticket.CodeTooLarge, ticket.CodeOf(err))
	require.Zero(t, stored(cluster, testTopic), "none of the call's events is sent")

	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.MessageTooLarge})
	err = p.Publish(t.Context(), event("a", "1"))
	require.Equal(t, ticket.CodeTooLarge, ticket.CodeOf(err), "the broker's own limit")
}

func TestPublishToAMissingTopic(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1, kfake.AllowAutoTopicCreation())
	p := newTestProducer(t, cluster.ListenAddrs())
	e := event("a", "1")
	e.Topic = "fte.nowhere"
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(p.Publish(t.Context(), e)))
	require.Nil(t, cluster.TopicInfo("fte.nowhere"), "topics are never made on the way")
}

func TestProducerStartsBeforeTheBroker(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	p := newTestProducer(t, []string{fmt.Sprintf("127.0.0.1:%d", port)})
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(p.Publish(t.Context(), event("a", "1"))))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(p.Ping(t.Context())))

	cluster := newCluster(t, 1, kfake.Ports(port))
	eventually(t, func() bool { return p.Publish(t.Context(), event("a", "1")) == nil }, "it connects in the background")
	require.NoError(t, p.Ping(t.Context()))
	require.Equal(t, int64(1), stored(cluster, testTopic))
}

func TestProducerSurvivesARestartOfTheBroker(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	first := newCluster(t, 1, kfake.Ports(port), kfake.DataDir(dir), kfake.SyncWrites())
	p := newTestProducer(t, first.ListenAddrs())
	publish(t, p, event("a", "1"))
	first.Close()
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(p.Publish(t.Context(), event("a", "2"))))

	second := newCluster(t, 1, kfake.Ports(port), kfake.DataDir(dir), kfake.SyncWrites())
	eventually(t, func() bool { return p.Publish(t.Context(), event("a", "3")) == nil }, "it finds the broker again")
	require.GreaterOrEqual(t, stored(second, testTopic), int64(2))
}

func TestClosedProducer(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "1"))
	p.Close()
	p.Close()
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(p.Publish(t.Context(), event("a", "2"))))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(p.Ping(t.Context())))
	_, err := NewProducer(ProducerOptions{})
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
}

func TestCloseWhileOthersPublish(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 3)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "first"))
	var acknowledged atomic.Int64
	acknowledged.Store(1)
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for p.Publish(t.Context(), event("a", "more")) == nil {
				acknowledged.Add(1)
			}
		})
	}
	eventually(t, func() bool { return acknowledged.Load() > 100 }, "they publish")
	p.Close()
	callers.Wait()
	require.GreaterOrEqual(t, stored(cluster, testTopic), acknowledged.Load())
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
