package ticket

import (
	"strings"

	"github.com/google/uuid"
)

// Action is something a person does to a ticket. It is also the name of the
// workflow update that asks for it.
type Action string

// The actions.
const (
	ActionTakeover     Action = "takeover"
	ActionRelease      Action = "release"
	ActionApproveDraft Action = "approve_draft"
	ActionRejectDraft  Action = "reject_draft"
	ActionReply        Action = "reply"
	ActionResolve      Action = "resolve"
	ActionReopen       Action = "reopen"
	ActionSetPriority  Action = "set_priority"
	ActionOverride     Action = "override"
)

// Actions returns every action in a stable order.
func Actions() []Action {
	return []Action{
		ActionTakeover, ActionRelease, ActionApproveDraft, ActionRejectDraft, ActionReply,
		ActionResolve, ActionReopen, ActionSetPriority, ActionOverride,
	}
}

// ActorClock is the actor of what a timer does.
const ActorClock = "clock"

// Bounds of an action's words, in bytes.
const (
	MaxHandle   = 63
	MaxActionID = 200
)

// IsHandle reports whether s is a name under which a person may act: small
// letters, digits, dots, dashes and underscores. It is shown and kept, so it is
// never an address.
func IsHandle(s string) bool {
	letterOrDigit := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
	return s != "" && len(s) <= MaxHandle && letterOrDigit(rune(s[0])) && !strings.ContainsFunc(s, func(r rune) bool {
		return !letterOrDigit(r) && r != '.' && r != '_' && r != '-'
	})
}

// ActionRequest is the argument of every update. ActionID makes it happen once,
// however often it is asked for; Actor is the handle of who asks, never an
// address. The other fields belong to single actions.
type ActionRequest struct {
	ActionID      string    `json:"action_id"`
	Actor         string    `json:"actor"`
	DraftID       uuid.UUID `json:"draft_id,omitzero"`
	MessageID     uuid.UUID `json:"message_id,omitzero"`
	NoteID        uuid.UUID `json:"note_id,omitzero"`
	TurnID        uuid.UUID `json:"turn_id,omitzero"`
	InstructionID uuid.UUID `json:"instruction_id,omitzero"`
	Priority      string    `json:"priority,omitempty"`
	ReasonCode    string    `json:"reason_code,omitempty"`
}

// ActionResult is the result of every update. InFlight names the sends that a
// provider may have taken when a person took over: they are looked for and
// never sent again.
type ActionResult struct {
	Status   Status   `json:"status"`
	Owner    Owner    `json:"owner"`
	Epoch    int64    `json:"epoch"`
	InFlight []string `json:"in_flight"`
}

// ApplyActionInput asks for one action on a conversation.
type ApplyActionInput struct {
	ConversationID uuid.UUID `json:"conversation_id"`
	Action         Action    `json:"action"`
	ActionRequest
}

// ApplyActionResult says what came of an action.
type ApplyActionResult struct {
	Standing
	InFlight []string `json:"in_flight,omitempty"`
	// Unanswered are customers' messages that the assistant has to answer now,
	// because the ticket was given back to it.
	Unanswered []MessageRef `json:"unanswered,omitempty"`
}

// SendStaffReplyInput names a person's message that an action has put into the outbox.
type SendStaffReplyInput struct {
	MessageID uuid.UUID `json:"message_id"`
}

// SendStaffReplyResult says how it went.
type SendStaffReplyResult struct {
	Standing
	Parts int `json:"parts"`
	// Held says that it waits for the customer to write: only then may it go out.
	Held bool `json:"held,omitempty"`
}

// ReadTicketInput names a conversation.
type ReadTicketInput struct {
	ConversationID uuid.UUID `json:"conversation_id"`
}

// Mode says what the assistant may do by itself.
type Mode string

// The modes.
const (
	ModeOff   Mode = "off"   // nothing: every message goes to a person
	ModeDraft Mode = "draft" // it proposes, and a person approves
	ModeAuto  Mode = "auto"  // it answers
)

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool { return m == ModeOff || m == ModeDraft || m == ModeAuto }
