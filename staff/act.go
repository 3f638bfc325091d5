package staff

import (
	"context"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Do asks a ticket's workflow for an action and returns what came of it. The
// same action id asked for again does nothing more. Every error is a
// *ticket.Error whose message is a sentence for the person who asked: invalid,
// conflict, notfound, or unavailable when nobody answered in time; then the
// action may still happen, and the same id may be asked for again.
func (d *Desk) Do(ctx context.Context, ref string, action ticket.Action, req ticket.ActionRequest) (ticket.ActionResult, error) {
	t, err := d.ready(ctx, ref, action, req.Actor, req.ActionID)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	return d.update(ctx, t, action, req)
}

// ready finds the ticket of an action and refuses what is known to be refused
// before anything is stored for it.
func (d *Desk) ready(ctx context.Context, ref string, action ticket.Action, actor, actionID string) (Ticket, error) {
	if err := CheckActor(actor); err != nil {
		return Ticket{}, err
	}
	if err := checkActionID(actionID); err != nil {
		return Ticket{}, err
	}
	t, err := d.Find(ctx, ref)
	switch {
	case err != nil:
		return Ticket{}, err
	case t.newest != t.Number:
		return Ticket{}, ticket.Errorf(ticket.CodeConflict, "%s is closed and its conversation has gone on as %s: act on that", t.Number, t.newest)
	case t.Status == ticket.Closed && !wakes(action):
		return Ticket{}, closed(t)
	}
	return t, d.unused(ctx, t, action, actor, actionID)
}

// unused refuses an action id under which something else was done before.
// Temporal would answer with what came of that, as if it were this.
func (d *Desk) unused(ctx context.Context, t Ticket, action ticket.Action, actor, actionID string) error {
	done, err := d.DB.ActionByID(ctx, actionID)
	switch {
	case schema.NoRows(err):
		return nil
	case err != nil:
		return schema.Classify(err)
	case done.ConversationID != t.ConversationID || done.Action != string(action) || done.Actor != actor:
		return reused()
	}
	return nil
}

// wakes reports whether an action can be done to a closed ticket, whose
// workflow has ended: it is started again.
func wakes(action ticket.Action) bool {
	switch action {
	case ticket.ActionTakeover, ticket.ActionReply, ticket.ActionReopen:
		return true
	default:
		return false
	}
}

func (d *Desk) update(ctx context.Context, t Ticket, action ticket.Action, req ticket.ActionRequest) (ticket.ActionResult, error) {
	waiting, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	options := client.UpdateWorkflowOptions{
		UpdateID: req.ActionID, WorkflowID: t.WorkflowID, UpdateName: string(action), Args: []any{req},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	var handle client.WorkflowUpdateHandle
	var err error
	if wakes(action) {
		handle, err = d.Temporal.UpdateWithStartWorkflow(waiting, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: d.starting(t), UpdateOptions: options,
		})
	} else {
		handle, err = d.Temporal.UpdateWorkflow(waiting, options)
	}
	var res ticket.ActionResult
	if err == nil {
		err = handle.Get(waiting, &res)
	}
	if err != nil {
		return ticket.ActionResult{}, d.refused(ctx, t, err)
	}
	return res, nil
}

// starting says how the workflow of a closed ticket is started again. One that
// runs is left as it is.
func (d *Desk) starting(t Ticket) client.WithStartWorkflowOperation {
	return d.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: t.WorkflowID, TaskQueue: ticket.QueueTickets,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            ticket.RunSummary(t.Channel), StaticDetails: ticket.RunDetails,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(ticket.AttrChannel).ValueSet(string(t.Channel)),
			temporal.NewSearchAttributeKeyKeyword(ticket.AttrTicketStatus).ValueSet(string(t.Status)),
		),
	}, ticket.TicketWorkflow, ticket.TicketInput{ConversationID: t.ConversationID, Channel: t.Channel})
}
