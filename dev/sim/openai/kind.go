package openai

import "regexp"

// kind is what sort of thing an answer must hold.
type kind int

const (
	anyKind kind = iota
	moneyKind
	durationKind
	timeKind
	countKind
	stepsKind
	placeKind
	decisionKind
	choiceKind
)

var (
	duration = regexp.MustCompile(`(?i)\d\s*(seconds?|min|minutes?|hours?|(working |calendar )?days?|weeks?|months?|years?|sekunden?|minuten?|stunden?|tagen?|tage?|wochen?|monaten?|monate?|jahren?|jahre?)\b`)
	moment   = regexp.MustCompile(`(?i)\b\d{1,2}:\d{2}\b|\b(at once|immediately|at the end of|on the first|monday|tuesday|wednesday|thursday|friday|same day|zum ende|sofort)\b`)
	money    = regexp.MustCompile(`(?i)[€$£]\s?\d|\d\s?(€|euros?\b|dollars?\b)|\b(free|kostenlos)\b`)
	number   = regexp.MustCompile(`\d`)
	place    = regexp.MustCompile(`(?i)\S > \S|https?://|\S@\S|\b(under|unter|in) [A-ZÄÖÜ]`)
	steps    = regexp.MustCompile(`(?i)^(in the [\w ]+ )?(to [^.]*, )?(then )?(open|choose|select|click|enter|go to|press|hold|push|plug|connect|put|use|scan|set|sign in|look|check|write|send|replace|take|turn|öffnen|wählen|klicken|geben|drücken|verwenden|melden)\b|, (open|choose|hold|select|press|enter|use|check|look|restart|ask|öffnen|wählen)\b| choose [A-Z]`)
	// measure is a question for a size, even if it says "long".
	measure = regexp.MustCompile(`(?i)\bhow (long|large|big|high|far|small|short) (must|should|can|may|does|do|has|have|will)\b.*\b(be|have)\b`)
	several = regexp.MustCompile(`[\p{L}\d], [^.]*\b(and|or|und|oder)\b|\b(or|oder)\b`)
	verdict = regexp.MustCompile(`(?i)\b(can|cannot|may|must|only|no|not|supports?|possible|includes?|needs?|need|kein|keine|nicht|können)\b`)
)

// kindOf reads from the words of a question what it asks for.
func kindOf(text string) kind {
	switch {
	case measure.MatchString(text):
		return countKind
	case has(text, "how much", "cost", "costs", "price", "prices", "fee", "wie viel kostet", "kostet", "preis"):
		return moneyKind
	case has(text, "how long", "until when", "how many days", "how many months", "how many minutes", "how many hours", "how many weeks", "how many years",
		"how soon", "wie lange", "how fast"):
		return durationKind
	case has(text, "when", "what time", "which day", "right away", "at once", "immediately", "wann"):
		return timeKind
	case has(text, "how many", "how often", "what is the limit", "maximum", "max", "wie viele", "measuring range"):
		return countKind
	case howTo(text):
		return stepsKind
	case has(text, "where", "wo"):
		return placeKind
	case has(text, "which", "welche", "welcher", "welches"):
		return choiceKind
	case asksForDecision(text):
		return decisionKind
	}
	return anyKind
}

func howTo(text string) bool {
	return has(text, "how do i", "how do we", "how do you", "how can i", "how can we", "how to", "how would i", "how should i", "what to do", "what now", "what can i", "what should i",
		"what do i", "is there a way", "wie kann ich", "wie können wir", "wie geht", "wie kündige", "was muss ich")
}

func asksForDecision(text string) bool {
	words := tokens(text)
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "can", "could", "do", "does", "did", "is", "are", "will", "may", "must", "should", "have", "has", "kann", "können", "gibt", "ist", "gehen":
		return true
	}
	return has(text, "is there", "can i", "can we", "do you", "does it", "does the", "gehen auch")
}

// factor says how well a text is the sort of thing that was asked for.
func (k kind) factor(text string) float64 {
	holds := func(pattern *regexp.Regexp, with, without float64) float64 {
		if pattern.MatchString(text) {
			return with
		}
		return without
	}
	switch k {
	case moneyKind:
		return holds(money, 1.6, 0.7)
	case durationKind:
		return max(holds(duration, 1.6, 0.7), holds(number, 1, 0.7))
	case timeKind:
		return max(holds(duration, 1.3, 0.8), holds(moment, 1.6, 0.8))
	case countKind:
		return holds(number, 1.4, 0.8)
	case stepsKind:
		return holds(steps, 1.5, 0.9)
	case placeKind:
		return holds(place, 1.4, 0.9)
	case decisionKind:
		return holds(verdict, 1.15, 1)
	case choiceKind:
		return holds(several, 1.25, 1)
	default:
		return 1
	}
}
