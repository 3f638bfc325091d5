package workflows

import (
	"slices"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// maxDone bounds how many ids of actions a run remembers.
const maxDone = 50

// verdict is what a person decided about a draft.
type verdict struct {
	draft    ticket.PendingDraft
	approved bool
}

// retake is a turn that a person wants to see answered again.
type retake struct {
	turnID, instructionID uuid.UUID
}

// serve answers the updates by which people act. A request that makes no sense
// is refused before it leaves a trace.
func (c *conversation) serve(ctx workflow.Context) error {
	for _, action := range ticket.Actions() {
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(action),
			func(ctx workflow.Context, req request) (ticket.ActionResult, error) {
				return c.apply(ctx, action, req.ActionRequest)
			},
			workflow.UpdateHandlerOptions{
				Validator:        func(req request) error { return c.refuse(action, req.ActionRequest) },
				UnfinishedPolicy: workflow.HandlerUnfinishedPolicyWarnAndAbandon,
				Description:      describeAction(action),
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func describeAction(action ticket.Action) string {
	switch action {
	case ticket.ActionTakeover:
		return "A person answers from now on; the assistant is silent."
	case ticket.ActionRelease:
		return "The assistant answers again."
	case ticket.ActionApproveDraft:
		return "Send the draft that waits for approval, named by draft_id."
	case ticket.ActionRejectDraft:
		return "Do not send the draft, named by draft_id; reason_code says why."
	case ticket.ActionReply:
		return "Send a person's stored message, named by message_id."
	case ticket.ActionResolve:
		return "The matter is settled, as the stored note note_id says."
	case ticket.ActionReopen:
		return "The matter is not settled after all; a person has to look."
	case ticket.ActionSetPriority:
		return "Set the priority: low, medium, high or urgent."
	case ticket.ActionOverride:
		return "Answer the turn turn_id again, as the stored instruction_id says."
	default:
		return ""
	}
}

// apply has the database do an action, and then does what follows from it. One
// action at a time: each is decided on what the one before has left.
func (c *conversation) apply(ctx workflow.Context, action ticket.Action, req ticket.ActionRequest) (ticket.ActionResult, error) {
	if err := c.acting.Lock(ctx); err != nil {
		return ticket.ActionResult{}, err
	}
	defer func() { c.acting.Unlock(); c.show(ctx) }()
	// What was true when the request came may have changed while it waited.
	if err := c.refuse(action, req); err != nil {
		return ticket.ActionResult{}, err
	}
	waited := c.pending
	res, err := local[ticket.ApplyActionResult](ctx, ticket.ActivityApplyAction, string(action)+" by "+req.Actor,
		ticket.ApplyActionInput{ConversationID: c.in.ConversationID, Action: action, ActionRequest: req})
	if err != nil {
		c.stale = c.stale || !c.asked
		problem := problemOf(err)
		return ticket.ActionResult{}, temporal.NewApplicationError(problem.Message, string(problem.Code))
	}
	if slices.Contains(c.done, req.ActionID) {
		c.adopt(res.Standing)
	} else {
		c.remember(req.ActionID)
		c.consequence(action, req, waited)
		c.adopt(res.Standing)
		c.inbox.putBack(res.Unanswered)
		c.note(ctx, string(action)+" by "+req.Actor, req.TurnID, nil)
		c.publish(ctx)
	}
	return ticket.ActionResult{
		Status: c.standing.Status, Owner: c.standing.Owner, Epoch: c.standing.Epoch, InFlight: res.InFlight,
	}, nil
}

// remember keeps the ids of the last actions: one that is asked for again has
// no consequence again.
func (c *conversation) remember(actionID string) {
	c.done = append(c.done, actionID)
	if len(c.done) > maxDone {
		c.done = c.done[1:]
	}
}

// consequence notes what the loop has to do after an action; waited is the draft
// that waited for approval when the database was asked.
func (c *conversation) consequence(action ticket.Action, req ticket.ActionRequest, waited *ticket.PendingDraft) {
	switch action {
	case ticket.ActionApproveDraft, ticket.ActionRejectDraft:
		c.verdict = &verdict{draft: *waited, approved: action == ticket.ActionApproveDraft}
		// Another may wait by now, or none because a person was found to own the ticket.
		if c.pending == waited {
			c.pending = nil
		}
	case ticket.ActionReply:
		c.replies = append(c.replies, req.MessageID)
	case ticket.ActionResolve:
		c.dropPending() // settled with the ticket, unless it had been withdrawn before
	case ticket.ActionOverride:
		c.retake = &retake{turnID: req.TurnID, instructionID: req.InstructionID}
	case ticket.ActionTakeover, ticket.ActionRelease, ticket.ActionReopen, ticket.ActionSetPriority:
	}
}

// write sends people's replies in the order in which they were asked for.
func (c *conversation) write(ctx workflow.Context) {
	c.writing = true
	workflow.GoNamed(ctx, "reply", func(ctx workflow.Context) {
		defer func() { c.writing = false; c.show(ctx) }()
		// A person's words are sent whatever happens to this run.
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		for len(c.replies) > 0 {
			id := c.replies[0]
			c.replies = c.replies[1:]
			res, err := ordinary[ticket.SendStaffReplyResult](ctx, staffReplyOptions(c.in.Channel), ticket.ActivitySendStaffReply,
				ticket.SendStaffReplyInput{MessageID: id})
			if err != nil {
				c.replyFailed(ctx, id, err)
				continue
			}
			c.adopt(res.Standing)
			said := "a person's reply was sent"
			if res.Held {
				said = "a person's reply is held until the customer writes"
			}
			c.note(ctx, said, uuid.Nil, []uuid.UUID{id})
		}
	})
}

// replyFailed tells staff that their words have not reached the customer.
func (c *conversation) replyFailed(ctx workflow.Context, message uuid.UUID, err error) {
	c.problem = problemOf(err)
	c.note(ctx, "a person's reply was not delivered", uuid.Nil, []uuid.UUID{message})
	res, err := ordinary[ticket.EscalateResult](ctx, escalateOptions(ticket.EscalateNotDelivered), ticket.ActivityEscalate,
		ticket.EscalateInput{
			TicketID: c.standing.TicketID, Code: ticket.EscalateNotDelivered, Urgency: "high", DueAt: workflow.Now(ctx),
		})
	if err != nil {
		c.problem = problemOf(err)
		return
	}
	c.adopt(res.Standing)
	c.publish(ctx)
}
