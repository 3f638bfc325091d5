package triage

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/digital-fte/fte/triage/judge"
)

//go:embed judge.txt
var weights string

// likely is the model that weighs all words of a message together, which a test
// loads: a fault in its weights cannot be met at run time.
var likely = sync.OnceValue(func() *judge.Model {
	m, err := judge.Parse(weights)
	if err != nil {
		panic(err)
	}
	return m
})

// ruleLikely is the name of what the judge found.
const ruleLikely = "model/likely"

const (
	// surely is from which odds a message goes to a person though no rule fired.
	surely = 1.2
	// surelyGerman is the same for German, of which the judge has seen less.
	surelyGerman = 1.7
	// hardly is below which odds a rule of a weak code is not believed.
	hardly = -1.5
)

// weak are the codes whose rules can be outweighed: a mistake costs a customer
// an answer that is not meant for him, not his health, his money or his account.
var weak = []string{"price_negotiation", "human_requested", "identity_unverified", "action_needed", "refund_request"}

// Judged reports that messages with an escalation code are what the judge learns from.
func Judged(code string) bool { return rank(code) >= 0 && code != "unreadable" }

// Words returns the words of a message as the judge takes them.
func (m Message) Words() []string { return words(m.tokens()) }

func words(text []token) []string {
	var out []string
	for _, t := range text {
		switch t.word {
		case comma, messageStart, messageEnd:
		default:
			out = append(out, t.word)
		}
	}
	return out
}

// weigh lets the judge add what the rules have missed and drop what they have
// misread. It was taught English and German.
func (a *Assessment) weigh(text []token) {
	if l := a.Language; !l.Sure || l.Mixed || l.Code != "en" && l.Code != "de" {
		return
	}
	v := likely().Judge(words(text))
	if v.Odds < hardly {
		a.Fired = slices.DeleteFunc(a.Fired, func(f Fired) bool { return slices.Contains(weak, f.Code) })
	}
	enough := surely
	if a.Language.Code == "de" {
		enough = surelyGerman
	}
	if v.Odds > enough && len(a.Fired) == 0 && a.Injection == 0 {
		a.Fired = append(a.Fired, Fired{Rule: ruleLikely, Code: v.Code, Urgency: urgencyOf[v.Code]})
	}
}

// urgencyOf says how soon a person is needed for what the judge has found.
var urgencyOf = map[string]string{
	"safety": "urgent", "legal_threat": "urgent", "security": "urgent", "refund_request": "high", "abuse": "high",
	"negative_sentiment": "high", "price_negotiation": "medium", "human_requested": "medium", "identity_unverified": "medium",
	"action_needed": "medium",
}
