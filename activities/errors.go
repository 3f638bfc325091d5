package activities

import (
	"context"
	"errors"

	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

// rule says what is done about an error of a class.
type rule struct {
	// attempts bounds how often the activity is tried; zero means as long as
	// its schedule-to-close timeout allows.
	attempts int32
	// benign errors are part of normal work and raise no alarm.
	benign bool
	// crowded errors meet many conversations at once, so those that are told
	// to wait do not all come back in the same moment.
	crowded bool
	// meaning says what the class means, for errors that bring no words of ours.
	meaning string
	// mend says what a lead or operator does about it. NUMBER stands for the
	// ticket's number.
	mend string
}

// ruleOf is the table of error classes, and the only one. For people it is
// docs/runbook/errors.md, which a test compares with it.
func ruleOf(code ticket.Code) (r rule, known bool) {
	switch code {
	case ticket.CodeInvalid: // the same input gives the same error
		return rule{
			attempts: 1, meaning: "the step cannot be done with what it was given",
			mend: "See what was refused with `fte ticket show NUMBER`, then answer another way: `fte ticket takeover NUMBER`, `fte ticket reply NUMBER`.",
		}, true
	case ticket.CodeNotFound:
		return rule{
			attempts: 1, meaning: "what the step refers to does not exist",
			mend: "See what is there with `fte ticket show NUMBER`; if the customer still waits, `fte ticket takeover NUMBER` and answer.",
		}, true
	case ticket.CodeConflict: // passes when it is read again
		return rule{
			meaning: "somebody else changed the same thing meanwhile",
			mend:    "Nothing to do: it is tried again with what holds now. If it goes on, the message says what stands in the way.",
		}, true
	case ticket.CodeUnauthorized: // an operator has to act, and the customer must not wait for that
		return rule{
			attempts: 1, meaning: "a provider refuses our credentials, or we have none",
			mend: "Check the credentials of the provider: OPENAI_API_KEY or OPENAI_FALLBACK_API_KEY (the message says which), TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or GOOGLE_APPLICATION_CREDENTIALS. Restart the workers, then `fte ticket override NUMBER --note WHY`.",
		}, true
	case ticket.CodeUnavailable: // passes
		return rule{
			crowded: true, meaning: "something we depend on is down or slow",
			mend: "It is tried again by itself. If it goes on, /ready of the workers names what is missing. A ticket that was handed over meanwhile: `fte ticket override NUMBER --note WHY`.",
		}, true
	case ticket.CodeRateLimited: // ordinary; the other side says when to come again
		return rule{
			benign: true, crowded: true, meaning: "a provider lets us do only so much at a time",
			mend: "Nothing to do: it is tried again when the provider allows. If it happens daily, have the account's limit raised.",
		}, true
	case ticket.CodeQuota:
		return rule{
			attempts: 1, meaning: "an account at a provider is used up",
			mend: "Pay, or have the limit of the provider's account raised; people answer until then. Afterwards `fte ticket override NUMBER --note WHY`.",
		}, true
	case ticket.CodeBudget: // spending stops, the service does not
		return rule{
			attempts: 1, meaning: "what may be spent on the model is spent",
			mend: "See what was spent with `fte cost`; raise FTE_BUDGET_TICKET, FTE_BUDGET_CUSTOMER or FTE_BUDGET_DAY if it is too little. Answer yourself: `fte ticket takeover NUMBER`, `fte ticket reply NUMBER`.",
		}, true
	case ticket.CodeUnknownOutcome: // settled by looking, never by sending again at once
		return rule{
			meaning: "it is not known whether the provider has carried out the last call",
			mend:    "Wait: the provider is asked before anything is sent again. If the ticket is handed over, look for the reply at the provider before you send it: `fte ticket show NUMBER`.",
		}, true
	case ticket.CodeBadOutput: // models do not answer alike twice
		return rule{
			attempts: 3, meaning: "the model answered something that cannot be used",
			mend: "Try another model or prompt with `fte ticket override NUMBER --note WHY`, or answer yourself: `fte ticket takeover NUMBER`. If it happens often, check OPENAI_MODEL.",
		}, true
	case ticket.CodeGuardrail:
		return rule{
			attempts: 1, meaning: "a rule of ours or of the provider forbids the text",
			mend: "Look at it with `fte ticket show NUMBER` and answer yourself: `fte ticket takeover NUMBER`, `fte ticket reply NUMBER`.",
		}, true
	case ticket.CodeTooLarge:
		return rule{
			attempts: 1, meaning: "something is longer than the model or the channel takes",
			mend: "Answer in fewer words yourself: `fte ticket takeover NUMBER`, `fte ticket reply NUMBER`. For the model, try one with a longer context: `fte ticket override NUMBER --note WHY`.",
		}, true
	case ticket.CodeInternal: // a bug: a deploy may mend it in time
		return rule{
			meaning: "a fault in the service, the worker's log has the details",
			mend:    "Find the workflow's id in the workers' log, mend the fault and deploy: open steps go on by themselves. A ticket that was handed over: `fte ticket override NUMBER --note WHY`.",
		}, true
	default:
		return rule{}, false
	}
}

// classify returns the code of an error and its rule; what has no known code
// is internal.
func classify(err error) (ticket.Code, rule) {
	code := ticket.CodeOf(err)
	if code == ticket.CodeInternal && errors.Is(err, context.DeadlineExceeded) {
		code = ticket.CodeUnavailable
	}
	if r, known := ruleOf(code); known {
		return code, r
	}
	r, _ := ruleOf(ticket.CodeInternal)
	return ticket.CodeInternal, r
}

// messageOf returns what people may read of an error: our own words, never
// those of its cause, and even ours without what a caller put into them.
func messageOf(err error) string {
	if coded, ok := errors.AsType[*ticket.Error](err); ok && coded.Message != "" {
		return redact.Text(coded.Message)
	}
	_, r := classify(err)
	return r.meaning
}
