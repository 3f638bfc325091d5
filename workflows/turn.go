package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

const (
	// maxRestarts is how often a turn starts again because the customer has
	// written more; after that the rest is a turn of its own.
	maxRestarts = 3
	// maxReadings bounds how often a batch is read, for whatever reason, before
	// a person is asked to look.
	maxReadings = 10
)

// turn is one batch of messages and what we do about it.
type turn struct {
	*conversation
	id          uuid.UUID
	instruction uuid.UUID           // set when a person wants it answered again
	batch       []ticket.MessageRef // what it answers, as it came
	call        ticket.CallModelResult
	rule        string  // which rule asks for a person, unless the model does
	mood        float64 // the customer's, as far as rules can tell; zero if they cannot
	explain     ticket.Explanation
}

func (c *conversation) newTurn(id uuid.UUID, batch []ticket.MessageRef) *turn {
	return &turn{conversation: c, id: id, batch: batch, explain: ticket.Explanation{TurnID: id}}
}

// begin runs what a turn does in a coroutine of its own.
func (c *conversation) begin(ctx workflow.Context, do func(ctx workflow.Context) (again bool, err error), batch []ticket.MessageRef) {
	c.turning = true
	workflow.GoNamed(ctx, "turn", func(ctx workflow.Context) {
		defer func() { c.turning = false; c.show(ctx) }()
		c.readings++
		again, err := do(ctx)
		switch {
		case err != nil:
			c.fault = err
		case again && len(batch) > 0:
			c.inbox.putBack(batch)
		default:
			c.readings = 0
			c.publish(ctx)
		}
	})
}

// startTurn answers the waiting messages, and those of a draft that nobody has
// decided about: the customer has written more meanwhile.
func (c *conversation) startTurn(ctx workflow.Context) {
	c.outgrow()
	batch := c.inbox.take()
	c.begin(ctx, func(ctx workflow.Context) (bool, error) { return c.takeTurn(ctx, batch) }, batch)
}

// interrupted reports that the turn under way thinks in vain: a person has
// taken over, or the customer has written more.
func (c *conversation) interrupted() bool {
	if c.stop == nil {
		return false
	}
	return c.mute() || !c.again && !c.inbox.empty() && c.readings <= maxRestarts
}

// interrupt makes the turn under way stop thinking.
func (c *conversation) interrupt() {
	c.stop()
	c.stop = nil
}

// takeTurn opens a turn for the batch and sees it through. again means that
// nothing was settled and that what is left of the batch has to be read anew:
// the customer has written more, a person has taken over, or another run
// settled part of it.
func (c *conversation) takeTurn(ctx workflow.Context, batch []ticket.MessageRef) (again bool, err error) {
	opened, err := local[ticket.CreateTicketResult](ctx, ticket.ActivityCreateTicket, "open the turn",
		ticket.CreateTicketInput{ConversationID: c.in.ConversationID, MessageIDs: idsOf(batch)})
	if err != nil {
		return false, err
	}
	c.adopt(opened.Standing)
	c.customerRef = opened.CustomerRef
	c.replies = append(c.replies, opened.Replies...)
	if opened.TurnID == uuid.Nil {
		return false, nil
	}
	if c.readings == 1 {
		c.turns++
	}
	t := c.newTurn(opened.TurnID, batch)
	t.mood = opened.Sentiment
	c.problem = ticket.Problem{}
	var draftID uuid.UUID
	var why string
	switch {
	case opened.Plain != "":
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		return t.say(ctx, opened)
	case opened.Person != "":
		why = opened.Person
		t.rule, t.call.Urgency = opened.Rule, opened.Urgency
	case opened.Mode == ticket.ModeOff:
		why = ticket.EscalateOff
	default:
		var stopped bool
		draftID, why, stopped = t.think(ctx)
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if stopped {
			return true, nil
		}
	}
	// From here on nothing is cancelled any more.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return t.finish(ctx, draftID, why)
}

func idsOf(batch []ticket.MessageRef) []uuid.UUID {
	ids := make([]uuid.UUID, len(batch))
	for i, m := range batch {
		ids[i] = m.MessageID
	}
	return ids
}

// think returns a draft fit to be sent, or why a person has to answer instead.
// stopped means that neither is wanted any more.
func (t *turn) think(ctx workflow.Context) (draftID uuid.UUID, why string, stopped bool) {
	ctx, stop := workflow.WithCancel(ctx)
	defer stop()
	t.stop = stop
	// Much may have happened while the turn was being opened.
	if t.interrupted() {
		t.interrupt()
	}
	t.show(ctx)
	draftID, why, err := t.draft(ctx)
	t.stop = nil
	t.show(ctx)
	if ctx.Err() != nil {
		return uuid.Nil, "", true
	}
	if err != nil {
		t.problem = problemOf(err)
	}
	return draftID, why, false
}

// finish sends the draft; whenever that is not possible it hands the turn over
// to a person. Only a bug is an error.
func (t *turn) finish(ctx workflow.Context, draftID uuid.UUID, why string) (again bool, err error) {
	if why == ticket.EscalateIdentity && !ticket.ProofTried(t.rule) && t.instruction == uuid.Nil {
		if asked, again := t.askForProof(ctx); asked {
			return again, nil
		}
	}
	if why != "" {
		if err := t.escalate(ctx, why, draftID); err != nil {
			return false, err
		}
		if t.instruction != uuid.Nil {
			return false, nil // the customer has had an answer or a notice before
		}
		draftID = uuid.Nil
	}
	sent, err := ordinary[ticket.SendReplyResult](ctx, t.sendOptions(), ticket.ActivitySendReply,
		ticket.SendReplyInput{TurnID: t.id, DraftID: draftID, InstructionID: t.instruction})
	if err != nil {
		t.problem = problemOf(err)
		return false, t.giveUp(ctx, ticket.EscalateNotDelivered)
	}
	t.adopt(sent.Standing)
	switch {
	case sent.State == ticket.SendHeld && sent.Why != "":
		return t.finish(ctx, uuid.Nil, sent.Why)
	case sent.State == ticket.SendHeld && sent.Mode == ticket.ModeOff:
		return t.finish(ctx, uuid.Nil, ticket.EscalateOff)
	case sent.State == ticket.SendHeld:
		return false, t.hold(ctx, draftID, sent.Epoch)
	case sent.State == ticket.SendStale && t.readings >= maxReadings:
		t.problem = ticket.Problem{Code: ticket.CodeConflict, Message: "parts of the message were settled elsewhere again and again"}
		return false, t.giveUp(ctx, ticket.EscalateFault)
	case sent.State == ticket.SendStale:
		return true, nil
	}
	if why != "" && sent.Kind == ticket.KindAck {
		sent.Kind = ticket.KindNotice // at most a fixed text went out: a person has the matter
	}
	t.settled(ctx, sent)
	return false, nil
}

// giveUp leaves a turn whose reply could not be sent to a person.
func (t *turn) giveUp(ctx workflow.Context, why string) error {
	if err := t.escalate(ctx, why, uuid.Nil); err != nil {
		return err
	}
	t.settled(ctx, ticket.SendReplyResult{State: ticket.SendDone, Kind: ticket.KindNotice})
	return nil
}

func (t *turn) escalate(ctx workflow.Context, why string, draftID uuid.UUID) error {
	res, err := ordinary[ticket.EscalateResult](ctx, escalateOptions(why), ticket.ActivityEscalate, ticket.EscalateInput{
		TicketID: t.standing.TicketID, TurnID: t.id, Code: why, Rule: t.rule, Urgency: t.call.Urgency, ModelCallID: t.call.CallID, DraftID: draftID,
	})
	if err != nil {
		return err
	}
	t.adopt(res.Standing)
	t.explain.Rule = ticket.RuleOf(why, t.rule)
	return nil
}

// settled records how the turn ended.
func (t *turn) settled(ctx workflow.Context, sent ticket.SendReplyResult) {
	outcome := "answered"
	switch {
	case sent.State == ticket.SendMuted:
		outcome = "left to the person who owns the conversation"
	case sent.Kind == ticket.KindNotice:
		outcome = "handed over to a person"
	case sent.Kind == ticket.KindCorrection:
		outcome = "corrected"
	}
	if sent.Waits {
		outcome += ": held until the customer writes"
	}
	t.record(ctx, outcome)
}

// record shows what the turn has come to.
func (t *turn) record(ctx workflow.Context, outcome string) {
	t.explanation = t.explain
	switch {
	case t.call.Decision == ticket.DecideRespond || t.call.Decision == ticket.DecideEscalate:
		t.sentiment = t.call.Sentiment
	case t.mood > 0:
		t.sentiment = t.mood
	}
	t.note(ctx, outcome, t.id, idsOf(t.batch))
}
