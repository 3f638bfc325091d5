package wire

import (
	"slices"
	"strings"
	"time"
)

// Mode says what a Fault does to a request.
type Mode string

// The modes of a Fault. "Accept" means that the provider does what was asked,
// and only the caller does not learn of it.
const (
	// Answer refuses the request with the fault's status, headers and body.
	Answer Mode = "answer"
	// Hang never answers and does nothing, until the caller gives up or the
	// faults are cleared.
	Hang Mode = "hang"
	// Drop closes the connection and does nothing.
	Drop Mode = "drop"
	// AcceptThenAnswer accepts, then answers with the fault's status and body.
	AcceptThenAnswer Mode = "accept_then_answer"
	// AcceptThenHang accepts, then never answers.
	AcceptThenHang Mode = "accept_then_hang"
	// AcceptThenDrop accepts, then closes the connection.
	AcceptThenDrop Mode = "accept_then_drop"
	// Delay waits before it lets the request through.
	Delay Mode = "delay"
	// Inside meets no request: the simulator asks for it by name with Take, where
	// a failure happens that no request shows.
	Inside Mode = "inside"
)

// Fault is something that goes wrong with the next requests that match it.
type Fault struct {
	// Name is that of the Preset it came from, if any.
	Name string `json:"name,omitempty"`
	// Match is a part of "METHOD /path" that a request must contain; empty
	// matches everything but the simulator's own /_sim/ paths.
	Match string `json:"match,omitempty"`
	// BodyMatch is a part of the request's body that it must contain.
	BodyMatch string `json:"body_match,omitempty"`
	// Times is how many requests the fault takes; 0 means 1, below 0 all of them.
	Times int `json:"times,omitempty"`
	// Mode defaults to Answer.
	Mode Mode `json:"mode,omitempty"`
	// Status, Header and Body are the answer; Status defaults to 500.
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
	// DelayMillis is how long Delay waits.
	DelayMillis int `json:"delay_ms,omitempty"`
}

func (f Fault) valid() bool {
	modes := []Mode{"", Answer, Hang, Drop, AcceptThenAnswer, AcceptThenHang, AcceptThenDrop, Delay, Inside}
	return slices.Contains(modes, f.Mode) && (f.Status == 0 || f.Status >= 100 && f.Status <= 599)
}

func (f Fault) matches(request, body string) bool {
	return f.Mode != Inside && strings.Contains(request, f.Match) && strings.Contains(body, f.BodyMatch)
}

func (f Fault) delay() time.Duration { return time.Duration(f.DelayMillis) * time.Millisecond }
