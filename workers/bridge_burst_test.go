package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// temporalThat is a Temporal client that answers each signal as told.
func temporalThat(answers func(ctx context.Context, workflowID string, signal ticket.MessageSignal) error) client.Client {
	c := &mocks.Client{}
	c.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, ticket.SignalMessage, mock.Anything, mock.Anything, ticket.TicketWorkflow, mock.Anything).
		Return(func(ctx context.Context, id, _ string, arg any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
			return nil, answers(ctx, id, arg.(ticket.MessageSignal))
		})
	return c
}

// refusals are the ways in which Temporal does not take a signal.
func refusals() map[string]error {
	exhausted := func(cause enumspb.ResourceExhaustedCause) error {
		return serviceerror.NewResourceExhausted(cause, "try later")
	}
	return map[string]error{
		"busy workflow":       exhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW),
		"too many requests":   exhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT),
		"system overloaded":   exhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_SYSTEM_OVERLOADED),
		"storage limit":       exhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_PERSISTENCE_LIMIT),
		"unavailable":         serviceerror.NewUnavailable("no"),
		"deadline exceeded":   serviceerror.NewDeadlineExceeded("too slow"),
		"cancelled":           serviceerror.NewCanceled("no"),
		"internal":            serviceerror.NewInternal("a bug"),
		"data loss":           serviceerror.NewDataLoss("a disk"),
		"permission denied":   serviceerror.NewPermissionDenied("who are you", ""),
		"no namespace":        serviceerror.NewNamespaceNotFound("nowhere"),
		"invalid argument":    serviceerror.NewInvalidArgument("no such search attribute"),
		"already started":     serviceerror.NewWorkflowExecutionAlreadyStarted("it runs", "", ""),
		"not found":           serviceerror.NewNotFound("gone"),
		"failed precondition": serviceerror.NewFailedPrecondition("closing"),
		"unimplemented":       serviceerror.NewUnimplemented("an old server"),
		"no time left":        context.DeadlineExceeded,
		"anything else":       errors.New("a connection that broke"),
	}
}

func TestBridgeBlocksOnEveryRefusal(t *testing.T) {
	t.Parallel()
	for name, refusal := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridge := &Bridge{Temporal: temporalThat(func(context.Context, string, ticket.MessageSignal) error { return refusal })}
			m := received(ticket.Email, "ticket/email/1")
			batch := []stream.Record{record(t, ticket.TypeMessageReceived, m), record(t, ticket.TypeMessageReceived, m)}
			err := bridge.HandleBatch(t.Context(), batch)
			requireBlocks(t, err)
			require.ErrorIs(t, err, refusal)
			require.Zero(t, ticket.RetryAfterOf(err), "the lane's own wait grows")
		})
	}
}

func TestBridgeGivesACallLittleTime(t *testing.T) {
	t.Parallel()
	bridge := &Bridge{Temporal: temporalThat(func(ctx context.Context, _ string, _ ticket.MessageSignal) error {
		deadline, set := ctx.Deadline()
		require.True(t, set)
		require.LessOrEqual(t, time.Until(deadline), temporalTimeout)
		return nil
	})}
	require.NoError(t, bridge.HandleBatch(t.Context(), []stream.Record{record(t, ticket.TypeMessageReceived, received(ticket.Email, "ticket/email/1"))}))
}

// broker is a broker with one partition a topic.
type broker struct {
	brokers  []string
	producer *stream.Producer
}

func newKafka(tb testing.TB) broker {
	tb.Helper()
	kafka, err := part.StartKafka(part.KafkaOptions{Topics: ticket.Topics(), Partitions: 1})
	require.NoError(tb, err)
	tb.Cleanup(kafka.Close)
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: kafka.Brokers})
	require.NoError(tb, err)
	tb.Cleanup(producer.Close)
	return broker{kafka.Brokers, producer}
}

// publish publishes received messages, all at once.
func (k broker) publish(tb testing.TB, all ...ticket.MessageReceived) {
	tb.Helper()
	var events []stream.Event
	for _, m := range all {
		body, err := json.Marshal(m)
		require.NoError(tb, err)
		events = append(events, stream.Event{
			Topic: ticket.TopicTicketsIncoming, Key: m.CustomerID.String(), ID: m.MessageID.String(),
			Type: ticket.TypeMessageReceived, Source: "/test", Time: start, Value: body,
		})
	}
	require.NoError(tb, k.producer.Publish(tb.Context(), events...))
}

// bridge runs the bridge's consumer; stop ends it and waits.
func (k broker) bridge(tb testing.TB, b *Bridge) (stop func()) {
	tb.Helper()
	o := stream.ConsumerOptions{
		Brokers: k.brokers, Group: ticket.GroupBridge, Topics: []string{ticket.TopicTicketsIncoming},
		DeadLetters: stream.NewDeadLetters(k.producer), BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond,
	}
	b.Consume(&o)
	consumer, err := stream.NewConsumer(o)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(tb, <-ended)
	})
	tb.Cleanup(stop)
	return stop
}

// burst returns n messages of one conversation.
func burst(workflowID string, n int) (all []ticket.MessageReceived) {
	first := received(ticket.WhatsApp, workflowID)
	for range n {
		m := first
		m.MessageID = uuid.New()
		all = append(all, m)
	}
	return all
}

// inbox is what the workflows of a test have been signalled.
type inbox struct {
	mu       sync.Mutex
	messages map[string][]uuid.UUID
	signals  map[string]int
}

func (i *inbox) take(workflowID string, signal ticket.MessageSignal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.messages == nil {
		i.messages, i.signals = map[string][]uuid.UUID{}, map[string]int{}
	}
	i.signals[workflowID]++
	for _, m := range signal.Messages {
		i.messages[workflowID] = append(i.messages[workflowID], m.MessageID)
	}
}

func (i *inbox) of(workflowID string) ([]uuid.UUID, int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.messages[workflowID]), i.signals[workflowID]
}

// TestBurstIsNobodyElsesTrouble lets one customer send 500 messages to a
// workflow that refuses every one of them, in each of the ways there are:
// others behind them on the same partition are signalled meanwhile, and when
// it takes them, it gets all, in order and in few signals.
func TestBurstIsNobodyElsesTrouble(t *testing.T) {
	t.Parallel()
	kafka := newKafka(t)
	const busy, many, others = "ticket/whatsapp/busy", 500, 20
	var got inbox
	var refused []string
	names := []string{}
	for name := range refusals() {
		names = append(names, name)
	}
	free := make(chan struct{})
	bridge := &Bridge{Temporal: temporalThat(func(_ context.Context, id string, signal ticket.MessageSignal) error {
		if id == busy {
			select {
			case <-free:
			default:
				got.mu.Lock()
				defer got.mu.Unlock()
				name := names[len(refused)%len(names)]
				refused = append(refused, name)
				return refusals()[name]
			}
		}
		got.take(id, signal)
		return nil
	})}

	all := burst(busy, many)
	for i := range others {
		all = append(all, received(ticket.Email, fmt.Sprint("ticket/email/", i)))
	}
	kafka.publish(t, all...)
	stop := kafka.bridge(t, bridge)
	eventually(t, func(context.Context) error {
		for i := range others {
			if _, n := got.of(fmt.Sprint("ticket/email/", i)); n != 1 {
				return fmt.Errorf("customer %d waits", i)
			}
		}
		return nil
	})
	eventually(t, func(context.Context) error {
		got.mu.Lock()
		defer got.mu.Unlock()
		if len(refused) < len(names) {
			return errors.New("some kind of refusal has not come yet")
		}
		return nil
	})
	messages, _ := got.of(busy)
	require.Empty(t, messages)

	close(free)
	eventually(t, func(context.Context) error {
		if messages, _ := got.of(busy); len(messages) < many {
			return fmt.Errorf("%d of the burst", len(messages))
		}
		return nil
	})
	stop()
	messages, signals := got.of(busy)
	var want []uuid.UUID
	for _, m := range all[:many] {
		want = append(want, m.MessageID)
	}
	require.Equal(t, want, messages, "none lost, none twice, in order")
	require.LessOrEqual(t, signals, many/bridgeBatch+1, "the first may have been a smaller one")
	letters, err := stream.ListDeadLetters(t.Context(), kafka.brokers, stream.DeadLetterFilter{})
	require.NoError(t, err)
	require.Empty(t, letters)
}

// BenchmarkBridgeBurst sends 500 messages of one conversation and behind them
// one each of 20 others through Kafka to a development server of Temporal. It
// reports the signals per message of the burst, and how long the burst and the
// slowest of the others took.
func BenchmarkBridgeBurst(b *testing.B) {
	const many, others = 500, 20
	server := newTemporal(b, part.TemporalOptions{SearchAttributes: ticket.SearchAttributes()})
	kafka := newKafka(b)
	c := &signalled{Client: dial(b, server.Address)}
	kafka.bridge(b, &Bridge{Temporal: c})
	var signals int
	var burstTook, othersTook time.Duration
	for b.Loop() {
		run := uuid.NewString()
		id := func(n int) string { return fmt.Sprintf("ticket/whatsapp/%s/%d", run, n) }
		all := burst(id(0), many)
		for i := range others {
			all = append(all, received(ticket.Email, id(i+1)))
		}
		began := time.Now()
		kafka.publish(b, all...)
		wait := func(workflowID string, n int) {
			require.Eventually(b, func() bool {
				messages, _ := c.got.of(workflowID)
				return len(messages) == n
			}, patience, time.Millisecond)
		}
		for i := range others {
			wait(id(i+1), 1)
		}
		othersTook += time.Since(began)
		wait(id(0), many)
		burstTook += time.Since(began)
		for _, e := range historyOf(b, c, id(0)) {
			if e.GetWorkflowExecutionSignaledEventAttributes() != nil {
				signals++
			}
		}
	}
	runs := float64(b.N)
	b.ReportMetric(float64(signals)/(runs*many), "signals/message")
	b.ReportMetric(burstTook.Seconds()*1000/runs, "ms/burst")
	b.ReportMetric(othersTook.Seconds()*1000/runs, "ms/others")
}

// signalled is a client that remembers what was signalled.
type signalled struct {
	client.Client
	got inbox
}

func (s *signalled) SignalWithStartWorkflow(ctx context.Context, id, name string, arg any, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	run, err := s.Client.SignalWithStartWorkflow(ctx, id, name, arg, o, workflow, args...)
	if err == nil {
		s.got.take(id, arg.(ticket.MessageSignal))
	}
	return run, err
}
