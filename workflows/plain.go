package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// say answers a turn with a fixed text: there is nothing to ask the model. A
// customer who writes too fast is told so, and the batch waits on for what else
// comes.
func (t *turn) say(ctx workflow.Context, opened ticket.CreateTicketResult) (again bool, err error) {
	t.explain.Rule = "plain:" + string(opened.Plain)
	sent, err := ordinary[ticket.SendReplyResult](ctx, t.sendOptions(), ticket.ActivitySendReply,
		ticket.SendReplyInput{TurnID: t.id, Plain: opened.Plain})
	// The messages wait for their answer whether the text got there or not.
	waits := true
	switch opened.Plain {
	case ticket.PlainSlow:
		t.inbox.putBack(t.batch)
		t.inbox.hold(opened.Until)
	case ticket.PlainWrongCode:
		t.inbox.awaitMore(t.batch, opened.Until)
	default:
		waits = false
	}
	switch {
	case err != nil:
		t.problem = problemOf(err)
		if waits {
			return false, nil
		}
		return false, t.giveUp(ctx, ticket.EscalateNotDelivered)
	case sent.State == ticket.SendStale:
		t.adopt(sent.Standing)
		return !waits, nil
	}
	t.adopt(sent.Standing)
	t.record(ctx, plainMeaning(opened.Plain))
	return false, nil
}

// askForProof sends a one-time code to a customer whose identity has to be
// known, where there is a way. The question waits for the code, and goes to a
// person when none has come in time.
func (t *turn) askForProof(ctx workflow.Context) (asked, again bool) {
	sent, err := ordinary[ticket.SendReplyResult](ctx, t.sendOptions(), ticket.ActivitySendReply,
		ticket.SendReplyInput{TurnID: t.id, Plain: ticket.PlainVerify})
	if err != nil {
		t.problem = problemOf(err)
		return false, false // a person can ask who it is
	}
	t.adopt(sent.Standing)
	switch {
	case sent.State == ticket.SendStale:
		return true, true
	case sent.State != ticket.SendDone || sent.Until.IsZero():
		return false, false
	}
	t.inbox.awaitMore(t.batch, sent.Until)
	t.explain.Rule = "plain:" + string(ticket.PlainVerify)
	t.record(ctx, plainMeaning(ticket.PlainVerify))
	return true, false
}

// plainMeaning is a plain answer in words.
func plainMeaning(p ticket.Plain) string {
	switch p {
	case ticket.PlainHeld:
		return "answered with what had waited for the customer"
	case ticket.PlainStop:
		return "the customer wants no more automatic messages"
	case ticket.PlainStart:
		return "the customer wants automatic messages again"
	case ticket.PlainSlow:
		return "many messages at once: they are answered together"
	case ticket.PlainElsewhere:
		return "answered on another channel"
	case ticket.PlainVerify:
		return "sent a one-time code: the question waits for it"
	case ticket.PlainWrongCode:
		return "the code was wrong"
	case ticket.PlainEmpty:
		return "asked what the empty message was meant to say"
	default:
		return string(p)
	}
}

// resend goes on with a turn whose parts nobody is sending: a provider refused
// later what it had taken, and something else has to go out instead. Each state
// of the database is acted on once.
func (c *conversation) resend(ctx workflow.Context) {
	id := c.standing.Unsent
	c.resent = c.standing.Revision
	c.begin(ctx, func(ctx workflow.Context) (bool, error) {
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		t := c.newTurn(id, nil)
		sent, err := ordinary[ticket.SendReplyResult](ctx, t.sendOptions(), ticket.ActivitySendReply, ticket.SendReplyInput{TurnID: id})
		if err != nil {
			t.problem = problemOf(err)
			return false, t.giveUp(ctx, ticket.EscalateNotDelivered)
		}
		c.adopt(sent.Standing)
		c.note(ctx, "a refused message waits for the customer to write", id, nil)
		return false, nil
	}, nil)
}

// unsent reports that a turn has parts that have to be sent on.
func (c *conversation) unsent() bool {
	return c.standing.Unsent != uuid.Nil && c.standing.Revision > c.resent
}
