package lab

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// RedeliverPushes delivers every push of the mailbox so far again, n times.
func (l *Lab) RedeliverPushes(n int) {
	l.t.Helper()
	l.Wait("the mailbox is pushed", func(context.Context) bool { return len(l.PubSub.Pushes()) > 0 })
	for _, p := range l.PubSub.Pushes() {
		for range n {
			require.NoError(l.t, l.PubSub.Redeliver(l.t.Context(), p.MessageID))
		}
	}
}

// KillTemporal takes the server away as a crash would.
func (l *Lab) KillTemporal() { l.Server.Kill() }

// StartTemporal brings the server back with what it had stored.
func (l *Lab) StartTemporal() {
	l.t.Helper()
	var err error
	l.Server, err = part.StartTemporal(l.t.Context(), l.server)
	require.NoError(l.t, err)
}

// StopKafka takes the broker away; its records stay.
func (l *Lab) StopKafka() {
	l.Kafka.Close()
}

// StartKafka brings the broker back where it was.
func (l *Lab) StartKafka() {
	l.t.Helper()
	var err error
	l.Kafka, err = part.StartKafka(l.kafka)
	require.NoError(l.t, err)
}

func (l *Lab) kafkaOptions() part.KafkaOptions {
	port, err := part.FreePort()
	require.NoError(l.t, err)
	return part.KafkaOptions{
		Dir: filepath.Join(l.t.TempDir(), "kafka"), Port: port, Topics: ticket.Topics(), Partitions: ticket.TopicPartitions,
	}
}

// Completed waits until the conversations' workflows have ended n runs.
func (l *Lab) Completed(n int64) {
	l.t.Helper()
	l.Wait("the run completes", func(ctx context.Context) bool {
		res, err := l.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Query: "WorkflowType = '" + ticket.TicketWorkflow + "' AND ExecutionStatus = 'Completed'",
		})
		return err == nil && res.GetCount() >= n
	})
}

// Redrive publishes the event of a stored message once more, as an engineer
// would after a repair.
func (l *Lab) Redrive(in Inbound) {
	l.t.Helper()
	type row struct {
		ID, ConversationID, CustomerID uuid.UUID
		WorkflowID                     string
		ProviderAt                     time.Time
		ExternalID                     string
	}
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: l.Kafka.Brokers, ClientID: "lab"})
	require.NoError(l.t, err)
	defer producer.Close()
	for _, r := range query[row](l.t.Context(), l, `SELECT m.id, m.conversation_id, c.customer_id, c.workflow_id, m.provider_at, m.external_id
		FROM messages m JOIN conversations c ON c.id = m.conversation_id`) {
		if r.ExternalID != in.ExternalID {
			continue
		}
		value, err := json.Marshal(ticket.MessageReceived{
			MessageID: r.ID, ConversationID: r.ConversationID, CustomerID: r.CustomerID, Channel: in.Channel,
			WorkflowID: r.WorkflowID, ReceivedAt: r.ProviderAt,
		})
		require.NoError(l.t, err)
		require.NoError(l.t, producer.Publish(l.t.Context(), stream.Event{
			Topic: ticket.TopicTicketsIncoming, Key: r.CustomerID.String(), ID: in.ExternalID,
			Type: ticket.TypeMessageReceived, Source: "lab", Time: time.Now(), Value: value,
		}))
	}
}

// Publish puts a record on a topic that no part of the service made.
func (l *Lab) Publish(topic, key, id, kind, value string) {
	l.t.Helper()
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: l.Kafka.Brokers, ClientID: "lab"})
	require.NoError(l.t, err)
	defer producer.Close()
	require.NoError(l.t, producer.Publish(l.t.Context(), stream.Event{
		Topic: topic, Key: key, ID: id, Type: kind, Source: "lab", Time: time.Now(), Value: []byte(value),
	}))
}

// InboundOrder returns the acknowledged messages in the order in which they
// were accepted.
func (l *Lab) InboundOrder() []string {
	var ids []string
	for _, in := range l.accepted {
		ids = append(ids, in.ExternalID)
	}
	return ids
}

// StoredOrder returns the customers' messages in the order in which they were stored.
func (l *Lab) StoredOrder() []string {
	type row struct{ ExternalID string }
	var ids []string
	for _, r := range query[row](l.t.Context(), l, `SELECT external_id FROM messages WHERE author = 'customer' ORDER BY received_at`) {
		ids = append(ids, r.ExternalID)
	}
	return ids
}
