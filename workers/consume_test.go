package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// TestIntakeOverKafka runs intake in its consumer group on a broker: what is
// published comes out by customer, a broken event is put aside, and a page
// message that is read before its submission waits for it.
func TestIntakeOverKafka(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka, err := part.StartKafka(part.KafkaOptions{Topics: ticket.Topics(), Partitions: 1})
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: kafka.Brokers})
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	b.Publisher = producer

	// The page message is read before the submission that it waits for.
	s := submission(b, "cleo@customer.example", "1")
	began := time.Now()
	b.waiting.now = func() time.Time { return start.Add(20 * time.Since(began)) }
	publish := func(topic, key, kind, id string, value any) {
		t.Helper()
		body, err := json.Marshal(value)
		require.NoError(t, err)
		require.NoError(t, producer.Publish(t.Context(), stream.Event{
			Topic: topic, Key: key, ID: id, Type: kind, Source: "/test", Time: start, Value: body,
		}))
	}
	publish(ticket.TopicWebFormInbound, s.TicketID.String(), ticket.TypeWebFormMessage, "p1", ticket.WebFormMessage{TicketID: s.TicketID, N: "1", Message: "More", At: start.Add(time.Hour)})
	publish(ticket.TopicWebFormInbound, "x", ticket.TypeWebFormSubmission, "broken", "nonsense")
	for i := range 5 {
		publish(ticket.TopicWhatsAppInbound, "+4915112345678", ticket.TypeWhatsAppMessage, "", whatsAppEvent(fmt.Sprintf("SM%d", i), "+4915112345678", "hello"))
	}

	b.consume(kafka.Brokers, producer, ticket.GroupIntake, b.Handle, ticket.TopicWhatsAppInbound, ticket.TopicWebFormInbound)
	got := make(chan ticket.MessageReceived, 100)
	b.consume(kafka.Brokers, producer, ticket.GroupBridge, func(_ context.Context, r stream.Record) error {
		var m ticket.MessageReceived
		if err := decode(r, &m); err != nil {
			return err
		}
		if r.Key != m.CustomerID.String() {
			return stream.Poison("key", errors.New("not keyed by customer"))
		}
		got <- m
		return nil
	}, ticket.TopicTicketsIncoming)

	messages := map[uuid.UUID]ticket.MessageReceived{}
	collect := func(n int) {
		t.Helper()
		deadline := time.After(patience)
		for len(messages) < n {
			select {
			case m := <-got:
				messages[m.MessageID] = m
			case <-deadline:
				require.FailNow(t, "messages are missing", "%d of %d came", len(messages), n)
			}
		}
	}
	collect(5)
	publish(ticket.TopicWebFormInbound, s.Email, ticket.TypeWebFormSubmission, "s1", s)
	collect(7)
	require.Equal(t, "7", b.count("messages"))
	require.Equal(t, "2", b.count("conversations"))

	eventually(t, func(ctx context.Context) error {
		letters, err := stream.ListDeadLetters(ctx, kafka.Brokers, stream.DeadLetterFilter{})
		if err == nil && len(letters) == 0 {
			err = errors.New("nothing was put aside")
		}
		if err == nil {
			require.Len(t, letters, 1)
			require.Equal(t, "malformed broken", letters[0].Reason+" "+letters[0].ID)
		}
		return err
	})
}

// consume runs a consumer until the test ends.
func (b *testBundle) consume(brokers []string, producer *stream.Producer, group string, h stream.Handler, topics ...string) {
	b.t.Helper()
	consumer, err := stream.NewConsumer(stream.ConsumerOptions{
		Brokers: brokers, Group: group, Topics: topics, Handler: h, DeadLetters: stream.NewDeadLetters(producer),
		BackoffMin: time.Millisecond, BackoffMax: 50 * time.Millisecond,
	})
	require.NoError(b.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(ctx) }()
	b.t.Cleanup(func() {
		cancel()
		require.NoError(b.t, <-ended)
	})
}
