package workflows_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

var errDown = errors.New("the other side is down")

func TestTakeoverStopsTheModelAndMutesTheAssistant(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.whenStopped(ticket.ActivityCallModel, func(n int) bool {
		b.act("t", ticket.ActionTakeover, ticket.ActionRequest{})
		return true
	})
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		require.Equal(t, ticket.ActionResult{Status: ticket.WithHuman, Owner: ticket.OwnerHuman, Epoch: 1}, b.done("t"))
		require.Equal(t, ticket.WithHuman, b.view().Status)
		require.Contains(t, b.details(), "| Answered by | ana |")
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
	require.Empty(t, b.answered())
	require.Equal(t, ticket.Human, b.settled[id("m1")], "the message is the person's")
	require.Len(t, inputs[ticket.CallModelInput](b.desk, ticket.ActivityCallModel), 1)
}

// An answer of several parts stops where a person takes over.
func TestNoPartBeginsAfterATakeover(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.parts = 4
	taken := make(chan struct{})
	b.before[ticket.ActivityApplyAction] = nil
	b.begins = func(part int) {
		if part == 2 {
			b.takeOver()
			close(taken)
		}
		if part == 3 {
			<-taken
		}
	}
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Equal(t, []int64{0, 0}, b.claims)
	require.Equal(t, ticket.OwnerHuman, b.view().Owner)
}

func TestReleaseAnswersWhatNobodyHasAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
	b.arrive(2*time.Minute, msg("m2", 120))
	b.arrive(3*time.Minute, msg("m3", 180))
	b.at(4*time.Minute, func() { b.act("r", ticket.ActionRelease, ticket.ActionRequest{}) })
	require.NoError(t, b.run())
	require.Equal(t, ticket.OwnerAI, b.done("r").Owner)
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2", "m3")}}, b.answered())
}

func TestReplyTakesOverAndIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.silence()
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		b.act("a", ticket.ActionReply, ticket.ActionRequest{MessageID: id("first words")})
		b.act("b", ticket.ActionReply, ticket.ActionRequest{MessageID: id("second words")})
	})
	b.at(time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Equal(t, []reply{
		{ticket.KindNotice, ids("m1")}, {ticket.KindReply, ids("first words")}, {ticket.KindReply, ids("second words")},
	}, b.answered())
	require.Equal(t, ticket.WithHuman, b.view().Status)
	require.Empty(t, b.view().SLA, "it is the customer's move")
}

func TestReplyThatIsNotDeliveredIsSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.arrive(0, msg("m1", 0))
	b.before[ticket.ActivitySendStaffReply] = once(bad("the provider refused the part"))
	b.at(time.Minute, func() { b.act("a", ticket.ActionReply, ticket.ActionRequest{MessageID: id("words")}) })
	b.at(time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Equal(t, "the provider refused the part", b.view().LastError)
	require.Equal(t, []string{ticket.EscalateNotDelivered}, b.escalations())
}

func TestResolvedTicketReopensWithAMessageOrCloses(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]time.Duration{"a message reopens it": 71 * time.Hour, "without one it closes": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.silence()
			b.arrive(0, msg("m1", 0))
			b.at(time.Minute, func() { b.act("r", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")}) })
			if again > 0 {
				b.arrive(time.Minute+again, msg("m2", 3600))
				b.at(2*time.Minute+again, func() { b.act("r2", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note 2")}) })
			}
			b.at(2*time.Minute, func() { require.Equal(t, ticket.Resolved, b.view().Status) })
			require.NoError(t, b.run())
			require.Equal(t, 1, b.tickets)
			require.InDelta(t, again+closeAfter, b.elapsed(), float64(5*time.Minute))
			require.Equal(t, ticket.Closed, b.view().Status)
		})
	}
}

// A closed ticket can be acted on: the update starts a run of its own.
func TestActionStartsARunOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.tickets = 1
	b.facts = b.newFacts()
	b.at(0, func() { b.act("o", ticket.ActionReopen, ticket.ActionRequest{}) })
	b.at(time.Minute, func() {
		require.Equal(t, ticket.NeedsHuman, b.done("o").Status)
		require.Equal(t, ticket.EscalateReopened, b.attr(ticket.AttrEscalationReason))
		b.act("r", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
	})
	require.NoError(t, b.run())
	require.Equal(t, ticket.Resolved, b.done("r").Status)
	require.NotContains(t, b.names(), ticket.ActivityCreateTicket)
}

func TestRunStartedByARefusedActionEnds(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]ticket.Action{"by the validator": ticket.ActionRelease, "by the database": ticket.ActionTakeover} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.at(0, func() { b.act("a", action, ticket.ActionRequest{}) })
			require.NoError(t, b.run())
			require.Error(t, errors.Join(b.outcome("a").refused, b.outcome("a").failed))
			require.Less(t, b.elapsed(), time.Minute)
		})
	}
}

// Who has not heard the answer asks again, under the same id, also in a later run.
func TestSameActionTwiceHappensOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	words := ticket.ActionRequest{MessageID: id("words")}
	note := ticket.ActionRequest{NoteID: id("note")}
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() { b.act("r", ticket.ActionReply, words) })
	b.at(2*time.Minute, func() { b.again("r", "r again", ticket.ActionReply, words) })
	b.at(3*time.Minute, func() { b.act("s", ticket.ActionResolve, note) })
	b.at(4*time.Minute, func() { b.again("s", "s again", ticket.ActionResolve, note) })
	b.at(5*time.Minute, func() {
		require.Equal(t, b.done("s"), b.done("s again"))
		b.env.SetContinueAsNewSuggested(true)
		b.signal(msg("m1", 0))
	})
	in := next(t, b.run())
	require.Equal(t, []string{"r", "s"}, in.Carry.Done)
	require.Len(t, b.answered(), 2, "the words are sent once")

	later := newBench(t, ticket.Email)
	later.desk, later.now = b.desk, later.env.Now
	later.register(nil, later.env)
	later.at(time.Minute, func() { later.again("s", "s once more", ticket.ActionResolve, note) })
	require.NoError(t, later.runFrom(in))
	require.Equal(t, ticket.Resolved, later.done("s once more").Status)
}

// What makes no sense is refused with a sentence, before anything happens.
func TestValidatorsRefuseInSentences(t *testing.T) {
	t.Parallel()
	turn := id("turn of " + id("m1").String())
	open := func(b *bench) { b.silence() }
	held := func(b *bench) { b.mode = ticket.ModeDraft }
	taken := func(b *bench) {
		b.at(time.Minute, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{Actor: "bob"}) })
	}
	for name, tc := range map[string]struct {
		given  func(*bench)
		action ticket.Action
		req    ticket.ActionRequest
		why    string
	}{
		"no actor":                  {open, ticket.ActionTakeover, ticket.ActionRequest{Actor: "Ana Müller"}, "such as ana"},
		"an address":                {open, ticket.ActionTakeover, ticket.ActionRequest{Actor: "ana@example.com"}, "never an address"},
		"somebody else's":           {taken, ticket.ActionTakeover, ticket.ActionRequest{}, "T-1 is with bob. Ask bob to release it first."},
		"reply to somebody else's":  {taken, ticket.ActionReply, ticket.ActionRequest{MessageID: id("w")}, "T-1 is with bob"},
		"nothing to release":        {open, ticket.ActionRelease, ticket.ActionRequest{}, "T-1 is with the assistant already."},
		"empty reply":               {open, ticket.ActionReply, ticket.ActionRequest{}, "There is no text to send"},
		"no note":                   {open, ticket.ActionResolve, ticket.ActionRequest{}, "Say in a note"},
		"not settled":               {open, ticket.ActionReopen, ticket.ActionRequest{}, "there is nothing to reopen"},
		"no such priority":          {open, ticket.ActionSetPriority, ticket.ActionRequest{Priority: "highest"}, "low, medium, high or urgent"},
		"no draft waits":            {open, ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: id("d")}, "No draft of T-1 waits"},
		"a draft of a person's":     {taken, ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: id("d")}, "with a person now"},
		"which draft":               {held, ticket.ActionApproveDraft, ticket.ActionRequest{}, "Say which draft"},
		"another draft":             {held, ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: id("d")}, "replaced by a newer one"},
		"why rejected":              {held, ticket.ActionRejectDraft, ticket.ActionRequest{DraftID: id("d"), ReasonCode: "It is bad."}, "in one word"},
		"unknown turn":              {open, ticket.ActionOverride, ticket.ActionRequest{TurnID: id("x"), InstructionID: id("i")}, "not one of the last"},
		"no instruction":            {open, ticket.ActionOverride, ticket.ActionRequest{TurnID: turn}, "instruction_id"},
		"a turn of a person's":      {taken, ticket.ActionOverride, ticket.ActionRequest{TurnID: turn, InstructionID: id("i")}, "Release it first"},
		"again while a draft waits": {held, ticket.ActionOverride, ticket.ActionRequest{TurnID: turn, InstructionID: id("i")}, "Decide about that first"},
		"an endless id":             {open, ticket.ActionTakeover, ticket.ActionRequest{ActionID: strings.Repeat("x", 300)}, "at most 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			tc.given(b)
			b.arrive(0, msg("m1", 0))
			actionID := "a"
			if tc.req.ActionID != "" {
				actionID = tc.req.ActionID
			}
			before := 0
			b.at(2*time.Minute, func() {
				before = len(b.names())
				b.act(actionID, tc.action, tc.req)
			})
			b.at(3*time.Minute, func() {
				require.Contains(t, b.refused(actionID), tc.why)
				require.Len(t, b.names(), before, "nothing has happened")
				b.env.CancelWorkflow()
			})
			requireCanceled(t, b.run())
		})
	}
}

func TestResolveWaitsForAnAnswerUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.before[ticket.ActivityCallModel] = func(_ context.Context, n int) error {
		b.act("r", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
		return nil
	}
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())
	require.Contains(t, b.refused("r"), "right now")
}

// Somebody who writes to the customer from the mailbox is seen.
func TestPersonWhoWritesElsewhereTakesOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.whenStopped(ticket.ActivityCallModel, func(n int) bool {
		if n == 1 {
			b.takeOver()
			b.signal(ticket.MessageRef{MessageID: id("their mail"), Author: ticket.Staff, ReceivedAt: noon()})
		}
		return n == 1
	})
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		require.Equal(t, ticket.WithHuman, b.view().Status)
		require.Contains(t, b.details(), "| Answered by | a person |")
		require.Equal(t, "human", b.attr(ticket.AttrAssignedTo))
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
	require.Empty(t, b.answered())
}

func TestOverrideAnswersATurnAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	turn := id("turn of " + id("m1").String())
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		b.act("o", ticket.ActionOverride, ticket.ActionRequest{TurnID: turn, InstructionID: id("instruction")})
	})
	var draft uuid.UUID
	b.at(2*time.Minute, func() {
		asked := inputs[ticket.CallModelInput](b.desk, ticket.ActivityCallModel)
		require.Equal(t, id("instruction"), asked[len(asked)-1].InstructionID)
		require.Len(t, b.answered(), 1, "it waits for approval")
		draft = b.pending
		b.act("a", ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: draft})
	})
	require.NoError(t, b.run())
	b.done("a")
	require.Equal(t, ticket.KindCorrection, b.answered()[1].Kind)
	sends := inputs[ticket.SendReplyInput](b.desk, ticket.ActivitySendReply)
	require.Equal(t, ticket.SendReplyInput{TurnID: turn, DraftID: draft, InstructionID: id("instruction")}, sends[len(sends)-1])
}
