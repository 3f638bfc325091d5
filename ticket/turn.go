package ticket

import (
	"time"

	"github.com/google/uuid"
)

// CreateTicketInput names the messages of a batch.
type CreateTicketInput struct {
	ConversationID uuid.UUID   `json:"conversation_id"`
	MessageIDs     []uuid.UUID `json:"message_ids"`
}

// CreateTicketResult is the turn that was opened for a batch. TurnID is zero
// when nothing of the batch is left to answer; TicketID is zero when the
// conversation has no open ticket either.
type CreateTicketResult struct {
	Standing
	TurnID      uuid.UUID   `json:"turn_id"`
	MessageIDs  []uuid.UUID `json:"message_ids,omitempty"`
	CustomerRef string      `json:"customer_ref"` // a hash, fit to be shown
	// Mode is what the assistant may do here, as far as is known before the
	// model has named the category.
	Mode Mode `json:"mode,omitempty"`
	// Plain is set when there is nothing to ask the model: what is said is fixed.
	Plain Plain `json:"plain,omitempty"`
	// Until is set with PlainSlow: what comes until then is answered in one.
	Until time.Time `json:"until,omitzero"`
	// Person is why a person has to answer without the model being asked, an
	// escalation code; empty when the model may be asked.
	Person string `json:"person,omitempty"`
	// Rule names the rule that decided Person, Urgency says how soon.
	Rule    string `json:"rule,omitempty"`
	Urgency string `json:"urgency,omitempty"`
	// Sentiment is what the rules make of the customer's mood, from 0 (furious)
	// to 1 (delighted); zero together with Person empty cannot be.
	Sentiment float64 `json:"sentiment,omitzero"`
	// Replies are a person's messages that waited for the customer to write.
	Replies []uuid.UUID `json:"replies,omitempty"`
}

// Plain says what is sent in answer to a batch without asking the model.
type Plain string

// The plain answers.
const (
	// PlainHeld sends what waited for the customer to write.
	PlainHeld Plain = "held"
	// PlainStop confirms, once, that no automatic message follows.
	PlainStop Plain = "stopped"
	// PlainStart confirms that the assistant answers again.
	PlainStart Plain = "started"
	// PlainSlow says that many messages at once are answered together. It
	// settles nothing.
	PlainSlow Plain = "slow_down"
	// PlainElsewhere says on which channel the same words were answered.
	PlainElsewhere Plain = "elsewhere"
	// PlainEmpty asks what an empty message was meant to say.
	PlainEmpty Plain = "empty"
	// PlainVerify says that a one-time code is on its way, by which the customer
	// proves who they are. The question waits for it.
	PlainVerify Plain = "verify"
	// PlainWrongCode says that a code was wrong, and how many tries are left.
	PlainWrongCode Plain = "wrong_code"
)

// FetchHistoryInput names a turn.
type FetchHistoryInput struct {
	TurnID uuid.UUID `json:"turn_id"`
}

// FetchHistoryResult names the earlier messages the model may see, newest first.
type FetchHistoryResult struct {
	MessageIDs []uuid.UUID `json:"message_ids,omitempty"`
}

// SearchKnowledgeInput asks for knowledge about a turn: in the customer's own
// words, or in those the model chose when ModelCallID is set.
type SearchKnowledgeInput struct {
	TurnID      uuid.UUID `json:"turn_id"`
	ModelCallID uuid.UUID `json:"model_call_id"`
}

// SearchKnowledgeResult is a stored search.
type SearchKnowledgeResult struct {
	SearchID uuid.UUID    `json:"search_id"`
	Version  int64        `json:"version"` // of the knowledge base; 0 when it is empty
	Chunks   []ChunkScore `json:"chunks,omitempty"`
}

// Round is one search and, unless it is the first, the model call that asked for it.
type Round struct {
	SearchID    uuid.UUID `json:"search_id"`
	ModelCallID uuid.UUID `json:"model_call_id"`
}

// CallModelInput names everything a completion is made from.
type CallModelInput struct {
	TurnID  uuid.UUID   `json:"turn_id"`
	History []uuid.UUID `json:"history,omitempty"`
	Rounds  []Round     `json:"rounds"`
	// RejectedDraftID is set for the one repair: the draft the review refused.
	RejectedDraftID uuid.UUID `json:"rejected_draft_id"`
	// Unsure says that the rejected draft broke no rule, but is too uncertain:
	// the model may ask the customer one question, or give up.
	Unsure bool `json:"unsure,omitempty"`
	// InvalidCallID is set when the model's last call could not be used: it is
	// told why, once.
	InvalidCallID uuid.UUID `json:"invalid_call_id,omitzero"`
	// InstructionID is set when an engineer or lead asked for the turn again.
	InstructionID uuid.UUID `json:"instruction_id,omitzero"`
}

// Decision is which of its tools the model chose.
type Decision string

// The decisions a model can take.
const (
	DecideRespond  Decision = "respond"
	DecideEscalate Decision = "escalate"
	DecideSearch   Decision = "search"
	// DecideInvalid is a call that cannot be used: a tool that does not exist,
	// arguments that break its rules, no call at all.
	DecideInvalid Decision = "invalid"
)

// CallModelResult is a stored completion. DraftID is set when it proposes an answer.
type CallModelResult struct {
	CallID        uuid.UUID `json:"call_id"`
	Decision      Decision  `json:"decision"`
	DraftID       uuid.UUID `json:"draft_id"`
	Escalation    string    `json:"escalation,omitempty"` // why a person is asked, a single word
	Urgency       string    `json:"urgency,omitempty"`
	Category      string    `json:"category,omitempty"`
	Priority      string    `json:"priority,omitempty"`
	Sentiment     float64   `json:"sentiment"`
	Confidence    float64   `json:"confidence,omitzero"` // the model's own, 0 to 1
	Problem       string    `json:"problem,omitempty"`   // of an invalid call, a code word
	Model         string    `json:"model"`
	PromptVersion string    `json:"prompt_version"`
}

// ReviewReplyInput names a draft.
type ReviewReplyInput struct {
	DraftID uuid.UUID `json:"draft_id"`
	// Deep lets the review compare meanings where words do not match.
	Deep bool `json:"deep,omitempty"`
}

// ReviewReplyResult says whether a draft may be sent.
type ReviewReplyResult struct {
	Passed   bool      `json:"passed"`
	Verdicts []Verdict `json:"verdicts"`
	// Deepen says that a deep review may pass what this one did not.
	Deepen bool `json:"deepen,omitempty"`
	// Confidence is how far retrieval, review and model bear the draft, 0 to 1;
	// below Threshold, which belongs to the category, it is not sent.
	Confidence float64  `json:"confidence,omitzero"`
	Threshold  float64  `json:"threshold,omitzero"`
	Sources    []string `json:"sources,omitempty"` // slugs of the cited articles, in the order of the citations
}

// SendReplyInput asks to settle a turn: with a reviewed draft, or with the
// fixed notice that a person will take care of it when DraftID is zero.
type SendReplyInput struct {
	TurnID  uuid.UUID `json:"turn_id"`
	DraftID uuid.UUID `json:"draft_id"`
	// InstructionID is set when the turn was asked for again: what it was
	// settled with stays, and the draft goes out beside it.
	InstructionID uuid.UUID `json:"instruction_id,omitzero"`
	// Plain settles the turn with a fixed text instead; DraftID is zero then.
	Plain Plain `json:"plain,omitempty"`
}

// SendState is how a SendReply ended.
type SendState string

// The ends of a SendReply.
const (
	// SendDone means that the providers have accepted every part.
	SendDone SendState = "done"
	// SendStale means that another turn settled part of the batch meanwhile:
	// nothing was written, and the turn has to be read again.
	SendStale SendState = "stale"
	// SendMuted means that a person owns the conversation: nothing more goes out.
	SendMuted SendState = "muted"
	// SendHeld means that the mode forbids to send the draft without a person's
	// approval, or at all: nothing was written, and Mode says which.
	SendHeld SendState = "held"
)

// SendReplyResult says how the turn was settled.
type SendReplyResult struct {
	Standing
	State SendState `json:"state"`
	Kind  Kind      `json:"kind"`
	Parts int       `json:"parts"`
	Mode  Mode      `json:"mode,omitempty"` // of a reply that was held
	// Waits says that parts wait for the customer to write: only then may they go out.
	Waits bool `json:"waits,omitempty"`
	// Why is the escalation code of what forbids to send anything, such as the
	// customer's own wish; State is SendHeld then.
	Why string `json:"why,omitempty"`
	// Until is set with PlainVerify: how long the code is good.
	Until time.Time `json:"until,omitzero"`
}

// CloseTicketInput names a ticket that has waited long enough.
type CloseTicketInput struct {
	TicketID uuid.UUID `json:"ticket_id"`
}

// CloseTicketResult says where the ticket stands: Closed, unless a person has
// to act on it.
type CloseTicketResult struct {
	Standing
	Closed bool `json:"closed"`
}
