package whatsapp

import (
	"regexp"
	"strings"

	"github.com/digital-fte/fte/channel/text"
)

// WhatsApp has its own marks: *bold*, _italic_, ~struck~, no headings, no
// links with a text.
var (
	heading = regexp.MustCompile(`(?m)^[ \t]*#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$`)
	bold    = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	link    = regexp.MustCompile(`\[([^\[\]\n]+)\]\((https?://[^\s()]+)\)`)
	blanks  = regexp.MustCompile(`\n{3,}`)
)

// Render lays an answer out for a chat: markdown becomes WhatsApp's own marks,
// and the ticket number closes it, unless it is empty or already said. The
// result goes through Split.
func Render(answer, ticketNumber string) string {
	s := strings.TrimSpace(text.Sanitize(answer))
	s = heading.ReplaceAllStringFunc(s, func(line string) string {
		title := heading.FindStringSubmatch(line)[1]
		return "*" + strings.ReplaceAll(title, "*", "") + "*"
	})
	s = bold.ReplaceAllString(s, "*$1*")
	s = link.ReplaceAllStringFunc(s, func(found string) string {
		m := link.FindStringSubmatch(found)
		if m[1] == m[2] {
			return m[2]
		}
		return m[1] + ": " + m[2]
	})
	s = blanks.ReplaceAllString(s, "\n\n")
	if s == "" || ticketNumber == "" || strings.Contains(s, ticketNumber) {
		return s
	}
	return s + "\n\nTicket " + ticketNumber
}
