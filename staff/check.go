package staff

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

// Limits of what people write, in characters.
const (
	MaxReply = 10_000
	MaxNote  = 4_000
)

// NewActionID returns an id for an action that is asked for the first time.
func NewActionID() string { return uuid.Must(uuid.NewV7()).String() }

// CheckActor returns nil if name can be shown as who did something, else an
// error of code invalid. It is a handle and never an address: it is written into
// histories and search attributes.
func CheckActor(name string) error {
	if !ticket.IsHandle(name) {
		return ticket.Errorf(ticket.CodeInvalid, "whoever acts needs a short name such as ana or j.smith: small letters, digits, "+
			"dots, dashes and underscores, %d at most, and never an e-mail address", ticket.MaxHandle)
	}
	if name == ticket.ActorClock {
		return ticket.Errorf(ticket.CodeInvalid, "%s is the name under which timers act: choose another", ticket.ActorClock)
	}
	return nil
}

func checkActionID(id string) error {
	if id == "" || len(id) > ticket.MaxActionID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ticket.Errorf(ticket.CodeInvalid, "each action needs an id of its own: up to %d letters, digits and signs, without blanks", ticket.MaxActionID)
	}
	return nil
}

// visible reports whether a reader sees r. What is made of other signs only would
// reach the customer as an empty message, or be no message at all.
func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

// checkText returns a text without the blanks around it and with plain line ends.
func checkText(text, what string, limit int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", ticket.Errorf(ticket.CodeInvalid, "%s holds bytes that are no text (UTF-8 without NUL is)", what)
	case !strings.ContainsFunc(text, visible):
		return "", ticket.Errorf(ticket.CodeInvalid, "%s is empty: write at least one word", what)
	case n > limit:
		return "", ticket.Errorf(ticket.CodeTooLarge, "%s has %d characters; %d are allowed", what, n, limit)
	}
	return text, nil
}
