// Package triage reads a customer's words by rules: what only a person may
// answer, how the customer feels, whether an earlier answer did not help, and
// whether somebody tries to manipulate the assistant. It asks no model and no
// database, and never quotes the customer: what it returns are names of rules
// and numbers.
package triage

import (
	"github.com/digital-fte/fte/language"
	"github.com/digital-fte/fte/ticket"
)

// Message is what is read of one message of a customer, without what it quotes.
type Message struct {
	Channel ticket.Channel
	Subject string
	Text    string
}

// Fired is a rule that matched.
type Fired struct {
	Rule    string `json:"rule"`    // its stable name, trigger/<code>/<language>.<name>
	Code    string `json:"code"`    // why a person is asked, an escalation code
	Urgency string `json:"urgency"` // medium, high or urgent
}

// Assessment is what the rules say about a batch of messages.
type Assessment struct {
	Fired     []Fired        `json:"fired,omitempty"` // the weightiest first
	Sentiment float64        `json:"sentiment"`       // 0 furious, 0.5 neutral, 1 delighted
	Language  language.Guess `json:"language"`
	Injection float64        `json:"injection,omitempty"` // 0..1: how much looks like an attempt to steer the assistant
	Repeats   bool           `json:"repeats,omitempty"`   // says that an earlier answer did not help
}
