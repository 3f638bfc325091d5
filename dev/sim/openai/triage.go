package openai

import (
	"math"
	"strings"
	"unicode"
)

// triage is the model's opinion of a message.
type triage struct {
	sentiment  float64
	category   string
	priority   string
	language   string
	confidence float64
}

func (t triage) arguments() map[string]any {
	return map[string]any{
		"sentiment": t.sentiment, "category": t.category, "priority": t.priority,
		"language": t.language, "confidence": t.confidence,
	}
}

func judge(text string, confidence float64) triage {
	t := triage{
		sentiment: sentiment(text), category: category(text), priority: "medium",
		language: language(text), confidence: round(confidence),
	}
	switch {
	case has(text, "urgent", "urgently", "asap", "immediately", "emergency", "production is down", "data loss", "security breach", "hacked"):
		t.priority = "high"
	case t.sentiment < 0.3:
		t.priority = "high"
	case t.category == "feedback":
		t.priority = "low"
	}
	return t
}

func category(text string) string {
	switch {
	case has(text, "bug", "crash", "crashes", "crashed", "crashing", "broken", "error", "errors", "exception", "stack trace", "500", "404"):
		return "bug_report"
	case has(text, "invoice", "invoices", "billing", "bill", "billed", "charge", "charged", "payment", "payments", "refund", "subscription", "price", "pricing", "card", "vat", "plan", "plans"):
		return "billing"
	case has(text, "suggestion", "feedback", "feature request", "would be nice", "love", "great product", "idea"):
		return "feedback"
	case has(text, "install", "login", "log in", "sign in", "password", "api", "export", "import", "integration", "sync", "configure", "setup", "set up", "account", "app", "webhook", "token", "csv", "reset", "two-factor", "sso"):
		return "technical"
	default:
		return "general"
	}
}

// sentiment is 0.5 without any sign, towards 0 for anger and 1 for delight.
func sentiment(text string) float64 {
	score, words, negated, plainly := 0.0, tokens(text), 0, 0
	good := set(strings.Fields("thanks thank great love loved excellent awesome perfect happy amazing wonderful appreciate helpful nice fantastic brilliant pleased glad good"))
	bad := set(strings.Fields("bad annoying annoyed disappointed disappointing frustrated frustrating unhappy confusing upset poor ridiculous"))
	// Words that help desks hear all day say what happened, not how anybody feels.
	plain := set(strings.Fields("slow wrong broken fail fails failed failing problem problems issue issues lost"))
	worst := set(strings.Fields("terrible horrible awful worst unacceptable furious angry hate useless garbage scam disgusting disgrace pathetic outrageous joke incompetent"))
	for _, word := range words {
		value := 0.0
		switch {
		case good[word]:
			value = 1
		case bad[word]:
			value = -0.7
		case plain[word] && plainly < 2:
			value = -0.2
			plainly++
		case worst[word] || abusive(word):
			value = -2
		}
		if value > 0 && negated > 0 {
			value = -1
		}
		score += value
		negated--
		switch word {
		case "not", "never", "no", "isn't", "wasn't", "don't", "doesn't", "didn't":
			negated = 3
		}
	}
	if shouting(text) {
		score--
	}
	if strings.Contains(text, "!!") && score < 0 {
		score -= 0.5
	}
	return round(1 / (1 + math.Exp(-0.8*score)))
}

func shouting(text string) bool {
	upper, letters := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.IsUpper(r) {
				upper++
			}
		}
	}
	return letters >= 20 && upper*10 > letters*7
}

// has reports whether one of the phrases stands in text as whole words.
func has(text string, phrases ...string) bool {
	padded := " " + strings.Join(tokens(text), " ") + " "
	for _, phrase := range phrases {
		if strings.Contains(padded, " "+strings.Join(tokens(phrase), " ")+" ") {
			return true
		}
	}
	return false
}

func round(x float64) float64 { return math.Round(x*100) / 100 }
