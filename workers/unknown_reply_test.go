package workers

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func TestReplyWaitsForTheMailItAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := start
	b.waiting.now = func() time.Time { return now }
	reply := b.mail(staffReply())
	reply.Topic, reply.Key, reply.Source = ticket.TopicEmailInbound, mailbox, "gmail:"+mailbox

	require.NoError(t, b.Handle(t.Context(), reply), "its lane goes on")
	require.Equal(t, []stream.Event{reply.Event}, b.published.events, "it waits at the end of the topic")
	now = now.Add(orphanAfter)
	require.NoError(t, b.Handle(t.Context(), reply))
	require.Equal(t, []stream.Event{reply.Event, reply.Event}, b.published.events)

	m := b.takeOne(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}))
	now = now.Add(time.Hour)
	require.Equal(t, ticket.Staff, b.takeOne(reply).Author, "what comes too late for a wait is in time for a conversation")
	require.Equal(t, ticket.OwnerHuman, b.conversation(m.ConversationID).Owner)
	require.Empty(t, b.waiting.since)

	t.Log("a record that was published twice comes again")
	require.Equal(t, ticket.Staff, b.takeOne(reply).Author)
	require.EqualValues(t, 1, b.conversation(m.ConversationID).Epoch)
	require.Equal(t, "2", b.count("messages"))
	require.Empty(t, b.waiting.since)
}

func TestReplyToSomebodyWhoNeverWroteToUs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := start
	b.waiting.now = func() time.Time { return now }
	reply := b.mail(letter{from: mailbox, to: "vendor@elsewhere.example", inReplyTo: "<9@elsewhere.example>", text: "Thanks", sent: true})

	b.published.err = ticket.Errorf(ticket.CodeUnavailable, "no broker")
	requireBlocks(t, b.Handle(t.Context(), reply))
	b.published.err = nil
	now = now.Add(lap)
	require.Len(t, b.take(reply), 1)
	now = start.Add(orphanAfter + time.Second)
	require.Empty(t, b.take(reply), "nobody waits for ever, and nothing is put aside")
	require.Empty(t, b.waiting.since)
	require.Equal(t, "0", b.count("messages"))
}

func TestLap(t *testing.T) {
	t.Parallel()
	now := start
	w := waiting{now: func() time.Time { return now }}
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, w.lap(cut, "a"), "the first begins at once")
	require.ErrorIs(t, w.lap(cut, "a"), context.Canceled)
	require.NoError(t, w.lap(cut, "b"), "others do not wait for it")
	now = now.Add(lap)
	require.NoError(t, w.lap(cut, "a"))
	require.NoError(t, w.lap(cut, "b"), "both have waited at once")
	require.ErrorIs(t, w.lap(cut, "b"), context.Canceled)
}

// wakes tells a test of each push.
type wakes chan string

func (w wakes) Wake(_ context.Context, mailbox string) error {
	w <- mailbox
	return nil
}

// TestUnknownRepliesOverKafka lets two replies circle in the lane of the
// mailbox: pushes pass them, one takes over when its mail comes, and the other
// ends.
func TestUnknownRepliesOverKafka(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka, err := part.StartKafka(part.KafkaOptions{Topics: ticket.Topics(), Partitions: 1})
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: kafka.Brokers})
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	woken := make(wakes, 10)
	b.Publisher, b.Mailboxes = producer, woken
	began, late := time.Now(), atomic.Int64{}
	b.waiting.now = func() time.Time { return start.Add(time.Since(began) + time.Duration(late.Load())) }
	publish := func(r stream.Record, key string) {
		t.Helper()
		r.Topic, r.Key, r.Source = ticket.TopicEmailInbound, key, "/test"
		require.NoError(t, producer.Publish(t.Context(), r.Event))
	}
	push := func() {
		t.Helper()
		publish(record(t, ticket.TypeGmailPush, ticket.GmailPush{Mailbox: mailbox}), mailbox)
		select {
		case <-woken:
		case <-time.After(patience):
			require.FailNow(t, "a push is held up")
		}
	}

	publish(b.mail(staffReply()), mailbox)
	publish(b.mail(letter{from: mailbox, to: "vendor@elsewhere.example", inReplyTo: "<9@elsewhere.example>", text: "Thanks", sent: true}), mailbox)
	b.consume(kafka.Brokers, producer, ticket.GroupIntake, b.Handle, ticket.TopicEmailInbound)
	push()
	push()
	publish(b.mail(letter{from: "ben@customer.example", id: "<1@customer.example>", text: "Hello"}), "ben@customer.example")
	eventually(t, func(context.Context) error {
		if b.scalar("SELECT count(*)::text FROM conversations WHERE owner = 'human' AND epoch = 1") != "1" {
			return errors.New("nobody has taken over")
		}
		return nil
	})

	late.Store(int64(orphanAfter + time.Minute))
	eventually(t, func(context.Context) error {
		b.waiting.mu.Lock()
		defer b.waiting.mu.Unlock()
		if len(b.waiting.since) > 0 {
			return errors.New("one waits still")
		}
		return nil
	})
	push()
	letters, err := stream.ListDeadLetters(t.Context(), kafka.Brokers, stream.DeadLetterFilter{})
	require.NoError(t, err)
	require.Empty(t, letters)
	require.Equal(t, "2", b.count("messages"))
}
