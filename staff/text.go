package staff

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// maxName bounds the name of a prompt or a model.
const maxName = 100

// Reply sends a person's own words to the customer, once for each action id;
// the ticket is with that person then. Codes as of Do, and too_large.
func (d *Desk) Reply(ctx context.Context, ref, actor, text, actionID string) (ticket.ActionResult, error) {
	text, err := checkText(text, "the reply", MaxReply)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	t, err := d.ready(ctx, ref, ticket.ActionReply, actor, actionID)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	id := idOf("reply", t.ConversationID.String(), actionID)
	n, err := d.DB.InsertStaffMessage(ctx, schema.InsertStaffMessageParams{
		ID: id, ConversationID: t.ConversationID, Channel: t.Channel, ExternalID: "staff:" + actionID, Subject: t.Subject, Body: text,
	})
	if err != nil {
		return ticket.ActionResult{}, schema.Classify(err)
	}
	if n == 0 {
		known, err := d.DB.MessagesByID(ctx, []uuid.UUID{id})
		if err != nil {
			return ticket.ActionResult{}, schema.Classify(err)
		}
		if len(known) != 1 || known[0].Body != text {
			return ticket.ActionResult{}, reused()
		}
	}
	res, err := d.update(ctx, t, ticket.ActionReply, ticket.ActionRequest{ActionID: actionID, Actor: actor, MessageID: id})
	if refusedForGood(err) {
		// What was refused has not been said: nobody may read it as if it had.
		if _, gone := d.DB.DiscardStaffMessage(ctx, id); gone != nil {
			return ticket.ActionResult{}, ticket.Wrap(ticket.CodeOf(err), gone, "%s; its text could not be removed", err.Error())
		}
	}
	return res, err
}

// refusedForGood reports whether an action was refused, as against not answered.
func refusedForGood(err error) bool {
	switch ticket.CodeOf(err) {
	case ticket.CodeInvalid, ticket.CodeConflict, ticket.CodeNotFound, ticket.CodeTooLarge:
		return true
	default:
		return false
	}
}

// Resolve settles a ticket; the note tells colleagues how. Codes as of Do, and
// too_large.
func (d *Desk) Resolve(ctx context.Context, ref, actor, note, actionID string) (ticket.ActionResult, error) {
	note, err := checkText(note, "the note", MaxNote)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	t, err := d.ready(ctx, ref, ticket.ActionResolve, actor, actionID)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	id := idOf("note", t.ConversationID.String(), actionID)
	n, err := d.DB.InsertNote(ctx, schema.InsertNoteParams{ID: id, ConversationID: t.ConversationID, Actor: actor, Body: note})
	if err != nil {
		return ticket.ActionResult{}, schema.Classify(err)
	}
	if n == 0 {
		known, err := d.DB.Note(ctx, id)
		if err != nil {
			return ticket.ActionResult{}, schema.Classify(err)
		}
		if known.Body != note {
			return ticket.ActionResult{}, reused()
		}
	}
	return d.update(ctx, t, ticket.ActionResolve, ticket.ActionRequest{ActionID: actionID, Actor: actor, NoteID: id})
}

// Again says how a turn is to be thought through again.
type Again struct {
	TurnID        uuid.UUID // the ticket's newest turn when zero
	PromptVersion string    // the current one when empty
	Model         string    // the current one when empty
	Reason        string
	Auto          bool // send the answer without a person's approval
}

// Override has the assistant answer a turn of the ticket again. Codes as of Do,
// and too_large.
func (d *Desk) Override(ctx context.Context, ref, actor string, again Again, actionID string) (ticket.ActionResult, error) {
	reason, err := checkText(again.Reason, "the reason", MaxNote)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	for _, name := range []string{again.PromptVersion, again.Model} {
		if len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return ticket.ActionResult{}, ticket.Errorf(ticket.CodeInvalid, "a prompt or model has a name of at most %d letters, digits and signs", maxName)
		}
	}
	t, err := d.ready(ctx, ref, ticket.ActionOverride, actor, actionID)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	turn, err := d.turn(ctx, t, again.TurnID)
	if err != nil {
		return ticket.ActionResult{}, err
	}
	row := schema.InsertInstructionParams{
		ID: idOf("instruction", t.ConversationID.String(), actionID), TurnID: turn.ID, PromptVersion: again.PromptVersion,
		Model: again.Model, Actor: actor, Reason: reason, Auto: again.Auto,
	}
	n, err := d.DB.InsertInstruction(ctx, row)
	if err != nil {
		return ticket.ActionResult{}, schema.Classify(err)
	}
	if n == 0 {
		known, err := d.DB.InstructionByID(ctx, row.ID)
		if err != nil {
			return ticket.ActionResult{}, schema.Classify(err)
		}
		if known.TurnID != row.TurnID || known.PromptVersion != row.PromptVersion || known.Model != row.Model ||
			known.Reason != row.Reason || known.Auto != row.Auto {
			return ticket.ActionResult{}, reused()
		}
	}
	return d.update(ctx, t, ticket.ActionOverride, ticket.ActionRequest{
		ActionID: actionID, Actor: actor, TurnID: turn.ID, InstructionID: row.ID,
	})
}

// turn returns a turn of the ticket's conversation.
func (d *Desk) turn(ctx context.Context, t Ticket, id uuid.UUID) (schema.Turn, error) {
	var turn schema.Turn
	var err error
	if id == uuid.Nil {
		turn, err = d.DB.NewestTurn(ctx, t.ID)
	} else {
		turn, err = d.DB.Turn(ctx, id)
	}
	switch {
	case schema.NoRows(err) && id == uuid.Nil:
		return turn, unknown("the assistant has not taken a turn on " + t.Number + " yet")
	case schema.NoRows(err) || err == nil && turn.ConversationID != t.ConversationID:
		return turn, unknown("this turn is not one of " + t.Number)
	}
	return turn, schema.Classify(err)
}

// idOf returns the id of what an action stores: the same for the same action.
func idOf(kind string, parts ...string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("fte/"+kind+"/"+strings.Join(parts, "/")))
}

func reused() error {
	return ticket.Errorf(ticket.CodeConflict, "this action id has been used for something else before: ask again with a new one")
}
