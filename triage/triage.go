// Package triage reads a customer's words by rules: what only a person may
// answer, how the customer feels, whether an earlier answer did not help, and
// whether somebody tries to manipulate the assistant. It asks no model and no
// database, and never quotes the customer: what it returns are names of rules
// and numbers.
package triage

import (
	"slices"

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
	Question  bool           `json:"question,omitempty"`  // asks something, apart from what the injection is
	Repeats   bool           `json:"repeats,omitempty"`   // says that an earlier answer did not help
}

const (
	// unhappy is the sentiment below which a person has to answer.
	unhappy = 0.3
	// steering is the injection score from which a message that asks nothing
	// goes to a person.
	steering = 0.7
)

// Person returns the rule for which a person has to answer without the model
// being asked: the weightiest that fired, or a mood or an attempt to steer the
// assistant that is none of its business.
func (a Assessment) Person() (Fired, bool) {
	switch {
	case len(a.Fired) > 0:
		return a.Fired[0], true
	case a.Injection >= steering && !a.Question:
		return Fired{Rule: "injection/score", Code: "security", Urgency: "medium"}, true
	case a.Sentiment < unhappy:
		return Fired{Rule: "sentiment/low", Code: ticket.EscalateSentiment, Urgency: "high"}, true
	default:
		return Fired{}, false
	}
}

const (
	low     = 0.4  // of a message that counts as unhappy in a trend
	sinking = 0.45 // below which a fall of mood means something
)

// Trend reports that a customer grows unhappier: two of the last three
// messages below 0.4, or four in a row each unhappier than the one before and
// the last below 0.45. Earlier sentiments are given the oldest first.
func Trend(earlier []float64, now float64) (falling bool) {
	all := append(slices.Clone(earlier), now)
	unhappyOnes := 0
	for _, s := range all[max(0, len(all)-3):] {
		if s < low {
			unhappyOnes++
		}
	}
	if unhappyOnes >= 2 {
		return true
	}
	if len(all) < 4 || now >= sinking {
		return false
	}
	last := all[len(all)-4:]
	return last[0] > last[1] && last[1] > last[2] && last[2] > last[3]
}
