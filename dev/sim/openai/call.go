package openai

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Kind tells calls apart.
type Kind string

// The kinds of calls.
const (
	Chat       Kind = "chat"
	Embeddings Kind = "embeddings"
)

// Call is a request the server accepted and answered.
type Call struct {
	Kind  Kind      `json:"kind"`
	At    time.Time `json:"at"`
	Model string    `json:"model"`
	// Chat is the request of a chat call.
	Chat *ChatRequest `json:"chat,omitempty"`
	// Input is what an embeddings call asked for.
	Input []string `json:"input,omitempty"`
	// Raw is the request as it came.
	Raw json.RawMessage `json:"raw,omitempty"`
	// Tool names the first tool that was called in the answer.
	Tool string `json:"tool,omitempty"`
	// Mode is how the model behaved; Bad is what of its answer must never reach a
	// customer.
	Mode Mode     `json:"mode,omitempty"`
	Bad  []string `json:"bad,omitempty"`
	// Said is the text of an honest answer, word for word.
	Said string `json:"said,omitempty"`
	// Scripted says that the answer came from Script or Enqueue.
	Scripted bool `json:"scripted,omitempty"`
}

// Calls returns what the server accepted, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// WaitFor returns once cond holds for the calls, or with the context's error.
func (s *Server) WaitFor(ctx context.Context, cond func([]Call) bool) error {
	return s.changed.WaitFor(ctx, func() bool { return cond(s.Calls()) })
}

func (s *Server) record(call Call) error {
	call.At = time.Now().UTC()
	if s.options.Brief {
		call.Raw, call.Chat, call.Input = nil, nil, nil
	}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	err := s.journal.Append(call)
	s.mu.Unlock()
	s.changed.Broadcast()
	return err
}
