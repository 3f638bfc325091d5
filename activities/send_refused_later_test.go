package activities_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// refusedLater brings a turn to where Twilio has refused its first part after
// it had accepted it.
func (w *world) refusedLater(c schema.Conversation, body string) (turn, draft uuid.UUID, sid string) {
	w.t.Helper()
	opened := w.turn(c, "how do I log in?")
	turn, draft = opened.TurnID, w.draft(opened.TurnID, body)
	_, err := w.send(turn, draft)
	require.NoError(w.t, err)
	first := w.parts(turn)[0]
	sid = *first.ProviderID
	w.reported(sid, "undelivered", "63016", &first.ID)
	return turn, draft, sid
}

func TestWhatIsRefusedLaterWaitsAndAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	turn, _, sid := w.refusedLater(c, "Open the settings.")
	part := w.parts(turn)[0]
	require.Equal(t, "held", part.State)
	require.Nil(t, part.ProviderID)
	require.Equal(t, []string{sid}, part.FormerIds)
	require.Equal(t, ticket.DeliveryQueued, part.Delivery)
	require.Zero(t, part.Attempts)
	require.Empty(t, w.templates(), "whoever takes callbacks calls no provider")

	t.Log("the workflow hears of it and finds what has to be sent")
	told := w.published.of(ticket.TopicTicketsIncoming)
	require.Len(t, told, 1)
	require.Equal(t, "twilio:"+sid+":undelivered", told[0].ID)
	received := valueOf[ticket.MessageReceived](t, told[0])
	require.Equal(t, part.MessageID, received.MessageID)
	require.Equal(t, ticket.Assistant, received.Author)
	require.Equal(t, turn, w.read(c).Unsent)
	require.Empty(t, w.published.of(ticket.TopicEscalations))

	res, err := w.send(turn, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, uuid.Nil, res.Unsent)
	require.Len(t, w.templates(), 1)

	t.Log("late news of the first try changes nothing")
	for _, status := range []string{"sent", "delivered", "undelivered"} {
		w.reported(sid, status, "", &part.ID)
		require.Equal(t, "held", w.parts(turn)[0].State)
		require.Equal(t, ticket.DeliveryQueued, w.parts(turn)[0].Delivery)
	}

	t.Log("the customer writes, and it goes out under another id")
	w.open(c, w.message(c, "ok"))
	_, err = w.send(turn, uuid.Nil)
	require.NoError(t, err)
	require.Len(t, w.freeTexts(), 2)
	part = w.parts(turn)[0]
	require.Equal(t, "sent", part.State)
	require.NotEqual(t, sid, *part.ProviderID)

	t.Log("and is refused again: the customer is asked again, under another key")
	w.reported(*part.ProviderID, "undelivered", "63016", &part.ID)
	require.Equal(t, turn, w.read(c).Unsent)
	_, err = w.send(turn, uuid.Nil)
	require.NoError(t, err)
	require.Len(t, w.templates(), 2)
}

// The process may end between the commit and the event: the callback comes
// again, and the workflow hears of it.
func TestARepeatedRefusalIsToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	turn, _, sid := w.refusedLater(c, "Open the settings.")
	before := w.read(c).Revision
	part := w.parts(turn)[0]
	w.reported(sid, "undelivered", "63016", &part.ID)
	told := w.published.of(ticket.TopicTicketsIncoming)
	require.Len(t, told, 2)
	require.Equal(t, told[0].ID, told[1].ID)
	require.Equal(t, before, w.read(c).Revision)
	require.Len(t, w.parts(turn), 2, "one template")
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM delivery_events"))
}

func TestTheRestOfARefusedTurnWaitsWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	opened := w.turn(w.conversation(ticket.WhatsApp), "how do I log in?")
	draft := w.draft(opened.TurnID, long)
	w.twilio.SetFault(wire.Fault{Match: posts, BodyMatch: "choose", Status: 429, Body: "slow down"})
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	require.Equal(t, []string{"sent", "queued", "queued"}, w.states(opened.TurnID))
	first := w.parts(opened.TurnID)[0]
	w.reported(*first.ProviderID, "failed", "63016", nil)
	require.Equal(t, []string{"held", "held", "held"}, w.statesOf(opened.TurnID))
	_, err = w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Len(t, w.freeTexts(), 1)
	require.Len(t, w.templates(), 1)
}

// The refusal may overtake the answer to our own call.
func TestARefusalThatOvertakesItsAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio(impatient).withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	part, sid := w.parts(opened.TurnID)[0], w.twilio.Accepted()[0].SID
	w.reported(sid, "undelivered", "63016", &part.ID)
	require.Equal(t, []string{"held"}, w.statesOf(opened.TurnID))
	n, err := w.db.RecordSent(t.Context(), schema.RecordSentParams{ID: part.ID, ProviderID: &sid})
	require.NoError(t, err)
	require.Zero(t, n, "the id of a refused try is not taken")
	_, err = w.look(opened.TurnID, draft, firstCheck)
	require.NoError(t, err)
	require.Len(t, w.freeTexts(), 1)
	require.Len(t, w.templates(), 1)
}

func TestWhatIsReportedOfAnUnknownMessageWaits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reports  [][2]string // status and code, as they come
		state    string
		delivery ticket.Delivery
		asked    int
		refused  ticket.Code
	}{
		"read":         {[][2]string{{"read", ""}, {"sent", ""}, {"delivered", ""}, {"teleported", ""}}, "sent", ticket.DeliveryRead, 0, ""},
		"too late":     {[][2]string{{"sent", ""}, {"failed", "63016"}}, "held", ticket.DeliveryQueued, 1, ""},
		"no recipient": {[][2]string{{"undelivered", "63024"}, {"sent", ""}}, "failed", ticket.DeliveryFailed, 0, ticket.CodeInvalid},
		"opted out":    {[][2]string{{"failed", "21610"}}, "failed", ticket.DeliveryFailed, 0, ticket.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio(impatient).withTemplate()
			turn, draft := w.onWhatsApp("Open the settings.")
			w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
			_, err := w.send(turn, draft)
			requireRefused(t, err, ticket.CodeUnknownOutcome, false)
			sid := w.twilio.Accepted()[0].SID
			for _, r := range tc.reports {
				w.reported(sid, r[0], r[1], nil) // without our id nobody knows whose it is
			}
			require.Equal(t, []string{"sending"}, w.states(turn))
			require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM delivery_events WHERE applied"))
			_, err = w.look(turn, draft, firstCheck)
			if tc.refused == "" {
				require.NoError(t, err)
			} else {
				requireRefused(t, err, tc.refused, true)
				_, err = w.send(turn, draft)
				requireRefused(t, err, tc.refused, true)
			}
			part := w.parts(turn)[0]
			require.Equal(t, tc.state, part.State)
			require.Equal(t, tc.delivery, part.Delivery)
			require.Len(t, w.templates(), tc.asked)
			require.Len(t, w.freeTexts(), 1)
			require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM delivery_events WHERE NOT applied"))
			require.Equal(t, name == "opted out", w.scalar("SELECT count(*)::text FROM suppressions WHERE kind = 'whatsapp' AND value = '"+phone+"' AND reason = 'provider'") == "1")
		})
	}
}

// A message whose callbacks were all lost is listed as failed.
func TestTheListTellsOfARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio(impatient).withTemplate()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.FailNext(63016)
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	require.NoError(t, w.twilio.WaitFor(t.Context(), func(all []twilio.Message) bool { return len(all) == 1 && all[0].Status == "failed" }))
	_, err = w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Equal(t, []string{"held"}, w.statesOf(turn))
	require.Len(t, w.templates(), 1)
}

func TestTwilioHoldsTheWindowItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTemplate()
	sim, err := twilio.New(twilio.Options{AccountSID: account, AuthToken: token, From: "whatsapp:" + ourPhone, EnforceWindow: true})
	require.NoError(t, err)
	w.connect(sim)
	w.options.PublicBaseURL = w.callbacks()
	turn, draft := w.onWhatsApp("Open the settings.")
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.NoError(t, sim.WaitFor(t.Context(), func(all []twilio.Message) bool { return len(all) == 1 && all[0].Status == "failed" }))
	require.Eventually(t, func() bool { return w.parts(turn)[0].State == "held" }, 10*time.Second, 10*time.Millisecond)
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	require.Len(t, w.templates(), 1)
}

func TestWithoutATemplateALateRefusalAsksForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	turn, _, _ := w.refusedLater(c, "Open the settings.")
	require.Equal(t, ticket.DeliveryFailed, w.parts(turn)[0].Delivery)
	require.Equal(t, ticket.NeedsHuman, w.read(c).Status)
	require.Len(t, w.published.of(ticket.TopicEscalations), 1)
	require.Contains(t, w.scalar("SELECT escalation_reason FROM tickets"), "24 hours")
}

// What a person wrote is not asked about by itself: the person is told.
func TestAPersonsReplyThatIsRefusedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	w.turn(c, "how do I log in?")
	m := w.queued(c.ID, "Ben here.")
	_, err := w.deliver(m)
	require.NoError(t, err)
	part := w.partsOf(m)[0]
	w.reported(*part.ProviderID, "undelivered", "63016", &part.ID)
	require.Equal(t, ticket.DeliveryFailed, w.partsOf(m)[0].Delivery)
	require.Equal(t, ticket.EscalateNotDelivered, w.read(c).Escalation)
	require.Len(t, w.published.of(ticket.TopicEscalations), 1)
}

func TestALateRefusalAfterATakeoverIsTheRefusalOfAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Open the settings."))
	require.NoError(t, err)
	w.acted(c.ID, ticket.ActionTakeover)
	part := w.parts(opened.TurnID)[0]
	w.reported(*part.ProviderID, "undelivered", "63016", &part.ID)
	require.Equal(t, ticket.DeliveryFailed, w.parts(opened.TurnID)[0].Delivery, "nobody would send it when the customer writes")
	require.Len(t, w.parts(opened.TurnID), 1)
	require.Len(t, w.published.of(ticket.TopicEscalations), 1)
}

// TestTwilioClasses lets Twilio fail a send in each of its ways.
func TestTwilioClasses(t *testing.T) {
	t.Parallel()
	const html = "<html><body><h1>502 Bad Gateway</h1></body></html>"
	for name, tc := range map[string]struct {
		fault wire.Fault
		code  ticket.Code
		state string
		wait  time.Duration // at least
	}{
		"63018 sender rate":    {twilio.ErrorFault(429, 63018), ticket.CodeRateLimited, "queued", time.Second},
		"20429 too many":       {twilio.ErrorFault(429, 20429), ticket.CodeRateLimited, "queued", time.Second},
		"429 by a proxy":       {wire.Fault{Match: posts, Status: http.StatusTooManyRequests, Body: html}, ticket.CodeRateLimited, "queued", 0},
		"63038 daily cap":      {twilio.ErrorFault(429, 63038), ticket.CodeRateLimited, "queued", time.Hour},
		"21610 opted out":      {twilio.ErrorFault(400, 21610), ticket.CodeInvalid, "failed", 0},
		"21211 bad number":     {twilio.ErrorFault(400, 21211), ticket.CodeInvalid, "failed", 0},
		"21614 no mobile":      {twilio.ErrorFault(400, 21614), ticket.CodeInvalid, "failed", 0},
		"63003 not on it":      {twilio.ErrorFault(400, 63003), ticket.CodeInvalid, "failed", 0},
		"63024 no recipient":   {twilio.ErrorFault(400, 63024), ticket.CodeInvalid, "failed", 0},
		"63032 experiment":     {twilio.ErrorFault(400, 63032), ticket.CodeInvalid, "failed", 0},
		"63016 window":         {twilio.ErrorFault(400, 63016), "", "held", 0},
		"20003 credentials":    {twilio.ErrorFault(401, 20003), ticket.CodeUnauthorized, "queued", 0},
		"20500 failed inside":  {twilio.ErrorFault(500, 20500), ticket.CodeUnknownOutcome, "sending", firstCheck},
		"20503 overloaded":     {twilio.ErrorFault(503, 20503), ticket.CodeUnknownOutcome, "sending", firstCheck},
		"502 by a proxy":       {wire.Fault{Match: posts, Status: http.StatusBadGateway, Body: html}, ticket.CodeUnknownOutcome, "sending", firstCheck},
		"accepted, then a 502": {wire.Fault{Match: posts, Mode: wire.AcceptThenAnswer, Status: http.StatusBadGateway, Body: html}, ticket.CodeUnknownOutcome, "sending", firstCheck},
		"accepted, no answer":  {wire.Fault{Match: posts, Mode: wire.AcceptThenHang}, ticket.CodeUnknownOutcome, "sending", firstCheck},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio(impatient).withTemplate()
			turn, draft := w.onWhatsApp("Open the settings.")
			w.twilio.SetFault(tc.fault)
			_, err := w.send(turn, draft)
			require.Equal(t, []string{tc.state}, w.statesOf(turn))
			optedOut := w.scalar("SELECT count(*)::text FROM suppressions WHERE reason = 'provider'")
			require.Equal(t, tc.fault.Status == 400 && name == "21610 opted out", optedOut == "1")
			if tc.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, string(tc.code), refusal(t, err).Type())
			require.Equal(t, tc.state == "failed" || tc.code == ticket.CodeUnauthorized, refusal(t, err).NonRetryable())
			require.GreaterOrEqual(t, refusal(t, err).NextRetryDelay(), tc.wait)
			require.Empty(t, w.templates())
		})
	}
}

// Whatever comes first, the report or the record of whose message it is about,
// the report counts.
func TestAReportMeetsTheRecordOfItsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio(impatient)
	c := w.conversation(ticket.WhatsApp)
	for range 8 {
		opened := w.turn(c, "how do I log in?")
		draft := w.draft(opened.TurnID, "Open the settings.")
		w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
		_, err := w.send(opened.TurnID, draft)
		requireRefused(t, err, ticket.CodeUnknownOutcome, false)
		accepted := w.twilio.Accepted()
		sid := accepted[len(accepted)-1].SID
		w.later(firstCheck)
		var both sync.WaitGroup
		both.Go(func() { w.reported(sid, "read", "", nil) })
		both.Go(func() { _, err = w.send(opened.TurnID, draft) })
		both.Wait()
		require.NoError(t, err)
		part := w.parts(opened.TurnID)[0]
		require.Equal(t, sid, *part.ProviderID)
		require.Equal(t, ticket.DeliveryRead, part.Delivery)
	}
	require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM delivery_events WHERE NOT applied"))
}
