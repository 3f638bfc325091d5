package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// monday is a day on which the office is open from nine to five.
var monday = time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)

// clock sets the time: so many days after monday, at this hour and minute.
func (w *world) clock(day, hour, minute int) time.Time {
	t := monday.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	w.options.Now = func() time.Time { return t }
	return t
}

func (w *world) read(c schema.Conversation) ticket.Standing {
	w.t.Helper()
	s, err := run(w, w.acts().ReadTicket, ticket.ReadTicketInput{ConversationID: c.ID})
	require.NoError(w.t, err)
	return s
}

// answer settles a turn with a draft.
func (w *world) answer(turnID uuid.UUID) ticket.SendReplyResult {
	w.t.Helper()
	res, err := w.send(turnID, w.draft(turnID, "Open the settings."))
	require.NoError(w.t, err)
	require.Equal(w.t, ticket.SendDone, res.State)
	return res
}

// requireClocks asserts which clocks run and when they are due, but for that of
// WhatsApp's window, which follows from the messages' own times.
func requireClocks(t *testing.T, s ticket.Standing, want map[ticket.ClockName]time.Time) {
	t.Helper()
	got := map[ticket.ClockName]time.Time{}
	for _, c := range s.Clocks {
		if c.Name != ticket.ClockWindow {
			got[c.Name] = c.DueAt.UTC()
		}
	}
	require.Equal(t, want, got)
}

func requireTime(t *testing.T, want time.Time, got *time.Time) {
	t.Helper()
	require.NotNil(t, got)
	require.WithinDuration(t, want, *got, 0)
}

func TestTheClocksOfATicketPauseAndResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)

	asked := w.clock(0, 10, 0)
	opened := w.turn(c, "hello")
	requireClocks(t, opened.Standing, map[ticket.ClockName]time.Time{
		ticket.ClockFirstResponse: asked.Add(2 * time.Minute),
		ticket.ClockUnresolved:    asked.Add(24 * time.Hour),
		ticket.ClockResolution:    asked.AddDate(0, 0, 2), // 7 hours today, 8 tomorrow, one more
	})
	row := w.ticket(opened.TicketID)
	requireTime(t, asked, &row.CreatedAt)
	requireTime(t, asked, row.WaitingSince)
	requireTime(t, asked.Add(2*time.Minute), row.SlaDueAt)
	require.Nil(t, row.IdleSince)

	replied := w.clock(0, 10, 1)
	res := w.answer(opened.TurnID)
	require.Equal(t, ticket.WaitingCustomer, res.Status)
	requireClocks(t, res.Standing, map[ticket.ClockName]time.Time{ticket.ClockClose: replied.Add(72 * time.Hour)})
	row = w.ticket(opened.TicketID)
	require.Nil(t, row.WaitingSince)
	require.Nil(t, row.SlaDueAt)
	requireTime(t, replied, row.FirstRepliedAt)
	requireTime(t, replied, row.IdleSince)
	require.EqualValues(t, 60_000, row.UsedBusinessMs)
	require.EqualValues(t, 60_000, row.UsedWallMs)

	again := w.clock(0, 11, 0)
	next := w.turn(c, "and now?")
	require.Equal(t, ticket.Open, next.Status)
	requireClocks(t, next.Standing, map[ticket.ClockName]time.Time{
		ticket.ClockNextResponse: again.Add(2 * time.Minute),
		ticket.ClockUnresolved:   again.Add(24*time.Hour - time.Minute),
		ticket.ClockResolution:   again.AddDate(0, 0, 2).Add(-time.Minute),
	})
	require.Nil(t, w.ticket(opened.TicketID).IdleSince)

	// A notice is no answer: we still owe one.
	w.clock(0, 11, 5)
	res, err := w.send(next.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, ticket.KindNotice, res.Kind)
	require.Equal(t, ticket.Open, res.Status)
	require.Equal(t, next.Clocks, res.Clocks)
	row = w.ticket(opened.TicketID)
	requireTime(t, again, row.WaitingSince)
	requireTime(t, replied, row.FirstRepliedAt)
}

func TestANightCountsByTheWallAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	w.clock(4, 16, 30) // Friday
	opened := w.turn(w.conversation(ticket.WhatsApp), "hello")
	w.clock(7, 9, 30)
	w.answer(opened.TurnID)
	row := w.ticket(opened.TicketID)
	require.Equal(t, time.Hour.Milliseconds(), row.UsedBusinessMs)
	require.Equal(t, (65 * time.Hour).Milliseconds(), row.UsedWallMs)
}

func TestTheRevisionGrowsWithEveryChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withModel(articles())
	c := w.conversation(ticket.WhatsApp)
	last := w.reload(c.ID).Revision
	grown := func(what string, s ticket.Standing) {
		t.Helper()
		require.Greater(t, s.Revision, last, what)
		require.Equal(t, w.reload(c.ID).Revision, s.Revision, what)
		last = s.Revision
	}
	opened := w.turn(c, resetQuestion)
	grown("opened", opened.Standing)
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	w.openai.Enqueue(respond("It is valid for 30 minutes.", found.Chunks[0].ID))
	_, err = w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	classified := w.read(c)
	grown("classified", classified)
	require.Equal(t, "high", classified.Priority)
	grown("answered", w.answer(opened.TurnID).Standing)
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	taken := w.read(c)
	grown("taken over", taken)
	require.Equal(t, last, w.read(c).Revision, "reading is no change")
	w.exec("UPDATE tickets SET status = 'resolved'")
	closed, err := run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: opened.TicketID})
	require.NoError(t, err)
	grown("closed", closed.Standing)
	require.Equal(t, taken.Epoch+1, closed.Epoch)
	require.Empty(t, closed.Status)
	require.Empty(t, closed.Clocks)
}

func TestRetriesChangeNoFact(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	w.clock(0, 10, 0)
	m := w.message(c, "hello")
	opened := w.open(c, m)
	unchanged := func(id uuid.UUID, again func()) {
		t.Helper()
		before := w.ticket(id)
		again()
		after := w.ticket(id)
		before.UpdatedAt = after.UpdatedAt
		require.Equal(t, before, after)
	}
	w.clock(0, 12, 0)
	unchanged(opened.TicketID, func() { w.open(c, m) })
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.published.failNext(1)
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeUnavailable, false)
	w.clock(0, 13, 0)
	unchanged(opened.TicketID, func() {
		res, err := w.send(opened.TurnID, draft)
		require.NoError(t, err)
		require.Equal(t, ticket.WaitingCustomer, res.Status)
		w.open(c, m)
		w.read(c)
	})
	_, err = run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: opened.TicketID})
	require.NoError(t, err)
	unchanged(opened.TicketID, func() {
		again, err := run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: opened.TicketID})
		require.NoError(t, err)
		require.True(t, again.Closed)
		w.open(c, m)
	})
}

// A ticket that needs a person for one thing may be answered about another.
func TestAnAnswerDoesNotSettleWhatAPersonOwes(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	asked := w.clock(0, 10, 0)
	first := w.turn(c, "I want my money back")
	_, err := w.escalate(first.TurnID, "refund_request", "high")
	require.NoError(t, err)
	_, err = w.send(first.TurnID, uuid.Nil)
	require.NoError(t, err)

	second := w.turn(c, "and when are you open?")
	replied := w.clock(0, 10, 30)
	res := w.answer(second.TurnID)
	require.Equal(t, ticket.NeedsHuman, res.Status)
	row := w.ticket(first.TicketID)
	requireTime(t, asked, row.WaitingSince)
	requireTime(t, replied, row.FirstRepliedAt)
	require.Nil(t, row.IdleSince)
}

func TestACustomerWhoWritesToAPersonWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	before := w.message(c, "still there?")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	w.message(c, "Yes, Bo here.", func(p *schema.InsertMessageParams) { p.Author = ticket.Staff })
	require.Nil(t, func() *time.Time { w.open(c, before); return w.ticket(opened.TicketID).WaitingSince }(), "Bo has read it")

	asked := time.Now().Add(time.Minute).Truncate(time.Microsecond)
	w.options.Now = func() time.Time { return asked }
	res := w.open(c, w.message(c, "one more question"))
	require.Equal(t, ticket.WithHuman, res.Status)
	row := w.ticket(opened.TicketID)
	requireTime(t, asked, row.WaitingSince)
	require.Nil(t, row.IdleSince)
}

func TestWhatAPersonStoredAndDidNotSendAnswersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	m := w.message(c, "anybody?")
	w.message(c, "Yes.", func(p *schema.InsertMessageParams) { p.Author, p.ExternalID = ticket.Staff, "staff:1" })
	res := w.open(c, m)
	require.NotNil(t, w.ticket(res.TicketID).WaitingSince)
}

func TestAPersonsMailEndsTheWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.Email)
	opened := w.turn(c, "hello")
	_, err := w.escalate(opened.TurnID, "human_requested", "high")
	require.NoError(t, err)
	w.exec("UPDATE tickets SET waiting_since = now() - interval '2 hours', created_at = now() - interval '2 hours'")
	before := w.reload(c.ID)
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	stands := w.read(c)
	require.Equal(t, ticket.WithHuman, stands.Status)
	require.Equal(t, ticket.OwnerHuman, stands.Owner)
	require.Equal(t, before.Epoch+1, stands.Epoch)
	require.Len(t, stands.Clocks, 1)
	require.Equal(t, ticket.ClockAutoRelease, stands.Clocks[0].Name)
	row := w.ticket(opened.TicketID)
	require.Nil(t, row.WaitingSince)
	require.Nil(t, row.EscalatedAt)
	require.NotNil(t, row.FirstRepliedAt)
	require.NotNil(t, row.PersonAt)
	require.InDelta(t, 2*time.Hour.Milliseconds(), row.UsedWallMs, 60_000)

	// They write again before the customer does.
	w.exec("UPDATE tickets SET idle_since = idle_since - interval '1 hour', person_at = person_at - interval '1 hour'")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	require.Equal(t, stands.Epoch, w.read(c).Epoch)
	after := w.ticket(opened.TicketID)
	require.Equal(t, row.UsedWallMs, after.UsedWallMs)
	require.WithinDuration(t, time.Now(), *after.IdleSince, time.Minute)

	// The customer answers before anybody has read the ticket anew.
	w.exec("UPDATE tickets SET idle_since = NULL, waiting_since = now() - interval '1 hour'")
	require.NoError(t, w.db.TakeOver(t.Context(), c.ID))
	w.open(c, w.message(c, "thank you, but"))
	after = w.ticket(opened.TicketID)
	require.InDelta(t, 3*time.Hour.Milliseconds(), after.UsedWallMs, 60_000)
	require.WithinDuration(t, time.Now(), *after.WaitingSince, time.Minute)
}

func TestAnAnswerThatDidNotArriveIsOwedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	before := w.answer(opened.TurnID)
	part := w.parts(opened.TurnID)[0]
	_, err := w.db.ApplyDelivery(t.Context(), schema.ApplyDeliveryParams{ProviderID: *part.ProviderID, Delivery: string(ticket.DeliveryFailed)})
	require.NoError(t, err)
	asked, err := w.db.EscalateUndelivered(t.Context(), schema.EscalateUndeliveredParams{
		PartID: part.ID, EscalationCode: ticket.EscalateNotDelivered, EscalationReason: "not delivered",
	})
	require.NoError(t, err)
	require.Equal(t, opened.TurnID, asked.TurnID)
	after := w.read(c)
	require.Greater(t, after.Revision, before.Revision)
	require.Equal(t, ticket.NeedsHuman, after.Status)
	require.Equal(t, ticket.EscalateNotDelivered, after.Escalation)
	row := w.ticket(opened.TicketID)
	require.NotNil(t, row.WaitingSince)
	require.NotNil(t, row.EscalatedAt)
	require.Nil(t, row.IdleSince)
}

func TestReadingWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := run(w, w.acts().ReadTicket, ticket.ReadTicketInput{ConversationID: uuid.New()})
	requireRefused(t, err, ticket.CodeNotFound, true)
	c := w.conversation(ticket.Email)
	w.exec("UPDATE customers SET tier = 'vip'")
	require.Equal(t, ticket.Standing{Owner: ticket.OwnerAI, Tier: "vip"}, w.read(c), "a conversation without a ticket")
}

func TestWithoutMessagesATurnIsNotOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "hello")
	res := w.open(c)
	require.Equal(t, uuid.Nil, res.TurnID)
	require.Equal(t, opened.Standing, res.Standing)
	require.Equal(t, ticket.ModeAuto, res.Mode)
}

func TestTheEndOfWhatsAppsTimeIsAClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	due := func(s ticket.Standing) (at time.Time) {
		for _, c := range s.Clocks {
			if c.Name == ticket.ClockWindow {
				at = c.DueAt
			}
		}
		return at
	}
	c := w.conversation(ticket.WhatsApp)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	opened := w.says(c, "hello", func(p *schema.InsertMessageParams) { p.ProviderAt = at })
	require.WithinDuration(t, at.Add(23*time.Hour), due(opened.Standing), 0)
	require.Zero(t, due(w.answer(opened.TurnID).Standing), "it is the customer's move")
	require.Zero(t, due(w.says(w.conversation(ticket.Email), "hello").Standing))
}
