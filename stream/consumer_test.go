package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/digital-fte/fte/ticket"
)

func TestLanesKeepTheOrderOfEachKey(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 3)
	p := newTestProducer(t, cluster.ListenAddrs())
	const keys, each = 20, 25
	for i := range each {
		var events []Event
		for k := range keys {
			events = append(events, event(fmt.Sprint("k", k), fmt.Sprintf("k%d-%d", k, i)))
		}
		publish(t, p, events...)
	}

	var seen journal
	var busy atomic.Int64
	c := run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), MaxInFlight: 16,
		Handler: func(_ context.Context, r Record) error {
			if busy.Add(1)%7 == 0 {
				return errors.New("now and then")
			}
			seen.note(r)
			return nil
		},
	})
	receive(t, c.Ready())
	require.True(t, c.Healthy())
	eventually(t, func() bool { return seen.count() == keys*each }, "everything is handled")
	for k := range keys {
		require.Equal(t, ids(fmt.Sprint("k", k), 0, each), seen.of(fmt.Sprint("k", k)))
	}
	c.stop()
	require.False(t, c.Healthy())
	require.Equal(t, int64(keys*each), committed(cluster, "test"), "done is marked and committed at the end")
}

func TestBlockedLaneHoldsUpItsKeyOnlyAndNothingIsMarkedPastIt(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	var before, after []Event
	for i := range 10 {
		before = append(before, event("a", fmt.Sprint("a-", i)))
		after = append(after, event(fmt.Sprint("other", i), "x"))
	}
	publish(t, p, before...)
	publish(t, p, event("stuck", "stuck-0"), event("stuck", "stuck-1"))
	publish(t, p, after...)

	var seen journal
	var refuse atomic.Bool
	refuse.Store(true)
	registry := prometheus.NewRegistry()
	var logs logBook
	opts := ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Lanes: 2,
		InstanceID: "member-1", Registerer: registry, Logger: logs.logger(),
		Handler: func(_ context.Context, r Record) error {
			if r.Key == "stuck" && refuse.Load() {
				return ticket.Errorf(ticket.CodeUnavailable, "temporal is down")
			}
			seen.note(r)
			return nil
		},
	}
	c := run(t, opts)
	eventually(t, func() bool { return seen.count() == 20 && metric(t, registry, "fte_stream_blocked_lanes") == 1 },
		"everything but the stuck key is handled")
	require.InDelta(t, 12, metric(t, registry, "fte_stream_lag_records"), 0)
	require.Positive(t, metric(t, registry, "fte_stream_blocked_seconds"))
	require.Positive(t, metric(t, registry, "fte_stream_oldest_unprocessed_seconds"))
	require.True(t, logs.contains("lane blocked"))
	c.stop()
	require.Equal(t, int64(10), committed(cluster, "test"), "exactly what lies before the stuck record")
	require.Zero(t, stored(cluster, ticket.TopicDeadLetters), "a refusal is not poison")

	refuse.Store(false)
	again := run(t, opts)
	eventually(t, func() bool { return len(seen.of("stuck")) == 2 && seen.count() == 32 }, "what was not marked comes again")
	again.stop()
	require.Equal(t, []string{"stuck-0", "stuck-1"}, seen.of("stuck"))
	require.Equal(t, ids("a", 0, 10), seen.of("a"), "what was marked does not")
	require.Equal(t, int64(22), committed(cluster, "test"))
}

func TestLaneGoesOnWithoutARestart(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "a-0"), event("a", "a-1"))
	var seen journal
	var attempts atomic.Int64
	var logs logBook
	run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Logger: logs.logger(),
		Handler: func(_ context.Context, r Record) error {
			if attempts.Add(1) < 5 {
				return errors.New("down")
			}
			seen.note(r)
			return nil
		},
	})
	eventually(t, func() bool { return seen.count() == 2 }, "both are handled")
	require.Equal(t, ids("a", 0, 2), seen.of("a"))
	require.True(t, logs.contains("lane goes on"))
}

func TestMoreRecordsOfABlockedKeyThanMayBeInFlight(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	var events []Event
	for i := range 200 {
		events = append(events, event("a", fmt.Sprint("a-", i)))
	}
	publish(t, p, events...)
	release := make(chan struct{})
	var seen journal
	run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), MaxInFlight: 3,
		Handler: func(ctx context.Context, r Record) error {
			select {
			case <-release:
			case <-ctx.Done():
				return ctx.Err()
			}
			seen.note(r)
			return nil
		},
	})
	close(release)
	eventually(t, func() bool { return seen.count() == 200 }, "all of them")
	require.Equal(t, ids("a", 0, 200), seen.of("a"))
}

func TestRunningHandlerMayFinishWithinTheGrace(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "a-0"), event("a", "a-1"))
	entered, release := make(chan context.Context, 2), make(chan struct{})
	c := run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Grace: 50 * time.Second,
		Handler: func(ctx context.Context, _ Record) error {
			entered <- ctx
			<-release
			return ctx.Err()
		},
	})
	handlerCtx := receive(t, entered)
	stopped := make(chan struct{})
	go func() { defer close(stopped); c.stop() }()
	eventually(t, func() bool {
		for _, cl := range c.liveClaims() {
			return cl.session.Context().Err() != nil
		}
		return false
	}, "the session ends")
	require.NoError(t, handlerCtx.Err(), "the handler is left alone")
	close(release)
	receive(t, stopped)
	// The second may just have begun when the session ended.
	require.Equal(t, int64(1+len(entered)), committed(cluster, "test"), "what was begun is finished and marked")
}

func TestHandlerIsCancelledAfterTheGrace(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "a-0"))
	entered := make(chan struct{}, 1)
	opts := ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Grace: 10 * time.Millisecond,
		Handler: func(ctx context.Context, _ Record) error {
			entered <- struct{}{}
			<-ctx.Done()
			return Poison("decode", ctx.Err())
		},
	}
	c := run(t, opts)
	receive(t, entered)
	c.stop()
	require.Zero(t, committed(cluster, "test"))
	require.Zero(t, stored(cluster, ticket.TopicDeadLetters), "a handler cut short proves nothing")

	got := make(chan Record, 1)
	opts.Handler = func(_ context.Context, r Record) error {
		got <- r
		return nil
	}
	run(t, opts)
	require.Equal(t, "a-0", receive(t, got).ID)
}

func TestSecondMemberTakesOverAndNothingIsLost(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 6)
	p := newTestProducer(t, cluster.ListenAddrs())
	var first, second journal
	member := func(j *journal) ConsumerOptions {
		return ConsumerOptions{
			Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Heartbeat: 50 * time.Millisecond,
			Handler: func(_ context.Context, r Record) error {
				j.note(r)
				return nil
			},
		}
	}
	send := func(from, to int) {
		for i := from; i < to; i++ {
			publish(t, p, event(fmt.Sprint("k", i%30), fmt.Sprint(i)))
		}
	}
	a := run(t, member(&first))
	send(0, 100)
	eventually(t, func() bool { return first.count() == 100 }, "the first member handles all")
	b := run(t, member(&second))
	receive(t, b.Ready())
	send(100, 200)
	eventually(t, func() bool { return second.count() > 0 && distinct(&first, &second) == 200 }, "both work, nothing is missing")
	a.stop()
	send(200, 300)
	eventually(t, func() bool { return distinct(&first, &second) == 300 }, "the second takes over")
	b.stop()
	require.Equal(t, int64(300), committed(cluster, "test"))
}

func distinct(journals ...*journal) int {
	all := map[string]bool{}
	for _, j := range journals {
		j.mu.Lock()
		for _, seen := range j.seen {
			for _, id := range seen {
				all[id] = true
			}
		}
		j.mu.Unlock()
	}
	return len(all)
}

func TestConsumerWaitsForBrokerAndTopic(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	brokers := []string{fmt.Sprintf("127.0.0.1:%d", port)}
	p := newTestProducer(t, brokers)
	got := make(chan Record, 1)
	var logs logBook
	c := run(t, ConsumerOptions{
		Brokers: brokers, DeadLetters: NewDeadLetters(p), Logger: logs.logger(),
		Handler: func(_ context.Context, r Record) error {
			got <- r
			return nil
		},
	})
	eventually(t, func() bool { return logs.contains("connecting") }, "it says that the broker is down")
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	eventually(t, func() bool { return logs.contains("joining the group") }, "it says that the topic is missing")
	require.False(t, c.Healthy())

	created, err := EnsureTopics(t.Context(), brokers, []string{testTopic}, 2)
	require.NoError(t, err)
	require.Equal(t, []string{testTopic}, created)
	eventually(t, func() bool { return p.Publish(t.Context(), event("a", "a-0")) == nil }, "the producer goes on")
	require.Equal(t, "a-0", receive(t, got).ID)
}

func TestConsumerSurvivesARestartOfTheBroker(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	start := func() *kfake.Cluster {
		return newCluster(t, 3, kfake.Ports(port), kfake.DataDir(dir), kfake.SyncWrites())
	}
	first := start()
	p := newTestProducer(t, first.ListenAddrs())
	var seen journal
	c := run(t, ConsumerOptions{
		Brokers: first.ListenAddrs(), DeadLetters: NewDeadLetters(p), Heartbeat: 50 * time.Millisecond,
		Handler: func(_ context.Context, r Record) error {
			seen.note(r)
			return nil
		},
	})
	for i := range 20 {
		publish(t, p, event(fmt.Sprint("k", i), fmt.Sprint(i)))
	}
	eventually(t, func() bool { return seen.count() >= 20 }, "all before the restart")
	first.Close()
	eventually(t, func() bool { return !c.Healthy() }, "it notices")

	second := start()
	for i := 20; i < 40; i++ {
		eventually(t, func() bool {
			return p.Publish(t.Context(), event(fmt.Sprint("k", i), fmt.Sprint(i))) == nil
		}, "the producer goes on")
	}
	eventually(t, func() bool { return distinct(&seen) == 40 }, "all after the restart")
	c.stop()
	require.Equal(t, stored(second, testTopic), committed(second, "test"))
}

func TestVanishedOffsetIsAnAlarmNotAJump(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	var seen journal
	var logs logBook
	opts := ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Logger: logs.logger(),
		Handler: func(_ context.Context, r Record) error {
			seen.note(r)
			return nil
		},
	}
	publish(t, p, event("a", "a-0"))
	c := run(t, opts)
	eventually(t, func() bool { return seen.count() == 1 }, "the first is handled")
	c.stop()
	publish(t, p, event("a", "a-1"), event("a", "a-2"))
	require.NoError(t, cluster.DeleteRecords(testTopic, 0, 2)) // a-1 is gone before it was read

	again := run(t, opts)
	eventually(t, func() bool { return logs.contains("outside the range of offsets") }, "it says what is wrong")
	again.stop()
	require.Equal(t, 1, seen.count(), "it does not jump over the gap")
	require.Equal(t, int64(1), committed(cluster, "test"))
}

func TestConsumerOptionsAreChecked(t *testing.T) {
	t.Parallel()
	good := ConsumerOptions{
		Brokers: []string{"127.0.0.1:1"}, Group: "g", Topics: []string{"t"},
		Handler: func(context.Context, Record) error { return nil }, DeadLetters: NewDeadLetters(nil),
	}
	_, err := NewConsumer(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*ConsumerOptions){
		"brokers":      func(o *ConsumerOptions) { o.Brokers = nil },
		"group":        func(o *ConsumerOptions) { o.Group = "" },
		"topics":       func(o *ConsumerOptions) { o.Topics = nil },
		"handler":      func(o *ConsumerOptions) { o.Handler = nil },
		"two handlers": func(o *ConsumerOptions) { o.BatchHandler = func(context.Context, []Record) error { return nil } },
		"dead letters": func(o *ConsumerOptions) { o.DeadLetters = nil },
		"lanes":        func(o *ConsumerOptions) { o.Lanes = -1 },
		"batch":        func(o *ConsumerOptions) { o.MaxBatch = -1 },
		"grace":        func(o *ConsumerOptions) { o.Grace = time.Hour },
		"sarama":       func(o *ConsumerOptions) { o.Heartbeat = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := good
			spoil(&bad)
			_, err := NewConsumer(bad)
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
		})
	}
}

func metric(t *testing.T, from *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := from.Gather()
	require.NoError(t, err)
	var sum float64
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}
