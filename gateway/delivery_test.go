package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func (b *bundle) message(t *testing.T, sid string) {
	t.Helper()
	a := b.twilio(t, "/webhooks/whatsapp", inbound(sid, "hello"))
	require.Equal(t, http.StatusOK, a.status, a.body)
}

func (b *bundle) backlog(t *testing.T) int {
	t.Helper()
	state, err := b.db.SpoolBacklog(t.Context())
	require.NoError(t, err)
	return int(state.Depth)
}

// ids are those of the first n messages.
func ids(n int) []string {
	all := []string{}
	for i := range n {
		all = append(all, fmt.Sprintf("twilio:SM%d", i+1))
	}
	return all
}

func TestOutageIsSpooledAndDrainedInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.message(t, "SM1")
	b.kafka.set(down)
	const last = 250 // more than two batches
	for i := 2; i <= last; i++ {
		b.message(t, fmt.Sprintf("SM%d", i))
	}
	require.Equal(t, last-1, b.backlog(t))
	require.Equal(t, last-1, b.accepted(t, ticket.TopicWhatsAppInbound, viaSpool))
	require.Equal(t, 1, b.accepted(t, ticket.TopicWhatsAppInbound, viaKafka))
	eventually(t, func() bool { return count(t, b.metrics.spoolDepth) == last-1 }, "the depth is known")

	b.kafka.set(up)
	eventually(t, func() bool { return !b.delivery.spoolFirst() }, "the spool is drained")
	require.Equal(t, ids(last), b.kafka.ids())
	require.Zero(t, b.backlog(t))
	eventually(t, func() bool { return count(t, b.metrics.spoolDepth) == 0 }, "the depth is known")
	b.message(t, fmt.Sprintf("SM%d", last+1))
	require.Equal(t, ids(last+1), b.kafka.ids())
}

// While rows wait, a new event queues up behind them even though Kafka is back.
func TestNewEventsWaitBehindSpooledOnes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	elsewhere := holdRelay(t, b.dbURL)
	b.kafka.set(down)
	b.message(t, "SM1")
	b.kafka.set(up)
	b.message(t, "SM2")
	b.message(t, "SM3")
	require.Empty(t, b.kafka.ids())
	require.Equal(t, 3, b.backlog(t))
	elsewhere()
	eventually(t, func() bool { return len(b.kafka.ids()) == 3 }, "the rows arrive")
	require.Equal(t, ids(3), b.kafka.ids())
}

// holdRelay is another gateway that drains the spool until told to stop.
func holdRelay(t *testing.T, url string) (release func()) {
	t.Helper()
	db := open(t, url)
	locked, done := make(chan struct{}), make(chan struct{})
	var holding sync.WaitGroup
	holding.Go(func() {
		err := db.Session(t.Context(), func(q *schema.Queries) error {
			for mine := false; !mine; {
				var err error
				if mine, err = q.TryRelayLock(t.Context()); err != nil {
					return err
				}
			}
			close(locked)
			<-done
			return q.ReleaseRelayLock(t.Context())
		})
		if err != nil {
			t.Errorf("holding the relay lock: %v", err)
		}
	})
	release = sync.OnceFunc(func() {
		close(done)
		holding.Wait()
	})
	t.Cleanup(release)
	<-locked
	return release
}

func TestRowsOfAnEarlierProcessGoFirst(t *testing.T) {
	t.Parallel()
	first := setup(t)
	elsewhere := holdRelay(t, first.dbURL)
	first.kafka.set(down)
	first.message(t, "SM1")

	first.kafka.set(up)
	restarted := setup(t, func(o *Options) { o.Spool, o.Producer = open(t, first.dbURL), first.kafka })
	restarted.message(t, "SM2")
	require.Empty(t, first.kafka.ids())
	elsewhere()
	eventually(t, func() bool { return !restarted.delivery.spoolFirst() && !first.delivery.spoolFirst() }, "both go on")
	require.Equal(t, ids(2), first.kafka.ids())
}

func TestSilentKafkaDelaysNoLongerThanItsTimeout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.kafka.set(hung)
	b.message(t, "SM1") // returns although Publish would hang for ever
	require.True(t, b.delivery.spoolFirst())
	b.message(t, "SM2")
	b.kafka.set(up)
	eventually(t, func() bool { return len(b.kafka.ids()) == 2 }, "both arrive")
	require.Equal(t, ids(2), b.kafka.ids())
}

func TestNothingDurableIsSaidSo(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Spool = unreachable(t) })
	b.message(t, "SM1")
	b.kafka.set(down)
	for name, a := range map[string]answer{
		"whatsapp": b.twilio(t, "/webhooks/whatsapp", inbound("SM2", "hello")),
		"status":   b.twilio(t, "/webhooks/whatsapp/status", inbound("SM2", "hello")),
		"gmail":    b.push(t, pushBody("support@example.com", 1, "9", "projects/p/subscriptions/ours")),
		"form":     b.submitForm(t, submission),
	} {
		requireProblem(t, a, http.StatusServiceUnavailable)
		require.Equal(t, "5", a.header.Get("Retry-After"), name)
	}
	require.Equal(t, ids(1), b.kafka.ids())
	require.NotContains(t, b.logs.String(), "4915112345678")
	require.NotContains(t, strings.ToLower(b.logs.String()), "ana@example.com")
	b.kafka.set(up)
	b.message(t, "SM3")
	require.Equal(t, []string{"twilio:SM1", "twilio:SM3"}, b.kafka.ids())
}

// An event that waits for the spool must not be lost because Postgres went
// away too: Kafka is asked once more.
func TestSpoolThatFailsFallsBackToKafka(t *testing.T) {
	t.Parallel()
	b := setup(t)
	elsewhere := holdRelay(t, b.dbURL)
	b.kafka.set(down)
	b.message(t, "SM1")
	b.kafka.set(up)
	schematest.Exec(t, b.dbURL, "ALTER TABLE webhook_spool RENAME TO away")
	b.message(t, "SM2")
	require.Equal(t, []string{"twilio:SM2"}, b.kafka.ids())
	schematest.Exec(t, b.dbURL, "ALTER TABLE away RENAME TO webhook_spool")
	elsewhere()
	eventually(t, func() bool { return len(b.kafka.ids()) == 2 }, "the row arrives")
}

func TestSpooledEventArrivesAsItCame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.kafka.set(down)
	a := b.twilio(t, "/webhooks/whatsapp", inbound("SM1", "Grüße\x00"), "X-Correlation-ID", "call-7",
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	require.Equal(t, http.StatusOK, a.status)
	b.kafka.set(up)
	eventually(t, func() bool { return len(b.kafka.ids()) == 1 }, "it arrives")
	e := b.kafka.all()[0]
	require.Equal(t, "Grüße\x00", decode[ticket.WhatsAppEvent](t, string(e.Value)).Params["Body"])
	require.WithinDuration(t, time.Now(), e.Time, patience)
	e.Value, e.Time = nil, time.Time{}
	require.Equal(t, stream.Event{
		Topic: ticket.TopicWhatsAppInbound, Key: "+4915112345678", ID: "twilio:SM1", Type: ticket.TypeWhatsAppMessage,
		Source: sourceTwilio, CorrelationID: "call-7", TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}, e)
}

func TestEventThatKafkaNeverTakesBlocksNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.kafka.set(down)
	for i := range 4 {
		b.message(t, fmt.Sprintf("SM%d", i+1))
	}
	b.kafka.mu.Lock()
	b.kafka.tooBig, b.kafka.state = "twilio:SM2", up
	b.kafka.mu.Unlock()
	eventually(t, func() bool { return !b.delivery.spoolFirst() }, "the others are drained")
	require.Equal(t, []string{"twilio:SM1", "twilio:SM3", "twilio:SM4"}, b.kafka.ids())
	require.Equal(t, 1, b.backlog(t))
	require.Equal(t, 1, strings.Count(b.logs.String(), "kafka refuses a spooled event"))

	requireProblem(t, b.twilio(t, "/webhooks/whatsapp", inbound("SM2", "again")), http.StatusRequestEntityTooLarge)
}

// The events of a client that has gone are still made durable.
func TestCallersThatLeaveDoNotMatter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := contextWithCancel(t)
	cancel()
	require.NoError(t, b.delivery.deliver(ctx, stream.Event{Topic: ticket.TopicWebFormInbound, ID: "form:1"}))
	require.Len(t, b.kafka.ids(), 1)
	b.kafka.set(down)
	require.NoError(t, b.delivery.deliver(ctx, stream.Event{Topic: ticket.TopicWebFormInbound, ID: "form:2", Value: []byte("{}")}))
	require.Equal(t, ticket.CodeTooLarge, ticket.CodeOf(b.delivery.deliver(ctx, stream.Event{Value: make([]byte, maxValue+1)})))
}

// A look at the spool that an insert may have escaped must not end spooling.
func TestInsertUnderWayKeepsSpooling(t *testing.T) {
	t.Parallel()
	d := newDelivery(Options{Logger: quietLogger()}, nil)
	mark, ok := d.quiet()
	require.True(t, ok)
	d.kafkaFirst(mark)
	require.False(t, d.spoolFirst())

	d.insertBegins()
	_, ok = d.quiet()
	require.False(t, ok, "its row may be missed")
	require.True(t, d.insertEnds(true))
	mark, ok = d.quiet()
	require.True(t, ok)
	d.insertBegins()
	require.False(t, d.insertEnds(true))
	d.kafkaFirst(mark)
	require.True(t, d.spoolFirst(), "a row came after the look")
	mark, _ = d.quiet()
	d.kafkaFirst(mark)
	require.False(t, d.spoolFirst())

	d.insertBegins()
	require.False(t, d.insertEnds(false))
	require.False(t, d.spoolFirst(), "nothing was stored")
}
