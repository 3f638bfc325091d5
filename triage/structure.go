package triage

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/digital-fte/fte/language"
)

// structures are what a customer has no reason to write: the tags and
// delimiters by which prompts are put together, and the names of the
// assistant's tools. A pattern is tried only where one of its needs, in lower
// case, stands in the text: that keeps long messages cheap.
var structures = []struct {
	needs   []string
	pattern *regexp.Regexp
	weight  float64
}{
	{[]string{"|>", "<|", "system>", "assistant>", "user>", "instruction", "_call"}, regexp.MustCompile(`(?i)<\|?/?(?:system|assistant|im_start|im_end|user|endoftext|eot_id|start_header_id|instructions?|tool_call|function_call)\|?>`), 0.7},
	{[]string{"inst]", "sys]", "system]", "assistant]", "sys>>"}, regexp.MustCompile(`(?i)\[/?(?:INST|SYS|SYSTEM|ASSISTANT)\]|<</?SYS>>`), 0.7},
	{[]string{"system", "assistant", "developer"}, regexp.MustCompile(`(?im)^[\s>#*]*(?:system|assistant|developer)(?:[ _](?:message|prompt|override|instruction)s?)?\s*:\s*\S`), 0.5},
	{[]string{"system", "assistant", "developer"}, regexp.MustCompile(`(?m)^[\s>#*]*(?:SYSTEM|ASSISTANT|DEVELOPER)(?: [A-Z]+)?:`), 0.5},
	{[]string{"##"}, regexp.MustCompile(`(?i)(?:^|\s)#{2,}\s*(?:new |system |updated )?(?:instructions?|system|prompt)\b`), 0.6},
	{[]string{"role"}, regexp.MustCompile(`(?i)"?role"?\s*:\s*"?(?:system|assistant|developer|tool)\b`), 0.7},
	{[]string{"search_knowledge_base", "escalate_to_human", "send_response", "tool_call", "tool_choice"}, regexp.MustCompile(`\b(?:search_knowledge_base|escalate_to_human|send_response|tool_calls?|tool_choice)\b`), 0.7},
	{[]string{"chunk_id", "customer_message", "citations"}, regexp.MustCompile(`"(?:chunk_id|customer_message|citations)"\s*:`), 0.7},
	{[]string{"end of", "begin of", "start of"}, regexp.MustCompile(`(?i)(?:---+|===+|\*\*\*+|###+)\s*(?:end|begin|start) of (?:the )?(?:customer|user|message|input|data|prompt|system|context|conversation)\b`), 0.7},
	{[]string{"<!--"}, regexp.MustCompile(`(?i)<!--[^>]{0,400}\b(?:assistant|ignore|instruction|system|model|ai)\b`), 0.7},
}

// encodedFrom is the length of a run that can hold a sentence.
const encodedFrom = 32

// encoded returns the runs of letters and digits of a text that may be base64.
func encoded(text string) []string {
	runs := strings.FieldsFunc(text, func(r rune) bool { return !isBase64(r) })
	return slices.DeleteFunc(runs, func(run string) bool { return len(run) < encodedFrom })
}

func isBase64(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '+' || r == '/'
}

// structure scores what does not lie in the words of a text: 0..1.
func structure(text string) float64 {
	clear, lower := 1.0, strings.ToLower(text)
	for _, s := range structures {
		if slices.ContainsFunc(s.needs, func(need string) bool { return strings.Contains(lower, need) }) && s.pattern.MatchString(text) {
			clear *= 1 - s.weight
		}
	}
	clear *= 1 - hidden(text)
	if slices.ContainsFunc(encoded(text), speaks) {
		clear *= 1 - 0.8
	}
	return 1 - clear
}

// hidden scores characters that nobody sees: tag characters, which only hide
// text, and many of those that have a use, one by one.
func hidden(text string) float64 {
	tags, marks := 0, 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		switch {
		case 0xE0020 <= r && r <= 0xE007F:
			tags++
		case 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069, r == 0x200B, r == 0x2060, 0x2061 <= r && r <= 0x2064:
			marks++
		}
	}
	switch {
	case tags > 7: // the flags of England, Scotland and Wales are written with six
		return 0.9
	case marks >= 12:
		return 0.4
	default:
		return 0
	}
}

// speaks reports that base64 hides a sentence.
func speaks(run string) bool {
	b, err := base64.RawStdEncoding.DecodeString(run)
	if err != nil || !utf8.Valid(b) {
		return false
	}
	letters, spaces, all := 0, 0, 0
	for _, r := range string(b) {
		all++
		if unicode.IsLetter(r) {
			letters++
		}
		if r == ' ' {
			spaces++
		}
	}
	return spaces >= 3 && letters+spaces > all*4/5
}

// placeholder stands for what a channel cannot carry.
var placeholder = regexp.MustCompile(`(?i)\[(?:audio|voice|voice message|image|photo|video|sticker|file|document|attachment|contact|location)\]`)

// unreadable reports a text without a word in it: punctuation, a placeholder, or
// letters as a cat types them. Emoji and numbers can be an answer to something.
func unreadable(text string, l language.Guess) bool {
	rest := strings.TrimSpace(placeholder.ReplaceAllString(text, ""))
	if strings.TrimSpace(text) == "" {
		return false
	}
	words, odd := 0, 0
	for _, w := range strings.FieldsFunc(strings.ToLower(rest), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words++
		if unpronounceable(w) {
			odd++
		}
	}
	if words == 0 {
		return !strings.ContainsFunc(rest, func(r rune) bool { return unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) })
	}
	return !l.Sure && words >= 3 && odd*2 > words
}

// keyboardRows are letters that lie beside each other.
var keyboardRows = []string{"qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm"}

// unpronounceable reports a word of Latin letters that is longer than three and
// has no vowel, or is one letter again and again, or a walk along the keyboard.
func unpronounceable(w string) bool {
	if len(w) < 4 || strings.ContainsFunc(w, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return false
	}
	if !strings.ContainsAny(w, "aeiouy") || strings.Count(w, w[:1]) == len(w) {
		return true
	}
	for _, row := range keyboardRows {
		if strings.Contains(row, w) {
			return true
		}
	}
	return false
}
