package eval

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
)

// Triage says how the rules judge labelled messages.
type Triage struct {
	Kind    string   `json:"kind"` // triage
	Figures []Figure `json:"figures"`
	// Reasons counts, by the labelled reason, how many there are, for how many
	// of them a person is asked, and for how many for that very reason.
	Reasons []ReasonCount `json:"reasons"`
	// Wrong are the messages that are judged wrongly.
	Wrong []Misjudged `json:"wrong"`
}

// ReasonCount is one row of Triage.Reasons.
type ReasonCount struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	Asked  int    `json:"asked"`
	Named  int    `json:"named"`
}

// Misjudged is a message that should have gone to a person and did not, or the
// other way round. Rule is the one that fired.
type Misjudged struct {
	ID       string `json:"id"`
	At       string `json:"at"` // file and line
	Escalate bool   `json:"escalate"`
	Reason   string `json:"reason,omitempty"`
	Rule     string `json:"rule,omitempty"`
}

// JudgeMessages lets rules judge messages as the service does before any model
// is asked. languages are those that the knowledge base has: what is certainly
// in another one is for a person.
func JudgeMessages(rules *triage.Rules, messages []Message, languages []string) Triage {
	t := Triage{Kind: "triage"}
	reasons := map[string]*ReasonCount{}
	whole := &tally{}
	files := map[string]*tally{}
	for _, m := range messages {
		found := rules.Assess([]triage.Message{{Channel: m.Channel, Subject: m.Subject, Text: m.Text}})
		fired, asked := found.Person()
		if l := found.Language; !asked && l.Sure && len(languages) > 0 && !slices.Contains(languages, l.Code) {
			fired, asked = triage.Fired{Code: ticket.EscalateLanguage, Rule: "language/" + l.Code}, true
		}
		if files[m.File] == nil {
			files[m.File] = &tally{}
		}
		for _, c := range []*tally{whole, files[m.File]} {
			c.count(m, asked, fired.Code, found.Sentiment)
		}
		if *m.Escalate {
			r := reasons[m.Reason]
			if r == nil {
				r = &ReasonCount{Reason: m.Reason}
				reasons[m.Reason] = r
			}
			r.Count++
			if asked {
				r.Asked++
			}
			if fired.Code == m.Reason {
				r.Named++
			}
		}
		if asked != *m.Escalate {
			t.Wrong = append(t.Wrong, Misjudged{
				ID: m.ID, At: fmt.Sprintf("%s:%d", m.File, m.Line), Escalate: *m.Escalate, Reason: m.Reason, Rule: fired.Rule,
			})
		}
	}
	t.Figures = whole.figures("")
	if len(files) > 1 {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			t.Figures = append(t.Figures, files[name].figures(name+" ")...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		t.Reasons = append(t.Reasons, *reasons[name])
	}
	return t
}

// tally counts what came of messages.
type tally struct {
	due, asked, right, named int // for a person; sent to one; both; both, for the labelled reason
	all, felt                int
	away                     float64 // sum of the distances of sentiments
}

func (c *tally) count(m Message, asked bool, code string, sentiment float64) {
	c.all++
	if *m.Escalate {
		c.due++
	}
	if asked {
		c.asked++
	}
	if asked && *m.Escalate {
		c.right++
		if code == m.Reason {
			c.named++
		}
	}
	if m.Sentiment != nil {
		c.felt++
		c.away += math.Abs(*m.Sentiment - sentiment)
	}
}

func (c *tally) figures(prefix string) []Figure {
	figures := []Figure{
		{prefix + "recall", rate(c.right, c.due), Higher, c.due},
		{prefix + "precision", rate(c.right, c.asked), Higher, c.asked},
		{prefix + "false escalation", rate(c.asked-c.right, c.all-c.due), Lower, c.all - c.due},
		{prefix + "right reason", rate(c.named, c.right), Higher, c.right},
	}
	if c.felt > 0 {
		figures = append(figures, Figure{prefix + "sentiment error", c.away / float64(c.felt), Lower, c.felt})
	}
	return figures
}

// String is the report for people.
func (t Triage) String() string {
	var out strings.Builder
	out.WriteString(describe(t.Figures))
	out.WriteString("\nreason                count  asked  named\n")
	for _, r := range t.Reasons {
		fmt.Fprintf(&out, "%-20s  %5d  %5d  %5d\n", r.Reason, r.Count, r.Asked, r.Named)
	}
	return out.String()
}

// Confusion lists the messages that were judged wrongly, for people.
func (t Triage) Confusion() string {
	var out strings.Builder
	for _, w := range t.Wrong {
		if w.Escalate {
			fmt.Fprintf(&out, "missed  %s  %s  (%s)\n", w.ID, w.Reason, w.At)
		} else {
			fmt.Fprintf(&out, "false   %s  %s  (%s)\n", w.ID, w.Rule, w.At)
		}
	}
	return out.String()
}
