package doctor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const patience = 60 * time.Second

func newKafka(t *testing.T, partitions int, topics ...string) (*Doctor, *stream.Producer) {
	t.Helper()
	kafka, err := part.StartKafka(part.KafkaOptions{Topics: topics, Partitions: partitions})
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: kafka.Brokers})
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	return &Doctor{Brokers: kafka.Brokers, SecondLook: time.Millisecond}, producer
}

func TestKafka(t *testing.T) {
	t.Parallel()
	require.Equal(t, "KAFKA_BROKERS is not set.", (&Doctor{}).kafka(t.Context()).Found)
	f := (&Doctor{Brokers: []string{"127.0.0.1:1"}}).kafka(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Contains(t, f.Found, "connection refused")

	d, _ := newKafka(t, ticket.TopicPartitions, ticket.Topics()...)
	require.Equal(t, ok("Kafka answers and has 7 topics."), d.kafka(t.Context()))
	require.Equal(t, ok("All 7 topics are there, each with 12 partitions."), d.topics(t.Context()))

	d, _ = newKafka(t, 3, ticket.Topics()[1:]...)
	f = d.topics(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Equal(t, "1 topic is missing.", f.Found)
	require.Equal(t, "fte.channels.email.inbound is missing.", f.Details[0])
	require.Len(t, f.Details, 7, "the others have too few partitions")

	d, _ = newKafka(t, 3, ticket.Topics()...)
	f = d.topics(t.Context())
	require.Equal(t, Warning, f.Verdict)
	require.Equal(t, "7 topics have another number of partitions than 12.", f.Found)
	require.Contains(t, f.Do, "--partitions 12")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	d, producer := newKafka(t, 2, ticket.TopicTicketsIncoming, ticket.TopicDeadLetters)
	look := d.group("bridge", ticket.GroupBridge, ticket.TopicTicketsIncoming)
	require.Equal(t, fail("Nobody reads: the group has no members."), look(t.Context()))
	publish := func(key string) {
		t.Helper()
		require.NoError(t, producer.Publish(t.Context(), stream.Event{
			Topic: ticket.TopicTicketsIncoming, Key: key, ID: key, Type: ticket.TypeMessageReceived, Source: "/test", Time: time.Now(), Value: []byte("{}"),
		}))
	}
	publish("first")
	f := look(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Regexp(t, `^Nobody reads: the group has no members, and 1 record waits, the oldest for \d+ s\.$`, f.Found)
	require.Regexp(t, `^fte.tickets.incoming/\d: 1 record waits, the oldest for \d+ s; it stands at offset 0\.$`, f.Details[0])

	tried := make(chan struct{}, 1)
	consumer, err := stream.NewConsumer(stream.ConsumerOptions{
		Brokers: d.Brokers, Group: ticket.GroupBridge, Topics: []string{ticket.TopicTicketsIncoming}, DeadLetters: stream.NewDeadLetters(producer),
		Handler: func(context.Context, stream.Record) error {
			select {
			case tried <- struct{}{}:
			default:
			}
			return errors.New("Temporal refused it")
		},
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- consumer.Run(ctx) }()
	select {
	case <-tried:
	case <-time.After(patience):
		require.FailNow(t, "nothing was consumed")
	}
	f = look(t.Context())
	require.Equal(t, OK, f.Verdict, "it may yet succeed: %+v", f)
	require.Contains(t, f.Found, "1 member, and 1 record waits")
	backlog, err := stream.ReadBacklog(t.Context(), d.Brokers, ticket.GroupBridge, []string{ticket.TopicTicketsIncoming})
	require.NoError(t, err)
	require.Equal(t, 1, backlog.Members)
	f = judgeGroup("bridge", backlog, backlog, time.Now().Add(10*time.Minute))
	require.Equal(t, Failed, f.Verdict)
	require.Equal(t, "1 member, and 1 record waits, the oldest for 10 min: a lane is blocked.", f.Found)
	stop()
	require.NoError(t, <-stopped)
}

func TestJudgeGroup(t *testing.T) {
	t.Parallel()
	now := time.Now()
	waiting := func(next int64, age time.Duration) stream.Waiting {
		return stream.Waiting{Topic: "t", Partition: 3, Next: next, Records: 5, Since: now.Add(-age)}
	}
	backlog := func(w ...stream.Waiting) stream.Backlog { return stream.Backlog{Members: 2, Waiting: w} }
	lost := waiting(9, time.Hour)
	lost.Lost = true
	undated := waiting(7, 0)
	undated.Since = time.Time{}
	for name, c := range map[string]struct {
		first, second stream.Backlog
		verdict       Verdict
		found         string
	}{
		"idle":          {backlog(), backlog(), OK, "2 members, and nothing waits."},
		"caught up":     {backlog(waiting(7, time.Hour)), backlog(), OK, "2 members, and nothing waits."},
		"fresh":         {backlog(waiting(7, time.Second)), backlog(waiting(7, time.Second)), OK, "2 members, and 5 records wait, the oldest for 1 s."},
		"behind, moves": {backlog(waiting(7, time.Hour)), backlog(waiting(8, time.Hour)), Warning, "2 members, and 5 records wait, the oldest for 60 min; they move."},
		"blocked":       {backlog(waiting(7, 3*time.Hour)), backlog(waiting(7, 3*time.Hour)), Failed, "2 members, and 5 records wait, the oldest for 3 h: a lane is blocked."},
		"lost":          {backlog(lost), backlog(lost), Failed, "Kafka has deleted records that nobody has read."},
		"undated":       {backlog(undated), backlog(undated), OK, "2 members, and 5 records wait, the oldest for 0 s."},
	} {
		f := judgeGroup("intake", c.first, c.second, now)
		require.Equal(t, c.verdict, f.Verdict, name)
		require.Equal(t, c.found, f.Found, name)
	}
	require.Equal(t, []string{"t/3: 5 records wait, the oldest for 3 h; it stands at offset 7."},
		judgeGroup("intake", backlog(waiting(7, 3*time.Hour)), backlog(waiting(7, 3*time.Hour)), now).Details)
}

func TestDeadLetterCount(t *testing.T) {
	t.Parallel()
	d, producer := newKafka(t, 2, ticket.TopicDeadLetters)
	require.Equal(t, ok("There are no dead letters."), d.deadLetters(t.Context()))
	letters := stream.NewDeadLetters(producer)
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, letters.Put(t.Context(), stream.Record{Event: stream.Event{Topic: ticket.TopicWebFormInbound, Key: key, Value: []byte("{}")}}, "invalid", errors.New("no id"), 1))
	}
	f := d.deadLetters(t.Context())
	require.Equal(t, Warning, f.Verdict)
	require.Equal(t, "There are 3 dead letters, 3 of the last 7 days.", f.Found)
	recent, all, err := stream.CountDeadLetters(d.Brokers, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 3, all)
	require.Zero(t, recent, "none is that new")
	_, _, err = stream.CountDeadLetters([]string{"127.0.0.1:1"}, time.Now())
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}
