package workflows_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// unproved makes the model want to know who the customer is until the batch has
// a second message, which is the code.
func unproved(b *bench) {
	b.codeUntil = noon().Add(10 * time.Minute)
	b.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		if n == 1 {
			return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: ticket.EscalateIdentity}
		}
		return ticket.CallModelResult{Decision: ticket.DecideRespond}
	}
}

// mistyped is unproved, and the second message of a batch a wrong code.
func mistyped(b *bench) {
	unproved(b)
	b.rule = func(batch []uuid.UUID) rule {
		if len(batch) == 2 {
			return rule{plain: ticket.PlainWrongCode, until: noon().Add(10 * time.Minute)}
		}
		return rule{}
	}
}

func TestAQuestionWaitsForTheCode(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WebForm)
	unproved(b)
	b.arrive(0, msg("m1", 0))
	b.at(time.Minute, func() {
		require.Equal(t, []reply{{ticket.KindAck, ids("m1")}}, b.answered(), "the code is on its way")
		require.Equal(t, "plain:verify", explain(b).Rule)
		require.Equal(t, ticket.Open, b.view().Status)
	})
	b.arrive(2*time.Minute, msg("code", 120))
	b.at(3*time.Minute, func() {
		require.Equal(t, []reply{{ticket.KindAck, ids("m1")}, {ticket.KindAnswer, ids("m1", "code")}}, b.answered(),
			"the message ends the wait, and the question is answered")
	})
	require.NoError(t, b.run())
	require.Zero(t, b.count[ticket.ActivityEscalate])
}

func TestAWrongCodeWaitsForAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WebForm)
	mistyped(b)
	b.arrive(0, msg("m1", 0))
	b.arrive(2*time.Minute, msg("wrong", 120))
	b.arrive(3*time.Minute, msg("right", 180))
	b.at(4*time.Minute, func() {
		require.Equal(t, []reply{
			{ticket.KindAck, ids("m1")}, {ticket.KindAck, ids("m1", "wrong")}, {ticket.KindAnswer, ids("m1", "wrong", "right")},
		}, b.answered())
	})
	require.NoError(t, b.run())
}

// A customer may have read that the code was wrong, and sent the right one,
// before the workflow knows that the reply went out.
func TestACodeThatComesDuringTheReplyIsNotAwaited(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WebForm)
	mistyped(b)
	lasts(b, ticket.ActivitySendReply, 20*time.Second, b.sendReply)
	b.arrive(0, msg("m1", 0))
	b.arrive(2*time.Minute, msg("wrong", 120))
	b.arrive(2*time.Minute+10*time.Second, msg("right", 130))
	b.at(4*time.Minute, func() {
		require.Equal(t, []reply{
			{ticket.KindAck, ids("m1")}, {ticket.KindAck, ids("m1", "wrong")}, {ticket.KindAnswer, ids("m1", "wrong", "right")},
		}, b.answered())
	})
	require.NoError(t, b.run())
}

func TestACodeThatNeverComesEndsWithAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WebForm)
	unproved(b)
	read := 0
	b.rule = func([]uuid.UUID) rule {
		if read++; read > 1 {
			return rule{person: ticket.EscalateIdentity, rule: ticket.RuleProofLate}
		}
		return rule{}
	}
	b.arrive(0, msg("m1", 0))
	b.at(5*time.Minute, func() { require.Equal(t, ticket.Open, b.view().Status) })
	b.at(11*time.Minute, func() {
		require.Equal(t, ticket.NeedsHuman, b.view().Status)
		require.Equal(t, "escalate:identity_unverified by proof/late", explain(b).Rule)
		b.act("a", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
	})
	require.NoError(t, b.run())
	last := inputs[ticket.EscalateInput](b.desk, ticket.ActivityEscalate)
	require.Equal(t, ticket.EscalateIdentity, last[len(last)-1].Code)
}

func TestWhereNothingCanBeProvedAPersonAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	unproved(b)
	b.codeUntil = time.Time{}
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() { b.act("a", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")}) })
	require.NoError(t, b.run())
	require.Equal(t, ticket.EscalateIdentity, inputs[ticket.EscalateInput](b.desk, ticket.ActivityEscalate)[0].Code)
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered())
}

func TestTheWaitForACodeOutlivesTheRun(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WebForm)
	in := b.input()
	in.Carry = &ticket.Carry{
		Version: 3, Inbox: []ticket.MessageRef{msg("m1", 0)}, Seen: ids("m1"), Hold: noon().Add(10 * time.Minute), Awaits: true,
		Standing: ticket.Standing{Revision: 1, Owner: ticket.OwnerAI},
	}
	b.arrive(time.Minute, msg("code", 60))
	b.at(2*time.Minute, func() { require.Equal(t, []reply{{ticket.KindAnswer, ids("m1", "code")}}, b.answered()) })
	require.NoError(t, b.runFrom(in))
}
