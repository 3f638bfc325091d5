package activities_test

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func TestATakeoverMutesTheAssistantAndNamesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp(long)
	c := w.reloadOf(turn)
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)

	res := w.acted(c, ticket.ActionTakeover)
	require.Equal(t, []string{turn.String() + "/answer/1"}, res.InFlight)
	require.Equal(t, []string{"sending", "cancelled", "cancelled"}, w.states(turn))
	require.Equal(t, ticket.WithHuman, res.Status)
	require.Equal(t, ticket.OwnerHuman, res.Owner)
	require.Equal(t, "ana", res.Assignee)
	require.EqualValues(t, 1, res.Epoch)
	require.Equal(t, ticket.ClockAutoRelease, res.Clocks[len(res.Clocks)-1].Name)

	sent, err := w.look(turn, draft, firstCheck)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, sent.State)
	require.Equal(t, []string{"sent", "cancelled", "cancelled"}, w.states(turn))
	require.Len(t, w.bodies(), 1)
}

func (w *world) reloadOf(turnID uuid.UUID) uuid.UUID {
	w.t.Helper()
	turn, err := w.db.Turn(w.t.Context(), turnID)
	require.NoError(w.t, err)
	return turn.ConversationID
}

func TestATicketIsWithOnePersonAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	first := w.acted(c, ticket.ActionTakeover)
	_, err := w.act(c, ticket.ActionTakeover, by("ben"))
	requireSentence(t, err, ticket.CodeInvalid, opened.TicketNumber, "with ana", "release", "resolve")

	w.at(time.Now().Add(time.Hour))
	again := w.acted(c, ticket.ActionTakeover)
	require.Equal(t, first.Epoch, again.Epoch, "the owner is the same")
	require.Greater(t, again.Revision, first.Revision)
	require.WithinDuration(t, time.Now().Add(time.Hour), *w.ticket(opened.TicketID).PersonAt, time.Minute)

	w.acted(c, ticket.ActionRelease)
	require.Equal(t, "ben", w.acted(c, ticket.ActionTakeover, by("ben")).Assignee)
}

// Whoever answered from the mailbox left no name: a colleague may go on.
func TestATicketTakenFromTheMailboxIsTakenByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversationOf(w.turn(w.conversation(ticket.Email), "hello"))
	require.NoError(t, w.db.TakeOver(t.Context(), c))
	res := w.acted(c, ticket.ActionTakeover)
	require.Equal(t, "ana", res.Assignee)
	require.EqualValues(t, 1, res.Epoch)
}

func TestOfTwoPeopleAtOnceOneGetsTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversationOf(w.turn(w.conversation(ticket.WebForm), "hello"))
	people := []string{"ana", "ben", "cid", "dea"}
	problems := make([]error, len(people))
	var all sync.WaitGroup
	for i, name := range people {
		all.Go(func() { _, problems[i] = w.act(c, ticket.ActionTakeover, by(name)) })
	}
	all.Wait()
	won := slices.Index(problems, nil)
	require.GreaterOrEqual(t, won, 0)
	require.Equal(t, people[won], w.reload(c).Assignee)
	for i, err := range problems {
		if i != won {
			requireSentence(t, err, ticket.CodeInvalid, "with "+people[won])
		}
	}
	require.EqualValues(t, 1, w.reload(c).Epoch)
}

func TestATakeoverEndsAnEscalation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	asked, err := w.escalate(opened.TurnID, "human_requested", "")
	require.NoError(t, err)
	require.Contains(t, clockNames(asked.Standing), ticket.ClockAcknowledge)
	res := w.acted(w.conversationOf(opened), ticket.ActionTakeover)
	require.Equal(t, ticket.WithHuman, res.Status)
	require.NotContains(t, clockNames(res.Standing), ticket.ClockAcknowledge)
	require.Nil(t, w.ticket(opened.TicketID).EscalatedAt)
}

func clockNames(s ticket.Standing) (names []ticket.ClockName) {
	for _, c := range s.Clocks {
		names = append(names, c.Name)
	}
	return names
}

// The promise: once a takeover has committed no call to a provider begins for
// a part of the assistant, but for one that the takeover names.
func TestNoPartIsClaimedPastATakeover(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			var taken atomic.Bool
			var after atomic.Int32
			transport := http.DefaultTransport
			w := newWorld(t).withTwilio(func(o *whatsapp.Options) {
				o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodPost && taken.Load() {
						after.Add(1)
					}
					return transport.RoundTrip(r)
				})
			})
			turn, draft := w.onWhatsApp(long)
			// Parts go back to the queue and are claimed anew while it happens.
			w.twilio.SetFault(wire.Fault{Match: posts, Status: 429, Times: 2 * i})
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					for range 2 + i {
						_, _ = w.send(turn, draft)
					}
				})
			}
			res := w.acted(w.reloadOf(turn), ticket.ActionTakeover)
			taken.Store(true)
			all.Wait()
			require.LessOrEqual(t, int(after.Load()), len(res.InFlight))
			for _, p := range w.parts(turn) {
				require.NotEqual(t, "queued", p.State, p.SendKey+" is withdrawn, or was named and given up")
			}
		})
	}
}

// A part may come back to the queue when a takeover has withdrawn the others and
// has not committed yet: nobody may claim it in between.
func TestAClaimWaitsForATakeoverThatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.neverAccepted(turn, draft)
	c, part := w.reloadOf(turn), w.parts(turn)[0]
	claimed := make(chan int64, 1)
	require.NoError(t, w.db.Tx(t.Context(), func(q *schema.Queries) error {
		_, err := q.LockConversation(t.Context(), c)
		require.NoError(t, err)
		require.NoError(t, q.GiveToPerson(t.Context(), schema.GiveToPersonParams{ID: c, Assignee: "ana"}))
		require.NoError(t, q.MuteAssistant(t.Context(), c))
		require.NoError(t, w.db.ReleasePart(t.Context(), schema.ReleasePartParams{ID: part.ID, Attempts: part.Attempts}))
		go func() {
			n, err := w.db.ClaimPart(t.Context(), part.ID)
			if err != nil {
				n = -1
			}
			claimed <- n
		}()
		require.Eventually(t, func() bool {
			return len(claimed) > 0 || w.scalar("SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") != "0"
		}, 2*time.Second, time.Millisecond)
		require.Empty(t, claimed)
		return nil
	}))
	require.Zero(t, <-claimed)
}

func TestAReleasedTicketIsAnsweredByTheAssistantAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.turn(conv, "hello")
	w.acted(conv.ID, ticket.ActionTakeover)
	told := w.message(conv, "before your reply")
	w.open(conv, told)
	w.replied(conv.ID, "We have looked at it.")

	base := time.Now()
	// Stored in another order than they were written.
	late := w.message(conv, "and two", func(p *schema.InsertMessageParams) { p.ProviderAt = base.Add(2 * time.Second) })
	early := w.message(conv, "one", func(p *schema.InsertMessageParams) { p.ProviderAt = base.Add(time.Second) })
	muted := w.message(conv, "stop", func(p *schema.InsertMessageParams) { p.SuppressReason = "opt_out" })
	w.open(conv, late, early, muted)
	require.Equal(t, string(ticket.Human), w.outcome(early))

	id := uuid.NewString()
	res := w.acted(conv.ID, ticket.ActionRelease, under(id))
	require.Equal(t, ticket.Open, res.Status)
	require.Equal(t, ticket.OwnerAI, res.Owner)
	require.Empty(t, res.Assignee)
	require.EqualValues(t, 2, res.Epoch)
	require.Len(t, res.Unanswered, 2)
	require.Equal(t, []uuid.UUID{early, late}, []uuid.UUID{res.Unanswered[0].MessageID, res.Unanswered[1].MessageID})
	require.Equal(t, ticket.Customer, res.Unanswered[0].Author)
	require.WithinDuration(t, base.Add(time.Second), res.Unanswered[0].ReceivedAt, time.Millisecond)

	again := w.acted(conv.ID, ticket.ActionRelease, under(id))
	require.Len(t, again.Unanswered, 2, "also when the first answer was lost")

	next, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: conv.ID, MessageIDs: []uuid.UUID{early, late}})
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{early, late}, next.MessageIDs)
	require.Equal(t, opened.TicketID, next.TicketID)
	sent, err := w.send(next.TurnID, w.draft(next.TurnID, "It is done."))
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, sent.State)
}

// A person takes over a draft that waits, while the assistant gives up the turn,
// and gives the ticket back without a word: the turn that was handed over is
// answered after all.
func TestAHandedOverTurnThatIsGivenBackIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	w.mode(ticket.ModeDraft, "")
	opened := w.turn(conv, "How long is the link valid?")
	w.held(opened, w.draft(opened.TurnID, "It is valid for 30 minutes."), ticket.ModeDraft)
	w.acted(conv.ID, ticket.ActionTakeover)
	_, err := run(w, w.acts().Escalate, ticket.EscalateInput{
		TicketID: opened.TicketID, TurnID: opened.TurnID, Code: ticket.EscalateNotDelivered,
	})
	require.NoError(t, err)
	res := w.acted(conv.ID, ticket.ActionRelease)
	require.Len(t, res.Unanswered, 1)
	asked := res.Unanswered[0].MessageID
	w.mode(ticket.ModeAuto, "")

	next, err := run(w, w.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: conv.ID, MessageIDs: []uuid.UUID{asked}})
	require.NoError(t, err)
	require.Equal(t, opened.TurnID, next.TurnID)
	sent, err := w.send(next.TurnID, w.draft(next.TurnID, "It is valid for 30 minutes."))
	require.NoError(t, err)
	require.Equal(t, ticket.KindAnswer, sent.Kind)
	require.Equal(t, string(ticket.Answered), w.outcome(asked))
	require.Len(t, w.twilio.Accepted(), 1)
}

func TestAReleasedTicketWaitsForTheCustomerWhenAllIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	w.turn(conv, "hello")
	w.acted(conv.ID, ticket.ActionTakeover)
	w.replied(conv.ID, "Done.")
	res := w.acted(conv.ID, ticket.ActionRelease)
	require.Equal(t, ticket.WaitingCustomer, res.Status)
	require.Empty(t, res.Unanswered)
	require.Equal(t, []ticket.ClockName{ticket.ClockClose}, clockNames(res.Standing))
	_, err := w.act(conv.ID, ticket.ActionRelease)
	requireSentence(t, err, ticket.CodeInvalid, "with the assistant already")
}

// What a person has settled by a note is not answered when the ticket is given
// back much later.
func TestAReleaseLeavesWhatWasResolved(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	w.turn(conv, "hello")
	w.acted(conv.ID, ticket.ActionTakeover)
	w.open(conv, w.message(conv, "call me"))
	w.resolved(conv.ID) // by telephone
	w.acted(conv.ID, ticket.ActionTakeover)
	later := w.message(conv, "one thing more")
	w.open(conv, later)
	res := w.acted(conv.ID, ticket.ActionRelease)
	require.Len(t, res.Unanswered, 1)
	require.Equal(t, later, res.Unanswered[0].MessageID)
}

// What the assistant had handed over is not its to answer: the customer would
// wait for ever if nobody were asked again.
func TestAReleaseWithoutAnAnswerStillNeedsAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.turn(conv, "I want my money back")
	_, err := w.escalate(opened.TurnID, "refund_request", "")
	require.NoError(t, err)
	_, err = w.send(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	w.acted(conv.ID, ticket.ActionTakeover)
	res := w.acted(conv.ID, ticket.ActionRelease)
	require.Equal(t, ticket.NeedsHuman, res.Status)
	require.Equal(t, ticket.OwnerAI, res.Owner)
	require.Contains(t, clockNames(res.Standing), ticket.ClockAcknowledge)
}

// A text that was stored and never sent answers nothing.
func TestAnUnsentTextIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	conv := w.conversation(ticket.WhatsApp)
	opened := w.turn(conv, "hello")
	w.acted(conv.ID, ticket.ActionTakeover)
	m := w.message(conv, "are you there?")
	w.open(conv, m)
	w.text(conv.ID, "I am writ")
	res := w.acted(conv.ID, ticket.ActionRelease)
	require.Len(t, res.Unanswered, 2)
	require.Equal(t, opened.MessageIDs[0], res.Unanswered[0].MessageID)
	require.Equal(t, m, res.Unanswered[1].MessageID)
}

func TestAClockReleasesOnlyWhatIsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conv := w.conversation(ticket.WebForm)
	w.turn(conv, "hello")
	taken := w.acted(conv.ID, ticket.ActionTakeover)
	_, err := w.act(conv.ID, ticket.ActionRelease, by(ticket.ActorClock))
	requireSentence(t, err, ticket.CodeInvalid, "stays with ana")
	i := slices.IndexFunc(taken.Clocks, func(c ticket.Clock) bool { return c.Name == ticket.ClockAutoRelease })
	w.at(taken.Clocks[i].DueAt)
	res := w.acted(conv.ID, ticket.ActionRelease, by(ticket.ActorClock))
	require.Equal(t, ticket.OwnerAI, res.Owner)
	require.Equal(t, "clock", w.scalar("SELECT actor FROM audit_log ORDER BY id DESC LIMIT 1"))
}
