package ticket

import (
	"time"

	"github.com/google/uuid"
)

// Step is how far the asking for a person has come.
type Step string

// The steps of an escalation.
const (
	StepAsk         Step = ""             // a person has to take over
	StepWarning     Step = "warning"      // a promise will be broken soon; the ticket stays as it is
	StepReminder    Step = "reminder"     // nobody has taken over in time
	StepSecondLevel Step = "second_level" // still nobody has
)

// EscalateInput asks for a person. Code says why in a single word. TurnID is
// zero when a clock asks; DueAt then makes the request distinct.
type EscalateInput struct {
	TicketID    uuid.UUID `json:"ticket_id"`
	TurnID      uuid.UUID `json:"turn_id"`
	Code        string    `json:"code"`
	Step        Step      `json:"step,omitempty"`
	DueAt       time.Time `json:"due_at,omitzero"`
	Urgency     string    `json:"urgency"`
	Rule        string    `json:"rule,omitempty"`    // which rule asks, where it is not Code itself
	ModelCallID uuid.UUID `json:"model_call_id"`     // whose words explain it; may be zero
	DraftID     uuid.UUID `json:"draft_id,omitzero"` // what the assistant would have said
}

// EscalateResult says where the ticket stands.
type EscalateResult struct {
	Standing
}

// Why a person is asked, besides the reasons the model gives itself. The
// codes are shown to leads and counted.
const (
	EscalateReview       = "review_failed"
	EscalateModel        = "model_unavailable"
	EscalateNoAnswer     = "no_answer_found"
	EscalateNotDelivered = "not_delivered"
	EscalateFault        = "processing_error"
	EscalateApproval     = "approval_needed"
	EscalateOff          = "assistant_off"
	EscalateRejected     = "draft_rejected"
	EscalateReopened     = "reopened"
	EscalateAtRisk       = "sla_at_risk"
	EscalateBreached     = "sla_breached"
	EscalateUnresolved   = "unresolved"
	EscalateOptedOut     = "opted_out"
	EscalateLoop         = "loop_suspected"
	EscalateUnreadable   = "unreadable"
	EscalateWindow       = "window_closing"
	EscalateBadOutput    = "bad_output"
	EscalateBudget       = "budget_spent"
	EscalateIdentity     = "identity_unverified"
	EscalateUnsure       = "low_confidence"
	EscalateSentiment    = "negative_sentiment"
	EscalateRepeated     = "repeated_problem"
	EscalateLanguage     = "unsupported_language"
	EscalateSecurity     = "security"
)

// Rules that ask for a person because a customer has not proved who they are.
const (
	RuleProofLate  = "proof/late"  // no code came in time
	RuleProofWrong = "proof/wrong" // too many wrong ones
)

// ProofTried reports that a rule fired because a proof was asked for in vain,
// so that it is not asked for again.
func ProofTried(rule string) bool { return rule == RuleProofLate || rule == RuleProofWrong }

// RuleOf names what decided that a person has to answer: the escalation code,
// and the rule behind it where one fired.
func RuleOf(code, rule string) string {
	if rule == "" {
		return "escalate:" + code
	}
	return "escalate:" + code + " by " + rule
}

// EscalationMeaning says in a sentence what an escalation code means to a lead.
func EscalationMeaning(code string) string {
	switch code {
	case "price_negotiation":
		return "The customer wants a price or discount that is not published."
	case "refund_request":
		return "The customer asks for money back or disputes a payment."
	case "legal_threat":
		return "The customer mentions legal steps or rights."
	case "abuse":
		return "The message is abusive or very angry."
	case EscalateSentiment:
		return "The customer is very unhappy."
	case "safety":
		return "Somebody may be in danger."
	case EscalateSecurity:
		return "An account may be taken over, or somebody tries to manipulate the assistant."
	case "human_requested":
		return "The customer asks for a person."
	case EscalateNoAnswer:
		return "The knowledge base has no answer."
	case EscalateUnsure:
		return "The assistant is not sure enough of its answer."
	case EscalateIdentity:
		return "The request needs a customer whose identity is verified."
	case EscalateLanguage:
		return "The message is in a language the knowledge base does not have."
	case EscalateUnreadable:
		return "The content of the message cannot be read."
	case "action_needed":
		return "Something has to be done that only people can do."
	case EscalateBadOutput:
		return "The language model answered twice with something that cannot be used."
	case EscalateBudget:
		return "What may be spent on the language model is spent; a person has to answer."
	case EscalateRepeated:
		return "The customer says again that the answers do not help."
	case EscalateReview:
		return "The answer did not pass the review before sending."
	case EscalateModel:
		return "The language model could not be reached or used."
	case EscalateNotDelivered:
		return "The answer could not be delivered, or it is unknown whether it was."
	case EscalateApproval:
		return "The assistant has drafted an answer; a person has to approve it."
	case EscalateOff:
		return "The assistant is switched off here; a person has to answer."
	case EscalateRejected:
		return "A person has rejected the assistant's draft; somebody has to answer."
	case EscalateReopened:
		return "A person has reopened the ticket."
	case EscalateAtRisk:
		return "A promised time will be missed soon."
	case EscalateBreached:
		return "A promised time was missed."
	case EscalateUnresolved:
		return "The ticket has been waiting for us for a day."
	case EscalateOptedOut:
		return "The customer has asked for no more automatic messages and has written again; only a person may answer."
	case EscalateLoop:
		return "So many automatic answers went to this address that it may be a machine; a person has to look."
	case EscalateWindow:
		return "The time in which WhatsApp lets us answer freely ends soon."
	case EscalateFault:
		return "Something went wrong while the message was processed."
	default:
		return "The assistant asked for a person."
	}
}
