package stream

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker that answers every fetch as if there were nothing new looks to the
// client like an idle topic; only asking for the newest offset tells.
func TestConsumerStartsOverWhenRecordsStopToArrive(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 1)
	p := newTestProducer(t, cluster.ListenAddrs())
	var mute atomic.Bool
	mute.Store(true)
	cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		if !mute.Load() {
			cluster.DropControl()
			return nil, nil, false
		}
		cluster.KeepControl()
		fetch := request.(*kmsg.FetchRequest)
		answer := fetch.ResponseKind().(*kmsg.FetchResponse)
		for _, topic := range fetch.Topics {
			at := kmsg.NewFetchResponseTopic()
			at.Topic, at.TopicID = topic.Topic, topic.TopicID
			for _, partition := range topic.Partitions {
				empty := kmsg.NewFetchResponseTopicPartition()
				empty.Partition = partition.Partition
				at.Partitions = append(at.Partitions, empty)
			}
			answer.Topics = append(answer.Topics, at)
		}
		return answer, nil, true
	})
	publish(t, p, event("a", "a-0"))

	got := make(chan Record, 1)
	registry := prometheus.NewRegistry()
	run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p), Registerer: registry,
		Handler: func(_ context.Context, r Record) error {
			got <- r
			return nil
		},
	}, func(c *Consumer) { c.watchEvery, c.stallAfter = 50*time.Millisecond, 500*time.Millisecond })
	eventually(t, func() bool { return metric(t, registry, "fte_stream_stalls_total") > 0 }, "the stall is noticed")
	mute.Store(false)
	receive(t, got)
}
