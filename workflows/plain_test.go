package workflows_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestPlainAnswersDoNotAskTheModel(t *testing.T) {
	t.Parallel()
	for _, p := range []ticket.Plain{ticket.PlainHeld, ticket.PlainStop, ticket.PlainStart, ticket.PlainElsewhere, ticket.PlainEmpty} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.WhatsApp)
			b.rule = func([]uuid.UUID) rule { return rule{plain: p} }
			b.arrive(0, msg("m1", 0))
			require.NoError(t, b.run())
			require.Equal(t, []string{ticket.ActivityCreateTicket, ticket.ActivitySendReply, ticket.ActivityCloseTicket}, b.names())
			sent := inputs[ticket.SendReplyInput](b.desk, ticket.ActivitySendReply)
			require.Equal(t, []ticket.SendReplyInput{{TurnID: id("turn of " + id("m1").String()), Plain: p}}, sent)
			require.Equal(t, "plain:"+string(p), ask[ticket.Explanation](b, ticket.QueryExplain).Rule)
			require.NotEqual(t, string(p), ask[[]ticket.Event](b, ticket.QueryTimeline)[0].What, "a lead reads a sentence")
		})
	}
}

func TestARuleMayAskForAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.rule = func([]uuid.UUID) rule { return rule{person: ticket.EscalateOptedOut} }
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() {
		require.Equal(t, ticket.NeedsHuman, b.view().Status)
		b.act("a", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
	})
	require.NoError(t, b.run())
	require.Zero(t, b.count[ticket.ActivityCallModel])
	require.Equal(t, ticket.EscalateOptedOut, inputs[ticket.EscalateInput](b.desk, ticket.ActivityEscalate)[0].Code)
}

func TestTooManyMessagesAreAnsweredTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	until := noon().Add(50 * time.Second)
	b.rule = func(batch []uuid.UUID) rule {
		if batch[0] == id("m1") {
			return rule{plain: ticket.PlainSlow, until: until}
		}
		return rule{}
	}
	b.arrive(0, msg("m1", 0))
	b.arrive(20*time.Second, msg("m2", 20))
	b.arrive(40*time.Second, msg("m3", 40))
	b.at(45*time.Second, func() {
		require.Equal(t, []reply{{ticket.KindAck, ids("m1")}}, b.answered(), "told once, and nothing is answered yet")
	})
	b.at(52*time.Second, func() {
		require.Equal(t, []reply{{ticket.KindAck, ids("m1")}, {ticket.KindAnswer, ids("m1", "m2", "m3")}}, b.answered())
	})
	require.NoError(t, b.run())
	require.Equal(t, 1, b.count[ticket.ActivityCallModel])
	require.Equal(t, ticket.Closed, b.view().Status)
}

func TestMessagesThatWaitForTheirAnswerOutliveTheRun(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	in := b.input()
	in.Carry = &ticket.Carry{
		Version: 1, Inbox: []ticket.MessageRef{msg("m1", 0)}, Seen: ids("m1"), Hold: noon().Add(40 * time.Second),
		Standing: ticket.Standing{Revision: 1, Owner: ticket.OwnerAI},
	}
	b.at(39*time.Second, func() { require.Empty(t, b.answered()) })
	require.NoError(t, b.runFrom(in))
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered())
}

func TestNothingIsSentThatIsForbiddenMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.forbidden = ticket.EscalateOptedOut // since the turn was opened
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() { b.act("a", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")}) })
	require.NoError(t, b.run())
	require.Equal(t, ticket.EscalateOptedOut, inputs[ticket.EscalateInput](b.desk, ticket.ActivityEscalate)[0].Code)
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered(), "the turn is settled for a person")
}

func TestAPersonsWordsThatWaitedAreSentAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.rule = func([]uuid.UUID) rule { return rule{plain: ticket.PlainHeld, replies: ids("words")} }
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())
	require.Equal(t, []ticket.SendStaffReplyInput{{MessageID: id("words")}}, inputs[ticket.SendStaffReplyInput](b.desk, ticket.ActivitySendStaffReply))
}

func TestWhatAProviderRefusedLaterIsSentOnOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	turn := id("turn of " + id("m1").String())
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		b.mu.Lock()
		b.unsent = turn
		b.revision++
		b.mu.Unlock()
		b.signal(ticket.MessageRef{MessageID: id("ours"), Author: ticket.Assistant, ReceivedAt: noon()})
	})
	require.NoError(t, b.run())
	sent := inputs[ticket.SendReplyInput](b.desk, ticket.ActivitySendReply)
	require.Len(t, sent, 2)
	require.Equal(t, ticket.SendReplyInput{TurnID: turn}, sent[1])
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}}, b.answered(), "what was settled stays")
}

func TestWhatWasRefusedIsSentOnAlsoAfterTheTicketHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.unsent = id("an earlier turn")
	b.turns = append(b.turns, &deskTurn{id: b.unsent, state: "answered", sends: map[uuid.UUID]*deskSend{}})
	b.at(0, func() {
		b.signal(ticket.MessageRef{MessageID: id("ours"), Author: ticket.Assistant, ReceivedAt: noon()})
	})
	b.revision = 1
	require.NoError(t, b.run())
	require.Equal(t, []ticket.SendReplyInput{{TurnID: id("an earlier turn")}}, inputs[ticket.SendReplyInput](b.desk, ticket.ActivitySendReply))
}

func TestAnAnswerThatWaitsIsShownAsWaiting(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.waitsForWord = true
	b.arrive(0, msg("m1", 0))
	require.NoError(t, b.run())
	require.Equal(t, "answered: held until the customer writes", ask[[]ticket.Event](b, ticket.QueryTimeline)[0].What)
}
