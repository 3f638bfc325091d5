package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ApplyAction does what a person asks of a ticket, in one transaction that
// also records who did it. An action happens once: asked for again under the
// same id it returns what came of it, with where the ticket stands now.
//
// What cannot be done as things stand is refused with CodeInvalid or
// CodeNotFound and a sentence for the person who asked; asking again would not
// help.
func (a *Activities) ApplyAction(ctx context.Context, in ticket.ApplyActionInput) (ticket.ApplyActionResult, error) {
	res, err := a.applyAction(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) applyAction(ctx context.Context, in ticket.ApplyActionInput) (res ticket.ApplyActionResult, err error) {
	switch {
	case in.ActionID == "" || len(in.ActionID) > ticket.MaxActionID:
		return res, refused("Each action needs an action_id of its own, of at most %d characters.", ticket.MaxActionID)
	case !ticket.IsHandle(in.Actor):
		return res, refused("The actor must be a short name in small letters, digits, dots and dashes; never an address.")
	case in.ReasonCode != "" && !escalationCode.MatchString(in.ReasonCode):
		return res, refused("The reason must be a single word, such as wrong or incomplete.")
	}
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		conv, err := q.LockConversation(ctx, in.ConversationID)
		if err != nil {
			return err
		}
		done, err := q.ActionByID(ctx, in.ActionID)
		if err == nil {
			res, err = a.doneBefore(ctx, q, in, done)
			return err
		}
		if !schema.NoRows(err) {
			return err
		}
		d := deed{Activities: a, q: q, in: in, conv: conv, at: a.Now()}
		res, err = d.do(ctx)
		return err
	})
	if err == nil {
		failpoint.Here("action.afterCommit")
	}
	return res, err
}

// doneBefore returns what came of an action when it was first asked for.
func (a *Activities) doneBefore(ctx context.Context, q *schema.Queries, in ticket.ApplyActionInput, done schema.Action) (res ticket.ApplyActionResult, err error) {
	if done.ConversationID != in.ConversationID || done.Action != string(in.Action) {
		return res, refused("This action_id has been used for something else already.")
	}
	if err := json.Unmarshal(done.Result, &res); err != nil {
		return res, fmt.Errorf("reading the result of an action: %w", err)
	}
	res.Standing, err = a.stands(ctx, q, in.ConversationID)
	return res, err
}

// deed is one action while it is done: its transaction holds the lock of the
// conversation.
type deed struct {
	*Activities
	q    *schema.Queries
	in   ticket.ApplyActionInput
	conv schema.Conversation
	on   schema.Ticket // the open ticket, else the newest
	at   time.Time
	res  ticket.ApplyActionResult
}

// do does the action and records it.
func (d *deed) do(ctx context.Context) (ticket.ApplyActionResult, error) {
	var err error
	d.on, err = d.q.NewestTicket(ctx, d.conv.ID)
	if schema.NoRows(err) {
		return d.res, ticket.Errorf(ticket.CodeNotFound, "There is no ticket here yet: nobody has written.")
	}
	if err != nil {
		return d.res, err
	}
	if err := d.act(ctx); err != nil {
		return d.res, err
	}
	if d.res.Standing, err = d.standing(ctx, d.q, d.conv.ID); err != nil {
		return d.res, err
	}
	return d.res, d.record(ctx)
}

func (d *deed) act(ctx context.Context) error {
	switch d.in.Action {
	case ticket.ActionTakeover, ticket.ActionReply, ticket.ActionReopen: // these open a closed ticket again
	default:
		if d.on.Status == ticket.Closed {
			return refused("%s is closed. Reopen it first.", d.on.Number)
		}
	}
	switch d.in.Action {
	case ticket.ActionTakeover:
		return d.takeOver(ctx)
	case ticket.ActionRelease:
		return d.release(ctx)
	case ticket.ActionApproveDraft:
		return d.approve(ctx)
	case ticket.ActionRejectDraft:
		return d.reject(ctx)
	case ticket.ActionReply:
		return d.reply(ctx)
	case ticket.ActionResolve:
		return d.resolve(ctx)
	case ticket.ActionReopen:
		return d.reopen(ctx)
	case ticket.ActionSetPriority:
		return d.prioritize(ctx)
	case ticket.ActionOverride:
		return d.override(ctx)
	default:
		return refused("There is no such action.")
	}
}

// record keeps the action with its result, and for the audit who changed what.
func (d *deed) record(ctx context.Context) error {
	request, err := json.Marshal(d.in.ActionRequest)
	if err != nil {
		return fmt.Errorf("encoding an action: %w", err)
	}
	result, err := json.Marshal(d.res)
	if err != nil {
		return fmt.Errorf("encoding the result of an action: %w", err)
	}
	if err := d.q.InsertAction(ctx, schema.InsertActionParams{
		ActionID: d.in.ActionID, ConversationID: d.conv.ID, Action: string(d.in.Action), Actor: d.in.Actor, Request: request, Result: result,
	}); err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]any{
		"request": json.RawMessage(request),
		"before":  map[string]any{"status": d.on.Status, "owner": d.conv.Owner, "assignee": d.conv.Assignee, "priority": d.on.Priority},
		"after":   map[string]any{"status": d.res.Status, "owner": d.res.Owner, "assignee": d.res.Assignee, "priority": d.res.Priority},
	})
	if err != nil {
		return fmt.Errorf("encoding an audit record: %w", err)
	}
	return d.q.NoteAudit(ctx, schema.NoteAuditParams{
		Actor: d.in.Actor, Action: string(d.in.Action), Object: "ticket:" + d.on.ID.String(), Reason: d.in.ReasonCode, Detail: detail,
	})
}

// refused says to the person who asked why an action cannot be done. Its class
// is never tried again.
func refused(format string, args ...any) error {
	return ticket.Errorf(ticket.CodeInvalid, format, args...)
}
