package workflows

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

const (
	maxRequest = 4096 // bytes
	maxReason  = 64
)

// request is the argument of an update. A longer one than any of ours is not
// even read: once accepted it would be part of the history, and the server ends
// a run whose history cannot hold it.
type request struct{ ticket.ActionRequest }

// UnmarshalJSON reads a request of a bounded size.
func (r *request) UnmarshalJSON(data []byte) error {
	if len(data) > maxRequest {
		return errors.New("the request is too long: it holds ids and single words only, texts are stored first")
	}
	return json.Unmarshal(data, &r.ActionRequest)
}

// refuse returns why an action cannot be done now, in a sentence for the person
// who asked; nil if it can. It only looks: nothing changes, and a refused
// update leaves no trace in the history.
func (c *conversation) refuse(action ticket.Action, req ticket.ActionRequest) error {
	if why := malformed(action, req); why != "" {
		return temporal.NewApplicationError(why, string(ticket.CodeInvalid))
	}
	// Who asks again for what was done gets the same answer again.
	if slices.Contains(c.done, req.ActionID) {
		return nil
	}
	if why := c.untimely(action, req); why != "" {
		return temporal.NewApplicationError(why, string(ticket.CodeConflict))
	}
	return nil
}

// malformed says what is wrong with a request whatever the ticket's state.
func malformed(action ticket.Action, req ticket.ActionRequest) string {
	switch {
	case req.ActionID == "" || len(req.ActionID) > ticket.MaxActionID:
		return "Each action needs an action_id of its own, of at most 200 characters."
	case !ticket.IsHandle(req.Actor):
		return "The actor must be a short name in small letters, digits, dots and dashes, such as ana; never an address."
	}
	needs := func(id uuid.UUID, what string) string {
		if id == uuid.Nil {
			return what
		}
		return ""
	}
	switch action {
	case ticket.ActionApproveDraft, ticket.ActionRejectDraft:
		if req.DraftID != uuid.Nil && action == ticket.ActionRejectDraft && !isCode(req.ReasonCode) {
			return "Say why in one word, such as wrong, incomplete or tone (reason_code)."
		}
		return needs(req.DraftID, "Say which draft you mean (draft_id): it may have been replaced since you read it.")
	case ticket.ActionReply:
		return needs(req.MessageID, "There is no text to send (message_id).")
	case ticket.ActionResolve:
		return needs(req.NoteID, "Say in a note how the matter was settled (note_id).")
	case ticket.ActionOverride:
		if req.InstructionID == uuid.Nil {
			return "Say what is to be different this time (instruction_id)."
		}
		return needs(req.TurnID, "Say which turn is to be answered again (turn_id).")
	case ticket.ActionSetPriority:
		if !slices.Contains(ticket.Priorities(), req.Priority) {
			return "The priority must be low, medium, high or urgent."
		}
	case ticket.ActionTakeover, ticket.ActionRelease, ticket.ActionReopen:
	}
	return ""
}

// untimely says why the ticket's state does not allow the action.
func (c *conversation) untimely(action ticket.Action, req ticket.ActionRequest) string {
	open, name := c.standing.TicketID != uuid.Nil, c.name()
	owner := c.standing.Assignee
	if owner == "" {
		owner = "a colleague"
	}
	switch action {
	case ticket.ActionTakeover, ticket.ActionReply:
		// Who answers from the mailbox is not known by name: anybody may go on.
		if c.mute() && c.standing.Assignee != "" && c.standing.Assignee != req.Actor {
			return name + " is with " + owner + ". Ask " + owner + " to release it first."
		}
		return "" // a closed ticket is opened again
	case ticket.ActionReopen:
		switch c.standing.Status {
		case ticket.Resolved, ticket.WaitingCustomer, ticket.Closed:
			return ""
		case ticket.Open, ticket.NeedsHuman, ticket.WithHuman, ticket.Received:
		}
		if !open {
			return ""
		}
		return name + " is not settled: there is nothing to reopen."
	case ticket.ActionRelease, ticket.ActionApproveDraft, ticket.ActionRejectDraft, ticket.ActionResolve,
		ticket.ActionSetPriority, ticket.ActionOverride:
	}
	if !open {
		return "No ticket is open here. Reopen the last one first."
	}
	switch action {
	case ticket.ActionRelease:
		if !c.mute() {
			return name + " is with the assistant already."
		}
	case ticket.ActionApproveDraft, ticket.ActionRejectDraft:
		return c.outdated(req.DraftID)
	case ticket.ActionResolve:
		switch {
		case c.standing.Status == ticket.Resolved:
			return name + " is resolved already."
		case c.turning && !c.mute():
			return "The assistant is answering a message of " + name + " right now. Wait a moment, or take it over first."
		}
	case ticket.ActionOverride:
		return c.notAgain(req.TurnID)
	case ticket.ActionTakeover, ticket.ActionReply, ticket.ActionReopen, ticket.ActionSetPriority:
	}
	return ""
}

// outdated says why a draft cannot be decided about.
func (c *conversation) outdated(draft uuid.UUID) string {
	switch {
	case c.pending == nil && c.mute():
		return c.name() + " is with a person now: no draft waits for approval. Reply in your own words."
	case c.pending == nil:
		return "No draft of " + c.name() + " waits for approval. It may have been decided about, or a new message has come in."
	case c.pending.DraftID != draft:
		return "This draft has been replaced by a newer one. Look at " + c.name() + " again and decide about that."
	}
	return ""
}

// notAgain says why a turn cannot be answered again now.
func (c *conversation) notAgain(turn uuid.UUID) string {
	switch {
	case c.mute():
		return c.name() + " is with a person. Release it first, then let the assistant try again."
	case c.turning || c.verdict != nil || c.retake != nil:
		return "The assistant is at work on " + c.name() + " right now. Wait until it is done."
	case c.pending != nil:
		return "A draft of " + c.name() + " waits for approval. Decide about that first."
	case !slices.ContainsFunc(c.timeline, func(e ticket.Event) bool { return e.TurnID == turn }):
		return "This turn is not one of the last of " + c.name() + "."
	}
	return ""
}

// name is what people call the ticket.
func (c *conversation) name() string {
	if c.standing.TicketNumber == "" {
		return "The ticket"
	}
	return c.standing.TicketNumber
}

// isCode reports whether s is a single word, never prose.
func isCode(s string) bool {
	return s != "" && len(s) <= maxReason && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
}
