package openai

// reason is why the model wants a person, in the words of its tool call.
type reason struct {
	code    string
	urgency string
}

// mustEscalate returns the reason that the customer's own words give.
func mustEscalate(text string) (reason, bool) {
	switch {
	case has(text, "lawyer", "lawyers", "attorney", "solicitor", "lawsuit", "sue", "suing", "legal action", "legal steps",
		"to court", "in court", "small claims", "consumer protection", "ombudsman"):
		return reason{code: "legal_threat", urgency: "high"}, true
	case has(text, "refund", "refunds", "refunded", "money back", "chargeback", "charge back", "reimburse", "reimbursement"):
		return reason{code: "refund_request", urgency: "medium"}, true
	case has(text, "discount", "discounts", "price match", "better price", "lower price", "better deal", "cheaper", "negotiate",
		"custom pricing", "special offer"):
		return reason{code: "price_negotiation", urgency: "low"}, true
	case has(text, "human", "humans", "real person", "a person", "human being", "live agent", "human agent", "real agent",
		"speak to someone", "talk to someone", "speak with someone", "talk with someone", "a representative", "your representative", "your manager", "a manager",
		"supervisor", "customer service agent", "call me back") && !has(text, "human resources", "a password manager", "a task manager"):
		return reason{code: "human_requested", urgency: "medium"}, true
	}
	for _, word := range tokens(text) {
		if abusive(word) {
			return reason{code: "abuse", urgency: "high"}, true
		}
	}
	return reason{}, false
}

func abusive(word string) bool {
	switch word {
	case "fuck", "fucking", "fucked", "shit", "bullshit", "asshole", "bastard", "bastards", "bitch", "idiot", "idiots", "moron", "morons", "crap", "stupid":
		return true
	}
	return false
}
