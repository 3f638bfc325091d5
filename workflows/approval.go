package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// hold keeps a reviewed draft until a person has decided about it, and asks for
// one. The turn stays open: a further message of the customer joins it. Once
// the ticket has had another owner than in this epoch, nobody will decide about
// the draft.
func (t *turn) hold(ctx workflow.Context, draftID uuid.UUID, epoch int64) error {
	if t.standing.Epoch == epoch {
		if err := t.escalate(ctx, ticket.EscalateApproval, draftID); err != nil {
			return err
		}
	}
	if t.standing.Epoch != epoch {
		t.inbox.putBack(t.batch)
		return nil
	}
	t.pending = &ticket.PendingDraft{TurnID: t.id, DraftID: draftID, InstructionID: t.instruction, Messages: t.batch}
	t.record(ctx, "drafted: waits for a person's approval")
	return nil
}

// dropPending forgets a draft that nobody has decided about. What it was to
// answer waits for a turn again; of a turn that was only to be answered anew
// nothing does.
func (c *conversation) dropPending() {
	if c.pending != nil {
		c.inbox.putBack(c.pending.Messages)
		c.pending = nil
	}
}

// outgrow drops the draft that waits when a further message joins what it was
// to answer. A turn that is only to be answered anew is not concerned.
func (c *conversation) outgrow() {
	if c.pending != nil && len(c.pending.Messages) > 0 {
		c.dropPending()
	}
}

// startVerdict does what a person has decided about a draft.
func (c *conversation) startVerdict(ctx workflow.Context) {
	v := c.verdict
	c.verdict = nil
	c.begin(ctx, func(ctx workflow.Context) (bool, error) {
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		t := c.newTurn(v.draft.TurnID, v.draft.Messages)
		t.instruction, t.explain = v.draft.InstructionID, c.explanation
		if v.approved {
			t.explain.Rule = "approved by a person"
			return t.finish(ctx, v.draft.DraftID, "")
		}
		return t.finish(ctx, uuid.Nil, ticket.EscalateRejected)
	}, v.draft.Messages)
}

// startRetake answers a turn again, as an instruction says.
func (c *conversation) startRetake(ctx workflow.Context) {
	r := c.retake
	c.retake, c.again = nil, true
	c.begin(ctx, func(ctx workflow.Context) (bool, error) {
		defer func() { c.again = false }()
		t := c.newTurn(r.turnID, nil)
		t.instruction = r.instructionID
		draftID, why, stopped := t.think(ctx)
		if err := ctx.Err(); err != nil || stopped {
			return false, err
		}
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		return t.finish(ctx, draftID, why)
	}, nil)
}
