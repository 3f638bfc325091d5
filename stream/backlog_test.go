package stream

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestBacklogOfAGroupThatIsBehind(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 2)
	brokers := cluster.ListenAddrs()
	began := time.Now().Add(-time.Second)
	producer := newTestProducer(t, brokers)
	publish(t, producer, event("a", "1"), event("a", "2"), event("a", "3"))
	topic := event("a", "1").Topic

	behind, err := ReadBacklog(t.Context(), brokers, "fte-test", []string{topic})
	require.NoError(t, err)
	require.Zero(t, behind.Members)
	require.Len(t, behind.Waiting, 1)
	w := behind.Waiting[0]
	require.Equal(t, topic, w.Topic)
	require.EqualValues(t, 3, w.Records)
	require.Zero(t, w.Next)
	require.False(t, w.Lost)
	require.WithinRange(t, w.Since, began, time.Now().Add(time.Second))

	done := make(chan string, 3)
	run(t, ConsumerOptions{
		Brokers: brokers, Group: "fte-test", Topics: []string{topic}, DeadLetters: NewDeadLetters(producer),
		Handler: func(_ context.Context, r Record) error { done <- r.ID; return nil },
	})
	for range 3 {
		receive(t, done)
	}
	eventually(t, func() bool {
		b, err := ReadBacklog(t.Context(), brokers, "fte-test", []string{topic})
		return err == nil && b.Members == 1 && len(b.Waiting) == 0
	}, "the group caught up")

	partitions, err := Partitions(brokers)
	require.NoError(t, err)
	require.Equal(t, 2, partitions[topic])
	_, err = ReadBacklog(t.Context(), []string{"127.0.0.1:1"}, "fte-test", nil)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}
