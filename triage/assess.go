package triage

import "github.com/digital-fte/fte/language"

// Assess reads a batch of messages.
func Assess(batch []Message) Assessment {
	a := Assessment{Sentiment: 0.5}
	for _, m := range batch {
		a.Language = language.Detect(m.Subject + "\n" + m.Text)
	}
	return a
}

// Person returns the rule for which a person has to answer without the model
// being asked.
func (a Assessment) Person() (Fired, bool) {
	if len(a.Fired) > 0 {
		return a.Fired[0], true
	}
	return Fired{}, false
}

// Trend reports that a customer grows unhappier: two of the last three
// messages below 0.4, or four in a row each unhappier than the one before and
// the last below 0.45. Earlier sentiments are given the oldest first.
func Trend(earlier []float64, now float64) (falling bool) {
	all := append(append([]float64(nil), earlier...), now)
	low := 0
	for _, s := range all[max(0, len(all)-3):] {
		if s < 0.4 {
			low++
		}
	}
	if low >= 2 {
		return true
	}
	if len(all) < 4 || now >= 0.45 {
		return false
	}
	last := all[len(all)-4:]
	return last[1] < last[0] && last[2] < last[1] && last[3] < last[2]
}
