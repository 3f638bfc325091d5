package openai

import (
	"regexp"
	"slices"
	"strings"
)

// reason is why the model wants a person, in the words of its tool call.
type reason struct {
	code    string
	urgency string
}

// The patterns look at a message in small letters with its words one space
// apart and no other marks.
var (
	legal = regexp.MustCompile(`\b(lawyers?|attorney|solicitor|lawsuit|suing|legal (action|steps|proceedings)|(in|to|before) court|small claims|ombudsman|consumer protection|hold \w+ liable|report you to)\b|\b(will|would|to|gonna|shall|could|can|may|might|i'll|we'll) sue\b|\bsue (you|your|the company|over|for)\b`)

	refund = regexp.MustCompile(`\b(refund(s|ed|ing)?|money back|charge ?backs?|reimburse(d|ment)?)\b|\b(charged?|billed|paid|took|deducted|debited|booked)\b.{0,40}\btwice\b|\bdouble (charge|payment|booking)|\bpay\b.{0,30}\bback\b|\bgive\b.{0,20}\bmoney\b`)

	bargain = regexp.MustCompile(`\b(discounts?|price match|(better|lower|special) (price|deal|offer|rate)|cheaper|negotiat\w+|custom pricing|too (much|expensive) for (me|us)|(can|could) (you|u) do (it for )?[€$£]? ?\d+|price reduction)\b`)

	person = regexp.MustCompile(`\b(speak|talk|connect|chat|transfer|put|pass|forward|escalate)\b( \w+){0,4} (human|person|people|someone|somebody|manager|supervisor|representative|agent|employee|colleague|boss)\b|\b(real|live|actual) (human|person|agent)\b|\bhuman (being|agent|please|support|answer|now)\b|\b(a|any) human$|\b(want|need|get me|give me) (a|an|some) (human|person|manager|supervisor|representative)\b|\bcall me\b|\bcustomer service agent\b|^(human|agent|representative|operator)$`)

	// Only somebody with access to accounts and orders can know or do these.
	account = regexp.MustCompile(`\b(where is|where's|status of|track) (my|our) (parcel|order|package|delivery|shipment)\b|\bwhy (is|was|are|were|did|does) (my|our|your|the) (\w+ )?(invoice|bill|charge|payment)\b|\b(address|name|phone number|number|password|data|details) of (the|another|a|an|your) (\w+ )?(user|person|customer|employee|colleague|owner) who\b`)

	action = regexp.MustCompile(`\bplease (switch|turn|reset|delete|cancel|unlock|change|remove|disable|deactivate|activate|refill|extend|upgrade|downgrade)\b( [\w-]+){0,8} (my|our) (\w+ )?(account|organisation|plan|order|subscription|user)\b`)
)

// mustEscalate returns the reason that the customer's own words give. It goes
// by phrases: a word such as "agent" or "issue" means nothing by itself.
func mustEscalate(text string) (reason, bool) {
	said := strings.Join(tokens(text), " ")
	switch {
	case legal.MatchString(said):
		return reason{code: "legal_threat", urgency: "high"}, true
	case refund.MatchString(said):
		return reason{code: "refund_request", urgency: "medium"}, true
	case bargain.MatchString(said):
		return reason{code: "price_negotiation", urgency: "low"}, true
	case person.MatchString(said):
		return reason{code: "human_requested", urgency: "medium"}, true
	case account.MatchString(said):
		return reason{code: "identity_unverified", urgency: "medium"}, true
	case action.MatchString(said):
		return reason{code: "action_needed", urgency: "medium"}, true
	}
	if slices.ContainsFunc(tokens(text), abusive) {
		return reason{code: "abuse", urgency: "high"}, true
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
