package eval

import (
	"regexp"
	"slices"
	"strings"
)

// fact is what an answer must not make up and what can be compared without
// understanding: links, addresses and numbers.
var fact = regexp.MustCompile(`https?://[^\s)\]>"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d+(?:[.,:]\d+)*`)

// loose returns the facts of an answer that its sources do not have, each once.
func loose(answer, sources string) []string {
	have := map[string]bool{}
	for _, f := range fact.FindAllString(sources, -1) {
		have[plainly(f)] = true
	}
	var missing []string
	for _, f := range fact.FindAllString(withoutMarks(answer), -1) {
		if !have[plainly(f)] && !slices.Contains(missing, f) {
			missing = append(missing, f)
		}
	}
	return missing
}

func plainly(f string) string {
	return strings.ToLower(strings.TrimRight(f, ".,:;/"))
}

var listMark = regexp.MustCompile(`(?m)^\s*\d+[.)]\s`)

// withoutMarks leaves out the numbers of a list, which state nothing.
func withoutMarks(answer string) string { return listMark.ReplaceAllString(answer, "") }
