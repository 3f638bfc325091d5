package activities_test

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workers"
)

// lists are the requests that read Twilio's messages.
const lists = "GET /2010-04-01"

// reconciler is a world with an intake behind its broker.
type reconciler struct {
	*world
	intake  *workers.Intake
	handled int // of the published raw events
}

func newReconciler(t *testing.T) *reconciler {
	t.Helper()
	w := newWorld(t).withTwilio()
	now := time.Now()
	w.options.Now = func() time.Time { return now }
	return &reconciler{world: w, intake: &workers.Intake{
		DB: w.db, Publisher: &publisher{}, Secrets: w.options.Secrets, Logger: slog.New(slog.DiscardHandler),
	}}
}

// pass lets so much time pass for the activity.
func (r *reconciler) pass(d time.Duration) {
	now := r.options.Now().Add(d)
	r.options.Now = func() time.Time { return now }
}

func (r *reconciler) look() ticket.ReconcileWhatsAppResult {
	r.t.Helper()
	res, err := run(r.world, r.acts().ReconcileWhatsApp, ticket.ReconcileWhatsAppInput{Number: ourPhone})
	require.NoError(r.t, err)
	return res
}

// raw are the events that the looks have handed over so far.
func (r *reconciler) raw() []stream.Event { return r.published.of(ticket.TopicWhatsAppInbound) }

// consume takes in what was handed over and not yet taken in.
func (r *reconciler) consume() {
	r.t.Helper()
	for _, e := range r.raw()[r.handled:] {
		require.NoError(r.t, r.intake.Handle(r.t.Context(), stream.Record{Event: e, Timestamp: e.Time}))
		r.handled++
	}
}

// writes lets a customer write so long before now, without a webhook.
func (r *reconciler) writes(from, body string, ago time.Duration) (sid string) {
	r.t.Helper()
	receipt, err := r.twilio.Inbound(r.t.Context(), from, body, twilio.InboundOptions{NoWebhook: true, At: r.options.Now().Add(-ago)})
	require.NoError(r.t, err)
	return receipt.SID
}

// webhook takes in a message of Twilio's as its webhook brings it.
func (r *reconciler) webhook(sid, from, body string) {
	r.t.Helper()
	value := `{"params":{"MessageSid":"` + sid + `","From":"whatsapp:` + from + `","To":"whatsapp:` + ourPhone + `","Body":"` + body + `"}}`
	require.NoError(r.t, r.intake.Handle(r.t.Context(), stream.Record{Event: stream.Event{
		Type: ticket.TypeWhatsAppMessage, ID: "twilio:" + sid, Time: r.options.Now(), Value: []byte(value),
	}}))
}

func (r *reconciler) ids() (ids []string) {
	for _, e := range r.raw() {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestATwoDayOutageHealsWithoutADouble(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	before := r.options.Now().Add(-49 * time.Hour)
	require.NoError(t, r.db.AdvanceWhatsApp(t.Context(), schema.AdvanceWhatsAppParams{Number: ourPhone, ReconciledAt: before}))
	var want []string
	for hour := 49; hour > 0; hour-- {
		from := "+4915100000" + strconv.Itoa(hour%3+10)
		body := "hour " + strconv.Itoa(hour)
		sid := r.writes(from, body, time.Duration(hour)*time.Hour)
		if hour%5 == 0 {
			r.webhook(sid, from, body) // one of Twilio's tries got through
			continue
		}
		want = append(want, "twilio:"+sid)
	}
	res := r.look()
	require.Equal(t, len(want), res.Missed)
	require.Zero(t, res.PastUs)
	require.Equal(t, want, r.ids(), "all that was missed, the oldest first")
	first := r.raw()[0]
	require.Equal(t, ticket.TypeWhatsAppMessage, first.Type)
	require.Equal(t, "+491510000011", first.Key, "the customer's, as that of the webhook")
	require.WithinDuration(t, before, first.Time, time.Second, "when the customer wrote, not when it was found")
	require.Equal(t, res.Until.UTC().Format(time.RFC3339), r.scalar("SELECT to_char(reconciled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM whatsapp_numbers"))

	r.consume()
	require.Equal(t, "49", r.scalar("SELECT count(*)::text FROM messages"))
	require.Equal(t, "3", r.scalar("SELECT count(*)::text FROM conversations"))
	r.pass(20 * time.Minute)
	require.Zero(t, r.look().Missed)

	t.Log("the webhook of one comes after all")
	newest := r.raw()[len(want)-1]
	r.webhook(newest.ID[len("twilio:"):], newest.Key, "hour 1")
	require.Equal(t, "49", r.scalar("SELECT count(*)::text FROM messages"))
}

func TestAConsumerThatIsBehindIsNotGivenTheSameAtEveryLook(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	sid := r.writes(phone, "hello", 10*time.Minute)
	require.Equal(t, 1, r.look().Missed)
	for range 7 {
		r.pass(2 * time.Minute)
		require.Zero(t, r.look().Missed)
	}
	r.pass(2 * time.Minute)
	require.Equal(t, 1, r.look().Missed, "the broker may have lost it")
	require.Equal(t, []string{"twilio:" + sid, "twilio:" + sid}, r.ids())
	r.consume()
	require.Equal(t, "1", r.scalar("SELECT count(*)::text FROM messages"))
}

func TestWhatTheBrokerDidNotTakeIsFoundAgain(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	r.writes(phone, "hello", 10*time.Minute)
	r.published.failNext(1)
	_, err := run(r.world, r.acts().ReconcileWhatsApp, ticket.ReconcileWhatsAppInput{Number: ourPhone})
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Equal(t, "true", r.scalar("SELECT (reconciled_at < now() - interval '11 minutes')::text FROM whatsapp_numbers"), "the windows before it are done")
	require.Equal(t, 1, r.look().Missed)
}

func TestTwilioThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	r.writes(phone, "hello", 10*time.Minute)
	r.twilio.SetFault(wire.Fault{Match: lists, Status: 502, Body: "<html>bad gateway</html>"})
	_, err := run(r.world, r.acts().ReconcileWhatsApp, ticket.ReconcileWhatsAppInput{Number: ourPhone})
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Empty(t, r.raw())
	require.Equal(t, 1, r.look().Missed)
}

func TestAMessageWhoseWebhookIsOnItsWayIsNotMissed(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	r.writes(phone, "just now", 30*time.Second)
	r.writes(phone, "long ago", 25*time.Hour)
	require.Zero(t, r.look().Missed, "nor what came before the first look looks back")
	r.pass(time.Minute)
	require.Equal(t, 1, r.look().Missed)
	r.consume()
	require.Equal(t, "just now", r.scalar("SELECT body FROM messages"))
}

func TestAMissedStopIsHeeded(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	r.webhook("SM1", phone, "hello")
	r.writes(phone, "STOP", 5*time.Minute)
	require.Equal(t, 1, r.look().Missed)
	r.consume()
	require.Equal(t, phone+" stop", r.scalar("SELECT value || ' ' || reason FROM suppressions"))
}

func TestTheNumberMustBeOurs(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	_, err := run(r.world, r.acts().ReconcileWhatsApp, ticket.ReconcileWhatsAppInput{Number: phone})
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	r.options.WhatsApp = nil
	_, err = run(r.world, r.acts().ReconcileWhatsApp, ticket.ReconcileWhatsAppInput{Number: ourPhone})
	requireRefused(t, err, ticket.CodeUnauthorized, true)
}

// crowd lists no more than two hours at once.
type crowd struct {
	activities.WhatsApp

	windows []time.Duration
}

func (c *crowd) ListInbound(ctx context.Context, from, until time.Time) ([]whatsapp.Sent, error) {
	c.windows = append(c.windows, until.Sub(from))
	if until.Sub(from) > 2*time.Hour {
		return nil, ticket.Errorf(ticket.CodeTooLarge, "too many")
	}
	return c.WhatsApp.ListInbound(ctx, from, until)
}

func TestTooMuchForOneListIsReadInSmallerWindows(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	c := &crowd{WhatsApp: r.options.WhatsApp}
	r.options.WhatsApp = c
	for _, ago := range []time.Duration{23 * time.Hour, 12 * time.Hour, 5 * time.Minute} {
		r.writes(phone, "after "+ago.String(), ago)
	}
	require.Equal(t, 3, r.look().Missed)
	require.Equal(t, []time.Duration{6 * time.Hour, 3 * time.Hour, 90 * time.Minute, 90 * time.Minute}, c.windows[:4])
}

// past lets somebody send a message from our number without this service.
func (r *reconciler) past(to, body string) (sid string) {
	r.t.Helper()
	sid, err := r.options.WhatsApp.Send(r.t.Context(), to, body, "")
	require.NoError(r.t, err)
	return sid
}

func TestWhoWritesPastUsTakesOver(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	r.webhook("SM1", phone, "hello")
	sid := r.past(phone, "I call you at three. Kim")
	require.Zero(t, r.look().PastUs, "its id may be recorded any moment")
	r.pass(5 * time.Minute)
	require.Equal(t, ticket.ReconcileWhatsAppResult{Until: r.options.Now().Add(-time.Minute).UTC(), PastUs: 1}, func() ticket.ReconcileWhatsAppResult {
		res := r.look()
		res.Until = res.Until.UTC()
		return res
	}())
	require.Equal(t, []string{"twilio:" + sid}, r.ids())
	require.Equal(t, phone, r.raw()[0].Key, "in the customer's lane")
	r.consume()
	require.Equal(t, "human 1", r.scalar("SELECT owner || ' ' || epoch FROM conversations"))
	require.Equal(t, "I call you at three. Kim", r.scalar("SELECT body FROM messages WHERE author = 'staff'"))
	r.pass(30 * time.Minute)
	require.Zero(t, r.look().PastUs)
}

func TestWhatWeSentIsNotPastUs(t *testing.T) {
	t.Parallel()
	r := newReconciler(t)
	r.webhook("SM1", phone, "hello")
	conversation := r.reload(uuid.MustParse(r.scalar("SELECT id::text FROM conversations")))
	message := uuid.MustParse(r.scalar("SELECT id::text FROM messages"))
	opened, err := run(r.world, r.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: conversation.ID, MessageIDs: []uuid.UUID{message}})
	require.NoError(t, err)
	_, err = r.send(opened.TurnID, r.draft(opened.TurnID, "Open the settings."))
	require.NoError(t, err)
	require.Len(t, r.bodies(), 1)
	part := r.parts(opened.TurnID)[0]
	set := func(assignment string) {
		r.exec("UPDATE outbox SET " + assignment + " WHERE id = '" + part.ID.String() + "'")
	}
	r.pass(5 * time.Minute)
	require.Zero(t, r.look().PastUs, "recorded")

	set("provider_id = NULL, state = 'sending'")
	require.Zero(t, r.look().PastUs, "of unknown outcome")
	set("state = 'failed'")
	require.Zero(t, r.look().PastUs, "given up, and sent after all")
	set("state = 'cancelled'")
	require.Zero(t, r.look().PastUs, "withdrawn, and sent after all")
	set("former_ids = ARRAY['" + *part.ProviderID + "'], attempted_at = NULL")
	require.Zero(t, r.look().PastUs, "refused later, and held")
	set("former_ids = '{}', attempted_at = now(), template = 'HX1'")
	r.exec("UPDATE messages SET body = 'We have an answer for you.' WHERE author = 'assistant'")
	require.Zero(t, r.look().PastUs, "a template, whose words Twilio fills in")
	set("template = '', created_at = created_at - interval '9 days'")
	r.exec("UPDATE messages SET body = '" + strings.ReplaceAll(r.bodies()[0], " ", "\n ") + "' WHERE author = 'assistant'")
	require.Zero(t, r.look().PastUs, "held for days before it was sent, and with other white space on the way")
	set("attempted_at = NULL")
	r.exec("INSERT INTO delivery_events (via, provider_id, status, outbox_id) VALUES ('whatsapp', '" + *part.ProviderID + "', 'sent', gen_random_uuid())")
	require.Zero(t, r.look().PastUs, "a callback with an id of ours has come for it")

	r.past("+4915199999999", "Your code is 42")
	r.twilio.FailNext(63024)
	r.past(phone, "This one never arrives")
	require.NoError(t, r.twilio.WaitFor(t.Context(), func(all []twilio.Message) bool {
		return all[len(all)-1].ErrorCode != 0
	}))
	r.pass(5 * time.Minute)
	require.Zero(t, r.look().PastUs, "to somebody who never wrote to us, and what was not delivered")
	require.Empty(t, r.raw())

	r.exec("DELETE FROM delivery_events")
	require.Equal(t, 1, r.look().PastUs, "the answer itself, once nothing of ours says so any more")
}
