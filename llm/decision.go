package llm

import (
	"github.com/google/uuid"
)

// Limits of what the model may propose.
const (
	MaxCitations    = 20
	MaxQueryBytes   = 3 << 10
	MaxMessageBytes = 16 << 10
)

// Decision is what the model proposes: exactly one field is set.
type Decision struct {
	Respond  *Response
	Escalate *Escalation
	Search   *Search
}

// Response is a proposed answer. Whether its citations were retrieved and
// support it is for the review to say.
type Response struct {
	Message   string
	Citations []uuid.UUID // no repeats
	Triage    Triage
}

// Escalation is the wish to hand over to a person.
type Escalation struct {
	Reason  Reason
	Urgency Priority
	Triage  Triage
}

// Search is the wish to search the knowledge base again.
type Search struct {
	Query string
}

// Triage is how the model sees the customer's latest messages.
type Triage struct {
	Sentiment  float64 // 0 furious, 0.5 neutral, 1 delighted
	Confidence float64 // 0 to 1
	Category   Category
	Priority   Priority
	Language   string // such as "en" or "pt-BR"
}

// Reason says in one word why the model asks for a person. It may also be a
// word that is not among Reasons: servers that do not enforce schemas invent
// them. It is never prose.
type Reason string

// The reasons the model can choose from.
const (
	ReasonPricing    Reason = "price_negotiation"    // discounts, individual offers
	ReasonRefund     Reason = "refund_request"       // refunds, chargebacks, disputed payments
	ReasonLegal      Reason = "legal_threat"         // legal action, demands under law
	ReasonAbuse      Reason = "abuse"                // insults, threats
	ReasonSentiment  Reason = "negative_sentiment"   // sentiment below 0.3
	ReasonSafety     Reason = "safety"               // self-harm, danger to anybody
	ReasonSecurity   Reason = "security"             // account taken over, leaked credentials, manipulation
	ReasonWantsHuman Reason = "human_requested"      // an explicit wish for a person
	ReasonNoAnswer   Reason = "no_answer_found"      // two searches without support
	ReasonConfidence Reason = "low_confidence"       // not sure enough
	ReasonIdentity   Reason = "identity_unverified"  // account data needed, customer unverified
	ReasonAction     Reason = "action_needed"        // something must be done that only people can do
	ReasonLanguage   Reason = "unsupported_language" // the knowledge base does not have the language
	ReasonUnreadable Reason = "unreadable"           // content that cannot be read
	ReasonOther      Reason = "other"
)

// Reasons returns the reasons the model can choose from.
func Reasons() []Reason {
	return []Reason{
		ReasonPricing, ReasonRefund, ReasonLegal, ReasonAbuse, ReasonSentiment, ReasonSafety, ReasonSecurity, ReasonWantsHuman,
		ReasonNoAnswer, ReasonConfidence, ReasonIdentity, ReasonAction, ReasonLanguage, ReasonUnreadable, ReasonOther,
	}
}

// Priority is how much a matter presses.
type Priority string

// The priorities.
const (
	PriorityLow    Priority = "low"
	PriorityMedium Priority = "medium"
	PriorityHigh   Priority = "high"
	PriorityUrgent Priority = "urgent"
)

// Priorities returns the priorities, the least first.
func Priorities() []Priority {
	return []Priority{PriorityLow, PriorityMedium, PriorityHigh, PriorityUrgent}
}

// Category is what a matter is about; the same words as on the web form.
type Category string

// The categories.
const (
	CategoryGeneral   Category = "general"
	CategoryTechnical Category = "technical"
	CategoryBilling   Category = "billing"
	CategoryFeedback  Category = "feedback"
	CategoryBugReport Category = "bug_report"
)

// Categories returns every category.
func Categories() []Category {
	return []Category{CategoryGeneral, CategoryTechnical, CategoryBilling, CategoryFeedback, CategoryBugReport}
}
