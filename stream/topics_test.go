package stream

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/digital-fte/fte/ticket"
)

func TestEnsureTopics(t *testing.T) {
	t.Parallel()
	for brokers, replicas := range map[int]int{1: 1, 2: 2, 4: 3} {
		cluster, err := kfake.NewCluster(kfake.NumBrokers(brokers))
		require.NoError(t, err)
		t.Cleanup(cluster.Close)
		want := slices.Sorted(slices.Values(ticket.Topics()))

		created, err := EnsureTopics(t.Context(), cluster.ListenAddrs(), ticket.Topics(), ticket.TopicPartitions)
		require.NoError(t, err)
		require.Equal(t, want, created)
		for _, topic := range want {
			require.Len(t, cluster.PartitionInfos(topic), ticket.TopicPartitions)
			require.Equal(t, replicas, cluster.TopicInfo(topic).NumReplicas)
		}

		created, err = EnsureTopics(t.Context(), cluster.ListenAddrs(), ticket.Topics(), 99)
		require.NoError(t, err)
		require.Empty(t, created)
		require.Len(t, cluster.PartitionInfos(want[0]), ticket.TopicPartitions)
	}
}

func TestEnsureTopicsRespectsContext(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := EnsureTopics(ctx, cluster.ListenAddrs(), []string{"fte.new"}, 1)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	require.Nil(t, cluster.TopicInfo("fte.new"))
}
