package triage

import (
	"cmp"
	"slices"

	"github.com/digital-fte/fte/ticket"
)

// codes are the escalation codes a rule can have, the weightiest first: danger,
// law, the account, money, abuse, then the wish for a person, then what else.
var codes = []string{
	"safety", "legal_threat", "security", "refund_request", "price_negotiation", "abuse",
	"human_requested", "negative_sentiment", "identity_unverified", "action_needed", ticket.EscalateUnreadable,
}

// urgencies are how soon a person is needed.
var urgencies = []string{"low", "medium", "high", "urgent"}

// rank returns the place of a code among the codes, or -1.
func rank(code string) int { return slices.Index(codes, code) }

// byWeight orders what fired, the weightiest first.
func byWeight(a, b Fired) int {
	return cmp.Or(
		cmp.Compare(rank(a.Code), rank(b.Code)),
		cmp.Compare(slices.Index(urgencies, b.Urgency), slices.Index(urgencies, a.Urgency)),
		cmp.Compare(a.Rule, b.Rule),
	)
}
