package llm

import (
	"time"

	"github.com/digital-fte/fte/ticket"
)

// shortWait is how long we rather wait for the server that throttles us than
// ask another one.
const shortWait = 10 * time.Second

// when says whether a fallback is asked.
type when int

const (
	never    when = iota // another server would be no better, or must not be asked
	unsoon               // unless the server lets us come again soon
	whenever             // always
)

// health is what an error says about the server.
type health int

const (
	alive  health = iota // it works: the fault is the request's, or ours
	ailing               // several in a row open its circuit
	closed               // it will not serve us until somebody acts: opens its circuit at once
)

// class says what a Router does about an error.
type class struct {
	fallback when
	server   health
	alarm    bool // somebody has to act
	// decides says that the error is the outcome even if the fallback brought
	// it: it passes by itself, or is about the text. Else that of the primary is.
	decides bool
}

// classOf is the table of what a Router does about each class of errors, and
// the only one. What Temporal does about them afterwards stands in package
// activities.
func classOf(code ticket.Code) class {
	switch code {
	case ticket.CodeRateLimited: // ordinary
		return class{fallback: unsoon, server: alive, decides: true}
	case ticket.CodeQuota: // the account is used up
		return class{fallback: whenever, server: closed, alarm: true}
	case ticket.CodeUnauthorized: // the key is wrong
		return class{fallback: whenever, server: closed, alarm: true}
	case ticket.CodeInvalid: // the settings do not fit the server, such as a model it does not have
		return class{fallback: whenever, server: alive, alarm: true}
	case ticket.CodeTooLarge: // a shorter prompt helps: see Shrink
		return class{fallback: never, server: alive, decides: true}
	case ticket.CodeGuardrail: // nobody is asked until somebody answers: a person looks
		return class{fallback: never, server: alive, decides: true}
	case ticket.CodeBadOutput: // garbage, an endless body, no choices: nothing was paid for
		return class{fallback: whenever, server: ailing, decides: true}
	default: // hangs, 5xx, no connection, no certificate, no name
		return class{fallback: whenever, server: ailing, decides: true}
	}
}

// elsewhere reports whether another server should be asked after err.
func (c class) elsewhere(err error, again bool) bool {
	switch c.fallback {
	case never:
		return false
	case unsoon:
		wait := ticket.RetryAfterOf(err)
		return again || wait == 0 || wait > shortWait
	default:
		return true
	}
}
