package knowledge

import (
	"fmt"
	"regexp"
	"strings"
)

// orderFrom is how much a sentence of an article may look like an attempt to
// steer the assistant. It is strict: articles speak to customers.
const orderFrom = 0.4

var (
	// forAssistants finds what no customer is meant to read: calls of tools, what
	// to tell customers, and which answers are right.
	forAssistants = regexp.MustCompile(`(?i)\b(?:call|run|invoke|use|execute)\b.{0,40}\b[a-z]+(?:_[a-z]+)+\s*[({]` +
		`|\b(?:tell|inform|remind)\s+(?:(?:each|every|all|any|the)\s+)?(?:customers?|users?|whoever)\b` +
		`|\b(?:say|answer|reply|repeat)\s+(?:(?:exactly|only|with)\s+)*["“”„«]` +
		`|\b(?:to|in|into) (?:the|your|each|all) answers?\b|\byour (?:instructions|rules|prompt)\b|\b(?:ai|assistants?|language models?)\b.{0,20}\b(?:must|have to|should|append|add)\b` +
		`|忽略|無視し|무시하` +
		`|\b(?:the reader|you) (?:is|are) (?:now )?max\b|\b(?:secret|hidden) prompt\b|\banswer (?:every|each|all|any) questions?\b|\bwhoever asks\b|\bevery (?:later )?answer\b|\banswers? to (?:any|every|each|all) questions?\b` +
		`|\b(?:system prompt|data marker)\b|"(?:chunk_id|customer_message|role)"\s*:`)
	sentenceBreak = regexp.MustCompile(`[.!?]["'”)]*\s+`)
)

// withoutOrders drops the sentences of an article that speak to the assistant
// instead of the customer: as knowledge they would support an answer that
// repeats them. It returns what it kept, and the first sentence it dropped.
func withoutOrders(body string) (kept, order string) {
	var out strings.Builder
	drop := func(s string) bool {
		if strings.TrimSpace(s) == "" || !isOrder(s) {
			return false
		}
		if order == "" {
			order = s
		}
		return true
	}
	for i, line := range strings.Split(body, "\n") {
		if i > 0 {
			out.WriteString("\n")
		}
		start := 0
		for _, span := range sentenceBreak.FindAllStringIndex(line, -1) {
			if part := line[start:span[1]]; !drop(part) {
				out.WriteString(part)
			}
			start = span[1]
		}
		if !drop(line[start:]) {
			out.WriteString(line[start:])
		}
	}
	return strings.TrimSpace(out.String()), order
}

func isOrder(sentence string) bool {
	return forAssistants.MatchString(sentence) || injection(sentence) >= orderFrom
}

// leftOut says which order was left out.
func leftOut(order string) string {
	return fmt.Sprintf("reads like an order to the assistant and is left out: %q (if it belongs there, write `trusted: true` in its front matter)", excerpt(order))
}
