package openai

import (
	"regexp"
	"strings"
)

var (
	blankLine = regexp.MustCompile(`\n[ \t]*\n`)
	greeting  = regexp.MustCompile(`(?i)^\s*(hi|hello|hey|hallo|hej|moin|dear|to whom it may concern|good (morning|afternoon|evening|day)|guten (morgen|tag|abend)|sehr geehrte)\b[^,.!?\n]{0,40}([,.!\n]+|$)`)
	farewell  = regexp.MustCompile(`(?i)^\s*(--\s*|((with |mit )?(kind|best|warm|many|freundlichen|besten|vielen?|liebe|schöne) (regards|wishes|thanks|greetings|grüßen?|dank)|best|regards|thanks|thank you|thx|cheers|sincerely|greetings|yours( \w+)?|br|mfg|lg|hilsen|bye|saludos)\b[^?\n]{0,30})$`)
	// saidEnd is generous: people begin sentences with small letters.
	saidEnd = regexp.MustCompile(`([.!?]+["')\]]*)\s+`)
	joint   = regexp.MustCompile(`(?i)(,\s*|\s+)(and|&|und|but|aber|or)\s+(what|how|when|where|who|which|whether|can|do|does|is|are|will|after|wie|was|wann|wo|wer|kann|zu wann)\b`)
)

// statement is a sentence of the customer's message.
type statement struct {
	text string
	asks bool
}

// paragraphs takes greeting and signature off a message.
func paragraphs(text string) []string {
	var kept []string
	for _, paragraph := range blankLine.Split(strings.ReplaceAll(text, "\r\n", "\n"), -1) {
		var lines []string
		for line := range strings.SplitSeq(paragraph, "\n") {
			if len(kept)+len(lines) > 0 && farewell.MatchString(line) {
				return appendText(kept, lines)
			}
			lines = append(lines, greeting.ReplaceAllString(line, ""))
		}
		kept = appendText(kept, lines)
	}
	return kept
}

func appendText(paragraphs, lines []string) []string {
	if text := strings.TrimSpace(strings.Join(lines, " ")); len(tokens(text)) > 0 {
		return append(paragraphs, text)
	}
	return paragraphs
}

// statements cuts a paragraph into its sentences, and those that ask for
// several things into their parts.
func statements(paragraph string) []statement {
	var found []statement
	for sentence := range strings.SplitSeq(saidEnd.ReplaceAllString(paragraph, "$1\n"), "\n") {
		if len(tokens(sentence)) == 0 {
			continue
		}
		start := 0
		for _, span := range joint.FindAllStringSubmatchIndex(sentence, -1) {
			if part := sentence[start:span[0]]; asks(part) || strings.HasSuffix(sentence, "?") {
				found = append(found, statement{text: part, asks: asks(part)})
				start = span[6]
			}
		}
		rest := sentence[start:]
		found = append(found, statement{text: rest, asks: asks(rest)})
	}
	return found
}

// asks reports whether a sentence wants an answer.
func asks(text string) bool {
	if strings.HasSuffix(strings.TrimSpace(text), "?") || asksForDecision(text) && !has(text, "have") || howTo(text) {
		return true
	}
	return has(text, "how", "what", "which", "where", "who", "why", "whether", "how long", "wie", "was", "welche", "wo", "warum", "would like to know") ||
		strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), "when ")
}
