package openai

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Options configure a Server.
type Options struct {
	// APIKey is the bearer key callers must send; empty accepts any non-empty one.
	APIKey string
	// Dimensions of an embedding when the request names none; 0 means
	// DefaultDimensions.
	Dimensions int
	// ChatDelay is how long the model thinks.
	ChatDelay time.Duration
	// Modes are how the model behaves, mixed by what is asked; none is honest.
	Modes []Mode
	// Unmarked leaves Mark out of what a bad mode says.
	Unmarked bool
	// SlowDelay is how long the mode Slow thinks; 0 means DefaultSlowDelay.
	SlowDelay time.Duration
	// StateFile keeps the log of calls over restarts; empty keeps it in memory.
	StateFile string
	// Brief leaves the requests themselves out of the log, for long load runs.
	Brief bool
}

// Server is a simulated OpenAI-compatible server. Its base URL for clients ends
// in /v1.
type Server struct {
	options Options
	faults  wire.Faults
	changed wire.Signal
	journal *wire.Journal[Call]
	handler http.Handler

	mu     sync.Mutex
	calls  []Call
	script func(ChatRequest) (Scripted, bool)
	choose func(ChatRequest) Manner
	queue  []Scripted
	// heard is what customers wrote of late, for modes that tell others of it.
	heard []string
	// broken holds the questions that met a broken protocol.
	broken map[string]bool
}

// New returns a server. It fails only when the state file cannot be read.
func New(options Options) (*Server, error) {
	if options.Dimensions == 0 {
		options.Dimensions = DefaultDimensions
	}
	s := &Server{options: options, broken: map[string]bool{}}
	journal, err := wire.OpenJournal(options.StateFile, func(call Call) { s.calls = append(s.calls, call) })
	if err != nil {
		return nil, err
	}
	s.journal = journal
	s.faults.Offer(presets()...)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.authorized(s.chat))
	mux.HandleFunc("POST /v1/embeddings", s.authorized(s.embeddings))
	mux.HandleFunc("GET /v1/models", s.authorized(s.models))
	mux.HandleFunc("GET /_sim/log", wire.ServeLog(&s.changed, s.Calls))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, coded(http.StatusNotFound, "unknown_url", fmt.Sprintf("Unknown request URL: %s %s", r.Method, r.URL.Path)))
	})
	s.handler = s.faults.Wrap(mux)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Faults returns the switches for what goes wrong.
func (s *Server) Faults() *wire.Faults { return &s.faults }

// SetFault makes the next matching requests go wrong.
func (s *Server) SetFault(fault wire.Fault) { s.faults.Set(fault) }

// Close releases hanging requests and closes the state file.
func (s *Server) Close() error {
	s.faults.Clear()
	return s.journal.Close()
}

func (s *Server) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		const prefix = "Bearer "
		header := r.Header.Get("Authorization")
		if len(header) <= len(prefix) || header[:len(prefix)] != prefix {
			problem := coded(http.StatusUnauthorized, "", "You didn't provide an API key.")
			problem.Code = nil
			writeError(w, problem)
			return
		}
		if key := header[len(prefix):]; s.options.APIKey != "" && key != s.options.APIKey {
			writeError(w, coded(http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided."))
			return
		}
		next(w, r)
	}
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var request ChatRequest
	raw, err := decode(r, &request)
	if err == nil {
		err = request.validate()
	}
	if err != nil {
		writeError(w, err)
		return
	}
	wait(r, s.options.ChatDelay)
	call := Call{Kind: Chat, Model: request.Model, Chat: &request, Raw: raw}
	answer, scripted := s.scripted(request)
	call.Scripted = scripted
	if !scripted {
		manner := s.manner(request)
		call.Mode = manner.Mode
		if manner.Mode == Slow {
			wait(r, cmp.Or(s.options.SlowDelay, DefaultSlowDelay))
		}
		answer, call.Said, call.Bad = s.answer(manner, request)
	}
	if answer.Message != nil && len(answer.Message.ToolCalls) > 0 {
		call.Tool = answer.Message.ToolCalls[0].Function.Name
	}
	if err := s.record(call); err != nil {
		writeError(w, err)
		return
	}
	answer.write(w, request)
}

// answer is the model's own, with notes for the log of calls.
func (s *Server) answer(manner Manner, request ChatRequest) (answer Scripted, said string, bad []string) {
	if answer, bad, ok := s.misbehave(manner, request); ok {
		if len(bad) == 0 {
			said = proposed(answer)
		}
		return answer, said, bad
	}
	if manner.Mode != Honest {
		// What was refused was never its own idea.
		request.Messages = slices.DeleteFunc(slices.Clone(request.Messages), func(m Message) bool { return m.Role == "assistant" || m.Role == "tool" })
	}
	next := think(request)
	message := answerWith(request, next)
	said, _ = next.arguments["message"].(string)
	return Scripted{Message: &message}, said, nil
}

// proposed is the text that an answer wants to send; of one without words it is
// empty.
func proposed(answer Scripted) string {
	if answer.Message == nil || len(answer.Message.ToolCalls) != 1 || answer.Message.ToolCalls[0].Function.Name != toolRespond {
		return ""
	}
	var args struct {
		Message string `json:"message"`
	}
	// What is no JSON proposes nothing.
	if json.Unmarshal([]byte(answer.Message.ToolCalls[0].Function.Arguments), &args) != nil || len(tokens(args.Message)) == 0 {
		return ""
	}
	return args.Message
}

// wait keeps a caller waiting; one that goes away is dropped.
func wait(r *http.Request, delay time.Duration) {
	thinking := time.NewTimer(delay)
	defer thinking.Stop()
	select {
	case <-thinking.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) {
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	wire.WriteJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []model{
		{ID: "gpt-4o-mini", Object: "model", OwnedBy: "simulator"},
		{ID: "text-embedding-3-small", Object: "model", OwnedBy: "simulator"},
	}})
}

// decode reads a JSON body and returns it as it came.
func decode(r *http.Request, into any) (json.RawMessage, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, invalid("We could not parse the JSON body of your request: %v", err)
	}
	return raw, nil
}
