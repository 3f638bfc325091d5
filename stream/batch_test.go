package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/digital-fte/fte/ticket"
)

// desk is a BatchHandler whose calls a test sees, and may hold until it lets them go.
type desk struct {
	hold   string             // calls for this key wait for a token
	tokens chan struct{}      // one lets one call go, closed lets all
	answer func(string) error // to the ids of a batch, nil: none fails

	mu    sync.Mutex
	calls []string // ids of each batch, in the order in which the calls began
}

func newDesk(hold string, answer func(string) error) *desk {
	return &desk{hold: hold, tokens: make(chan struct{}), answer: answer}
}

func (d *desk) handle(ctx context.Context, batch []Record) error {
	var all []string
	for _, r := range batch {
		all = append(all, r.ID)
	}
	call := strings.Join(all, " ")
	d.mu.Lock()
	d.calls = append(d.calls, call)
	d.mu.Unlock()
	if batch[0].Key == d.hold {
		select {
		case <-d.tokens:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if d.answer == nil {
		return nil
	}
	return d.answer(call)
}

func (d *desk) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.calls...)
}

// batches starts a consumer on one partition and has it read the first event,
// key and id "first", whose call is held, and then all others.
func batches(t *testing.T, d *desk, adjust func(*ConsumerOptions), events ...Event) (running, *kfake.Cluster) {
	t.Helper()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	opts := ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Lanes: 1, MaxInFlight: 1000, BatchHandler: d.handle,
	}
	if adjust != nil {
		adjust(&opts)
	}
	publish(t, p, event("first", "first"))
	c := run(t, opts)
	eventually(t, func() bool { return len(d.seen()) == 1 }, "the first is worked on")
	publish(t, p, events...)
	eventually(t, func() bool { return read(c) == int64(1+min(len(events), opts.MaxInFlight-1)) }, "the others are read")
	return c, cluster
}

// read returns up to where the partition was read.
func read(c running) (offset int64) {
	for _, cl := range c.liveClaims() {
		offset, _, _ = cl.position()
	}
	return offset
}

func burst(key string, n int) (events []Event) {
	for _, id := range ids(key, 0, n) {
		events = append(events, event(key, id))
	}
	return events
}

func TestBatchIsWhatIsQueuedOfOneKeyAndGoesTogether(t *testing.T) {
	t.Parallel()
	d := newDesk("first", nil)
	events := append(burst("x", 7), event("a", "a-0"), event("x", "y-0"), event("x", "y-1"), event("x", "x-7"))
	c, cluster := batches(t, d, func(o *ConsumerOptions) {
		o.MaxBatch = 5
		o.Together = func(a, b Record) bool { return a.ID[0] == b.ID[0] }
	}, events...)
	close(d.tokens)
	want := []string{"first", "x-0 x-1 x-2 x-3 x-4", "a-0", "x-5 x-6", "y-0 y-1", "x-7"}
	eventually(t, func() bool { return len(d.seen()) == len(want) }, "all is handled")
	c.stop()
	require.Equal(t, want, d.seen())
	require.Equal(t, int64(12), committed(cluster, "test"))
}

func TestBatchThatIsRefusedIsTriedAgainWhole(t *testing.T) {
	t.Parallel()
	var refused int
	d := newDesk("first", func(call string) error {
		if call != "first" && refused < 3 {
			refused++
			return ticket.Errorf(ticket.CodeUnavailable, "temporal is busy")
		}
		return nil
	})
	registry := prometheus.NewRegistry()
	c, cluster := batches(t, d, func(o *ConsumerOptions) { o.Registerer = registry }, burst("x", 3)...)
	close(d.tokens)
	eventually(t, func() bool { return len(d.seen()) == 5 }, "it is tried four times")
	all := strings.Join(ids("x", 0, 3), " ")
	eventually(t, func() bool { return metric(t, registry, "fte_stream_records_total") == 1+4*3 }, "each record counts")
	require.InDelta(t, 5, metric(t, registry, "fte_stream_handler_seconds"), 0)
	c.stop()
	require.Equal(t, []string{"first", all, all, all, all}, d.seen())
	require.Equal(t, int64(4), committed(cluster, "test"))
	require.Zero(t, stored(cluster, ticket.TopicDeadLetters))
}

func TestPoisonInABatchIsPutAsideAlone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]struct {
		fault    func() error
		attempts int // of the bad record alone
	}{
		"poison": {func() error { return Poison("decode", errors.New("no JSON")) }, 1},
		"panic":  {func() error { panic("at the bad one") }, maxPanics},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk("first", func(call string) error {
				if strings.Contains(call, "bad") {
					return spoil.fault()
				}
				return nil
			})
			registry := prometheus.NewRegistry()
			c, cluster := batches(t, d, func(o *ConsumerOptions) { o.Registerer = registry },
				event("x", "x-0"), event("x", "bad"), event("x", "x-1"))
			close(d.tokens)
			want := []string{"first", "x-0 bad x-1", "x-0"}
			for range spoil.attempts {
				want = append(want, "bad")
			}
			want = append(want, "x-1")
			eventually(t, func() bool { return len(d.seen()) == len(want) }, "the others are handled")
			require.InDelta(t, 1, metric(t, registry, "fte_stream_dead_letters_total"), 0)
			c.stop()
			require.Equal(t, want, d.seen())
			require.Equal(t, int64(4), committed(cluster, "test"))
			letters, err := ListDeadLetters(t.Context(), cluster.ListenAddrs(), DeadLetterFilter{})
			require.NoError(t, err)
			require.Len(t, letters, 1)
			require.Equal(t, "bad", letters[0].ID)
			require.Equal(t, 1+spoil.attempts, letters[0].Attempts)
		})
	}
}

func TestBatchTakenApartIsMarkedUpToWhatIsDone(t *testing.T) {
	t.Parallel()
	d := newDesk("first", func(call string) error {
		switch call {
		case "first", "x-0", "x-2":
			return nil
		case "x-1":
			return errors.New("down")
		default:
			return Poison("mixed", nil)
		}
	})
	c, cluster := batches(t, d, nil, burst("x", 3)...)
	close(d.tokens)
	eventually(t, func() bool { return len(d.seen()) > 4 }, "the second of three is refused again and again")
	c.stop()
	require.NotContains(t, d.seen(), "x-2", "nothing passes it")
	require.Equal(t, int64(2), committed(cluster, "test"))
	require.Zero(t, stored(cluster, ticket.TopicDeadLetters))
}

// TestBurstOfOneKeyDelaysNobody has 500 records of one key before five others,
// and a single lane for all.
func TestBurstOfOneKeyDelaysNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		adjust func(*ConsumerOptions)
		calls  int // that the burst takes
	}{
		"batch by batch":   {nil, 5},
		"record by record": {func(o *ConsumerOptions) { o.MaxBatch = 1 }, 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk("first", nil)
			events := burst("burst", 500)
			for i := range 5 {
				events = append(events, event(fmt.Sprint("other", i), fmt.Sprint("other", i)))
			}
			consumer, cluster := batches(t, d, c.adjust, events...)
			close(d.tokens)
			eventually(t, func() bool { return len(d.seen()) == 6+c.calls }, "all is handled")
			consumer.stop()
			calls := d.seen()
			require.Equal(t, []string{"other0", "other1", "other2", "other3", "other4"}, calls[2:7], "after one call for the burst")
			require.Equal(t, strings.Join(ids("burst", 0, 500), " "), strings.Join(append(calls[1:2], calls[7:]...), " "), "in order")
			require.Equal(t, int64(506), committed(cluster, "test"))
		})
	}
}

// TestBurstLongerThanTheWindow has more records of one key than may be in
// flight: batches drain it, so that those behind it are read after some calls
// for it, not after hundreds.
func TestBurstLongerThanTheWindow(t *testing.T) {
	t.Parallel()
	d := newDesk("burst", nil)
	var seen journal
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, burst("burst", 500)...)
	publish(t, p, burst("other", 5)...)
	c := run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Lanes: 2, MaxInFlight: 256,
		BatchHandler: func(ctx context.Context, batch []Record) error {
			err := d.handle(ctx, batch)
			if err == nil {
				for _, r := range batch {
					seen.note(r)
				}
			}
			return err
		},
	})
	eventually(t, func() bool { return read(c) == 256 }, "the window is full of the burst")
	require.Empty(t, seen.of("other"))
	// At worst the first call got a single record: 1 + 3*100 are done after four.
	for range 4 {
		d.tokens <- struct{}{}
	}
	eventually(t, func() bool { return len(seen.of("other")) == 5 }, "the others do not wait for the rest of the burst")
	require.LessOrEqual(t, len(seen.of("burst")), 400)
	close(d.tokens)
	eventually(t, func() bool { return seen.count() == 505 }, "nothing is lost")
	c.stop()
	require.Equal(t, ids("burst", 0, 500), seen.of("burst"))
	require.Equal(t, int64(505), committed(cluster, "test"))
}
