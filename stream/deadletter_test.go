package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/digital-fte/fte/ticket"
)

func TestPoisonIsPutAsideAndTheLaneGoesOn(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "a-0"), event("a", "bad"), event("a", "a-1"))
	var seen journal
	registry := prometheus.NewRegistry()
	c := run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Registerer: registry,
		Handler: func(_ context.Context, r Record) error {
			if r.ID == "bad" {
				return Poison("decode", errors.New("line 1\nis not JSON \xff"))
			}
			seen.note(r)
			return nil
		},
	})
	eventually(t, func() bool { return seen.count() == 2 }, "the lane goes on")
	require.InDelta(t, 3, metric(t, registry, "fte_stream_records_total"), 0)
	require.InDelta(t, 1, metric(t, registry, "fte_stream_dead_letters_total"), 0)
	require.InDelta(t, 3, metric(t, registry, "fte_stream_handler_seconds"), 0)
	c.stop()
	require.Equal(t, ids("a", 0, 2), seen.of("a"))
	require.Equal(t, int64(3), committed(cluster, "test"))

	letters, err := ListDeadLetters(t.Context(), cluster.ListenAddrs(), DeadLetterFilter{})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	d := letters[0]
	want := event("a", "bad")
	want.Topic = ticket.TopicDeadLetters
	require.Equal(t, want, d.Event)
	require.Equal(t, "decode", d.Reason)
	require.Equal(t, "line 1 is not JSON", d.Error)
	require.Equal(t, testTopic, d.SourceTopic)
	require.Equal(t, int64(1), d.SourceOffset)
	require.Equal(t, 1, d.Attempts)
	require.Zero(t, d.Replays)
}

func TestPanicIsPoisonTheThirdTime(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "bad"), event("a", "a-0"))
	var seen journal
	var logs logBook
	c := run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Logger: logs.logger(),
		Handler: func(_ context.Context, r Record) error {
			seen.note(r)
			if r.ID == "bad" {
				panic("what the customer wrote " + strings.Repeat("é", 2000))
			}
			return nil
		},
	})
	eventually(t, func() bool { return seen.count() == 4 }, "three panics and the next record")
	c.stop()
	require.Equal(t, []string{"bad", "bad", "bad", "a-0"}, seen.of("a"))
	letters, err := ListDeadLetters(t.Context(), cluster.ListenAddrs(), DeadLetterFilter{Reason: ReasonPanic})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, 3, letters[0].Attempts)
	require.LessOrEqual(t, len(letters[0].Error), maxErrorText)
	require.Contains(t, letters[0].Error, "panic: what")
}

func TestPoisonIsNotMarkedUntilItIsPutAside(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	publish(t, p, event("a", "bad"))
	refusals := cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: ticket.TopicDeadLetters, Err: kerr.TopicAuthorizationFailed, Count: -1,
	})
	var seen journal
	opts := ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p),
		Handler: func(_ context.Context, r Record) error {
			seen.note(r)
			return Poison("decode", nil)
		},
	}
	c := run(t, opts)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, refusals.Wait(ctx, 3))
	c.stop()
	require.Zero(t, committed(cluster, "test"))
	require.Equal(t, 1, seen.count(), "the handler is asked once, the dead letter is tried again")

	refusals.Remove()
	again := run(t, opts)
	eventually(t, func() bool { return stored(cluster, ticket.TopicDeadLetters) == 1 }, "it is put aside in the end")
	again.stop()
	require.Equal(t, int64(1), committed(cluster, "test"))
}

func TestLargestEventFitsAsADeadLetter(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	big := event("a", "big")
	big.Value = make([]byte, maxEventBytes-big.message().ByteSize(2)+len(big.Value))
	publish(t, p, big)
	r := Record{Event: big}
	for _, h := range big.message().Headers {
		r.Headers = append(r.Headers, Header{string(h.Key), h.Value})
	}
	require.NoError(t, NewDeadLetters(p).Put(t.Context(), r, "decode", errors.New(strings.Repeat("x", 5000)), 1))
}

func TestRedriveSendsItBackAsItWas(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 2)
	p := newTestProducer(t, cluster.ListenAddrs())
	want := event("a", "bad")
	want.CorrelationID = "c-1"
	publish(t, p, want)
	got := make(chan Record, 1)
	run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p),
		Handler: func(_ context.Context, r Record) error {
			got <- r
			return Poison("decode", errors.New("still bad"))
		},
	})
	require.Equal(t, want, receive(t, got).Event)
	for n := 1; n <= MaxReplays; n++ {
		eventually(t, func() bool { return stored(cluster, ticket.TopicDeadLetters) == int64(n) }, "it is put aside")
		d := newest(t, cluster)
		require.Equal(t, n-1, d.Replays)
		require.NoError(t, Redrive(t.Context(), p, d))
		r := receive(t, got)
		require.Equal(t, want, r.Event)
		require.Empty(t, r.Header(ticket.HeaderDlqReason))
		require.Empty(t, r.Header(ticket.HeaderDlqTopic))
	}
	eventually(t, func() bool { return stored(cluster, ticket.TopicDeadLetters) == MaxReplays+1 }, "it is put aside")
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(Redrive(t.Context(), p, newest(t, cluster))))
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(Redrive(t.Context(), p, DeadLetter{})))
}

func newest(t *testing.T, cluster *kfake.Cluster) DeadLetter {
	t.Helper()
	letters, err := ListDeadLetters(t.Context(), cluster.ListenAddrs(), DeadLetterFilter{})
	require.NoError(t, err)
	require.NotEmpty(t, letters)
	return letters[len(letters)-1]
}

func TestListDeadLettersFilters(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 3)
	p := newTestProducer(t, cluster.ListenAddrs())
	d := NewDeadLetters(p)
	list := func(f DeadLetterFilter) (found []string) {
		letters, err := ListDeadLetters(t.Context(), cluster.ListenAddrs(), f)
		require.NoError(t, err)
		for _, l := range letters {
			found = append(found, l.Key)
		}
		return found
	}
	require.Empty(t, list(DeadLetterFilter{}))
	for _, e := range []struct{ key, topic, reason string }{
		{"a", ticket.TopicEmailInbound, "decode"},
		{"b", ticket.TopicWebFormInbound, "decode"},
		{"c", ticket.TopicWebFormInbound, "validate"},
	} {
		r := Record{Event: Event{Topic: e.topic, Key: e.key}, Headers: []Header{{ticket.HeaderID, []byte("id-" + e.key)}}}
		require.NoError(t, d.Put(t.Context(), r, e.reason, nil, 1))
	}
	require.ElementsMatch(t, []string{"a", "b", "c"}, list(DeadLetterFilter{}))
	require.ElementsMatch(t, []string{"b", "c"}, list(DeadLetterFilter{Topic: ticket.TopicWebFormInbound}))
	require.Equal(t, []string{"c"}, list(DeadLetterFilter{Reason: "validate"}))
	require.Equal(t, []string{"a"}, list(DeadLetterFilter{ID: "id-a"}))
	require.Len(t, list(DeadLetterFilter{Limit: 2}), 2)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ListDeadLetters(ctx, cluster.ListenAddrs(), DeadLetterFilter{})
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

// Headers are read by many; what a customer wrote stays in the value alone.
func TestHeadersHoldNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	d := NewDeadLetters(newTestProducer(t, cluster.ListenAddrs()))
	value := []byte(`{"message":"4111 1111 1111 1111, DE89370400440532013000, password hunter2"}`)
	r := Record{Event: Event{Topic: ticket.TopicWebFormInbound, Key: "k", Value: value}, Headers: []Header{{ticket.HeaderID, []byte("id-1")}}}
	cause := fmt.Errorf("decoding %q: %w", value, errors.New("card 4111 1111 1111 1111 of DE89 3704 0044 0532 0130 00, password: hunter2, "+
		"ana@kunde.example, +491511234567, api key: sk-proj-Zm9vYmFy8nq3LkXw2Rt7"))
	require.NoError(t, d.Put(t.Context(), r, "decode", cause, 1))
	letter := newest(t, cluster)
	require.Equal(t, value, letter.Value)
	require.Equal(t, "decode", letter.Reason)
	require.Contains(t, letter.Error, "decoding [quoted]")
	for _, h := range letter.Headers {
		for _, secret := range []string{"4111", "3704", "0532", "hunter2", "kunde", "1511234567", "Zm9v"} {
			require.NotContains(t, string(h.Value), secret, h.Key)
		}
	}
}
