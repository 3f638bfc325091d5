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
	surely = 1.4
	// surelyGerman is the same for German, of which the judge has seen less.
	surelyGerman = 1.7
	// hardly is below which odds a rule of a weak code is not believed.
	hardly = -1.5
	// hardlyEver is the same for graver codes. Of the labelled messages that are
	// about one of them, 5 in 236 lie below it when the judge has not seen them,
	// and of those that need nobody, 517 in 837.
	hardlyEver = -2
)

// weak are the codes whose rules can be outweighed: a mistake costs a customer
// an answer that is not meant for him, not his health, his money or his account.
var weak = []string{"price_negotiation", "human_requested", "identity_unverified", "action_needed", "refund_request"}

// grave are the codes whose rules can be outweighed by more: the model behind the
// rules has the same reasons to ask for a person. Danger is believed always.
var grave = []string{"security", "abuse", "legal_threat"}

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

// fewest is how many words the judge needs to add something.
const fewest = 5

// judge asks the judge, which was taught English and German.
func (a *Assessment) judge(text []token) (v judge.Verdict, enough float64, ok bool) {
	all := words(text)
	enough = surely
	if a.Language.Code == "de" {
		enough = surelyGerman
	}
	if l := a.Language; !l.Sure || l.Mixed || l.Code != "en" && l.Code != "de" || len(all) < fewest {
		return v, enough, false
	}
	return likely().Judge(all), enough, true
}

// drop leaves out the rules that the rest of the message speaks against; a grave
// one only if its own sentence does so too, since a threat may stand among
// ordinary questions.
func (r *reading) drop(v judge.Verdict) {
	r.fired = slices.DeleteFunc(r.fired, func(f firedAt) bool {
		switch {
		case slices.Contains(weak, f.Code):
			return v.Odds < hardly
		case slices.Contains(grave, f.Code):
			return v.Odds < hardlyEver && likely().Judge(words(r.sentenceAt(f.sentence))).Odds < 0
		}
		return false
	})
}

// supply adds what no rule has found. That an answer did not help is no reason
// by itself: it is answered once more.
func (a *Assessment) supply(v judge.Verdict, enough float64) {
	if _, person := a.Person(); !person && v.Odds > enough && a.Injection == 0 && !a.Repeats {
		a.Fired = append(a.Fired, Fired{Rule: ruleLikely, Code: v.Code, Urgency: urgencyOf[v.Code]})
	}
}

// urgencyOf says how soon a person is needed for what the judge has found.
var urgencyOf = map[string]string{
	"safety": "urgent", "legal_threat": "urgent", "security": "urgent", "refund_request": "high", "abuse": "high",
	"negative_sentiment": "high", "price_negotiation": "medium", "human_requested": "medium", "identity_unverified": "medium",
	"action_needed": "medium",
}
