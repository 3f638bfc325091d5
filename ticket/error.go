package ticket

import (
	"errors"
	"fmt"
	"time"
)

// Code classes an error by what may be done about it. The gateway translates a
// code to an HTTP status and activities translate it to a retry rule; nobody
// else interprets it.
type Code string

// The codes. An error without a code counts as CodeInternal.
const (
	// CodeInvalid means that the input can never be accepted as it is.
	CodeInvalid Code = "invalid"
	// CodeNotFound means that the thing asked for does not exist.
	CodeNotFound Code = "notfound"
	// CodeConflict means that the state has moved on; read again and decide.
	CodeConflict Code = "conflict"
	// CodeUnauthorized means missing or wrong credentials, theirs or ours.
	CodeUnauthorized Code = "unauthorized"
	// CodeUnavailable means that a dependency is down or slow; the call had no effect.
	CodeUnavailable Code = "unavailable"
	// CodeRateLimited means throttled; RetryAfter says for how long, if known.
	CodeRateLimited Code = "rate_limited"
	// CodeQuota means that an account is exhausted: retrying only costs time.
	CodeQuota Code = "quota"
	// CodeBudget means that what the company wants to spend has been spent.
	CodeBudget Code = "budget"
	// CodeUnknownOutcome means that a call with an effect may or may not have
	// been carried out; evidence is needed before it is repeated.
	CodeUnknownOutcome Code = "unknown_outcome"
	// CodeBadOutput means that a model answered something we cannot use.
	CodeBadOutput Code = "bad_output"
	// CodeGuardrail means that a rule of ours or the provider's forbids the text.
	CodeGuardrail Code = "guardrail"
	// CodeTooLarge means that the input exceeds a hard limit.
	CodeTooLarge Code = "too_large"
	// CodeInternal is a bug or anything unclassed.
	CodeInternal Code = "internal"
)

// FinalCodes returns the classes of errors that another try cannot mend.
func FinalCodes() []Code {
	return []Code{CodeInvalid, CodeNotFound, CodeUnauthorized, CodeQuota, CodeBudget, CodeGuardrail, CodeTooLarge}
}

// Error is an error with a code and a message fit for the person who caused
// it or has to mend it. It never carries message bodies or secrets.
type Error struct {
	Code       Code
	Message    string
	RetryAfter time.Duration // zero when unknown
	Err        error         // the cause, for the log
}

// Error returns the message and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an *Error with a formatted message and no cause.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an *Error whose cause is err; the message says what was being
// done. A RetryAfter found in err's chain is kept.
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), RetryAfter: RetryAfterOf(err), Err: err}
}

// RetryAfterOf returns how long the other side asked us to wait, zero if it did not say.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// CodeOf returns the code of the first *Error in err's chain, CodeInternal if
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
