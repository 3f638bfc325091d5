package stream

import (
	"context"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestEventSurvivesTheBroker(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, 3)
	p := newTestProducer(t, cluster.ListenAddrs())
	sent := event("ann@example.com", "form:1")
	sent.CorrelationID = "c-1"
	sent.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	publish(t, p, sent)

	got := make(chan Record, 1)
	run(t, ConsumerOptions{
		Brokers: cluster.ListenAddrs(), DeadLetters: NewDeadLetters(p),
		Handler: func(_ context.Context, r Record) error {
			got <- r
			return nil
		},
	})
	r := receive(t, got)
	require.Equal(t, sent, r.Event)
	require.Equal(t, "application/json", r.Header(ticket.HeaderContentType))
	require.Equal(t, "1.0", r.Header(ticket.HeaderSpecVersion))
	require.Zero(t, r.Offset)
	require.False(t, r.Timestamp.IsZero())
}

func TestRecordWithoutHeaders(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	tests := map[string][]*sarama.RecordHeader{
		"none":     nil,
		"nil":      {nil},
		"bad time": {{Key: []byte(ticket.HeaderTime), Value: []byte("yesterday")}},
	}
	for name, headers := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordOf(&sarama.ConsumerMessage{Topic: "t", Partition: 2, Offset: 7, Timestamp: at, Headers: headers})
			require.Equal(t, Event{Topic: "t", Time: at}, r.Event)
			require.Equal(t, int32(2), r.Partition)
			require.Equal(t, int64(7), r.Offset)
		})
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b \uFFFD", cleanText("a\nb\x00\xff", 100))
	require.Equal(t, "é", cleanText("éé", 3), "never half a character")
	require.Len(t, cleanText(string(make([]byte, 5000)), maxErrorText), maxErrorText)
}
