package ticket

import (
	"fmt"
	"strings"
	"time"
)

// FailureDetails are the details of every error that an activity hands to
// Temporal: what a workflow decides by and what a lead reads beside the
// message. They hold no text of a customer, no address and no secret.
type FailureDetails struct {
	Code Code `json:"code"`
	// Mend says what mends it, often a command, in which NUMBER stands for the
	// ticket's number; see MendFor.
	Mend       string `json:"mend"`
	RetryAfter Wait   `json:"retry_after,omitempty"` // when the other side lets us come again, zero if it did not say
	Step       string `json:"step,omitempty"`        // the name of the activity
	Attempt    int32  `json:"attempt,omitempty"`     // counts from 1
	Final      bool   `json:"final,omitempty"`       // it is not tried again by itself
}

// MendFor returns Mend for the ticket of this number.
func (d FailureDetails) MendFor(number string) string {
	if number == "" {
		return d.Mend
	}
	return strings.ReplaceAll(d.Mend, "NUMBER", number)
}

// Wait is a duration that people read in JSON: "32s".
type Wait time.Duration

// String returns the duration as in "32s".
func (w Wait) String() string { return time.Duration(w).String() }

// MarshalText returns the duration as in "32s".
func (w Wait) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (w *Wait) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("reading a wait: %w", err)
	}
	*w = Wait(d)
	return nil
}
