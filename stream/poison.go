package stream

import (
	"errors"
	"fmt"
)

// ReasonPanic is the reason of dead letters whose handler panicked on them
// again and again.
const ReasonPanic = "panic"

// maxPanics is how often a handler may panic on one record before it is put aside.
const maxPanics = 3

type poisonError struct {
	reason string
	err    error
}

// Poison returns an error that tells the consumer to put the record aside as a
// dead letter: it can never be decoded or validated, however often it is
// tried. The reason is a short constant, such as "decode"; it becomes a header
// and a metric label. Never use it because a dependency refused.
func Poison(reason string, err error) error {
	if err == nil {
		err = errors.New(reason)
	}
	return &poisonError{reason: reason, err: err}
}

func (e *poisonError) Error() string { return "poison (" + e.reason + "): " + e.err.Error() }

func (e *poisonError) Unwrap() error { return e.err }

type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
