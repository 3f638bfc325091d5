package llm

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/digital-fte/fte/ticket"
)

// leastTime is with how little time left no other server is asked any more.
const leastTime = 5 * time.Second

// Provider is one of the servers of a Router.
type Provider string

// The providers.
const (
	Primary  Provider = "primary"
	Fallback Provider = "fallback"
)

// Asker asks one model; *Client is one.
type Asker interface {
	Chat(ctx context.Context, r Request) (*Completion, error)
	Model() string
}

// Meter hears how the servers do.
type Meter interface {
	// Circuit is told the state of a server's circuit whenever it changes.
	Circuit(p Provider, c Circuit)
	// Asked is told how a request ended: with the code of the error, or "".
	Asked(p Provider, code ticket.Code)
}

// RouterOptions are what a Router works with.
type RouterOptions struct {
	Primary  Asker
	Fallback Asker // nil means none
	Logger   *slog.Logger
	Meter    Meter // nil means none
}

// Router asks a model, and another one when the first fails in a way that
// asking elsewhere helps. It is safe for concurrent use. It never waits and
// never asks the same server twice: the time of one call is that of two
// requests at most, and ends with the context.
type Router struct {
	primary  *server
	fallback *server // nil means none
	logger   *slog.Logger
	meter    Meter
}

// server is one provider with its circuit.
type server struct {
	Asker
	name    Provider
	circuit *circuit
}

// NewRouter returns a router.
func NewRouter(o RouterOptions) *Router {
	r := &Router{logger: o.Logger, meter: o.Meter}
	if r.meter == nil {
		r.meter = deaf{}
	}
	r.primary = r.serve(Primary, o.Primary)
	if o.Fallback != nil {
		r.fallback = r.serve(Fallback, o.Fallback)
	}
	return r
}

func (r *Router) serve(name Provider, asker Asker) *server {
	r.meter.Circuit(name, CircuitClosed)
	return &server{Asker: asker, name: name, circuit: newCircuit(func(c Circuit) {
		r.meter.Circuit(name, c)
		level := slog.LevelInfo
		if c == CircuitOpen {
			level = slog.LevelError
		}
		r.logger.Log(context.Background(), level, "the circuit of a model has changed",
			slog.String("provider", string(name)), slog.String("model", asker.Model()), slog.String("circuit", string(c)))
	})}
}

// Model returns the name of the model that is asked first.
func (r *Router) Model() string { return r.primary.Model() }

// Chat asks for one completion. A request that names a model goes to the
// server that has it and to no other: somebody wants that one. Errors are those
// of Client.Chat; CodeUnavailable with RetryAfter also means that all servers
// are left alone for a while.
func (r *Router) Chat(ctx context.Context, ask Request) (*Completion, error) {
	first, second := r.route(ask.Model)
	done, err := r.ask(ctx, first, ask)
	if err == nil || second == nil || ctx.Err() != nil || !classOf(ticket.CodeOf(err)).elsewhere(err, ask.Again) {
		return done, err
	}
	if until, bounded := ctx.Deadline(); bounded && time.Until(until) < leastTime {
		return nil, err
	}
	ask.Model = ""
	done, other := r.ask(ctx, second, ask)
	if other != nil && !classOf(ticket.CodeOf(other)).decides {
		return nil, err
	}
	return done, other
}

// route returns who is asked for a model, and who then.
func (r *Router) route(model string) (first, second *server) {
	switch {
	case model == "" || model == r.primary.Model():
		return r.primary, r.fallback
	case r.fallback != nil && model == r.fallback.Model():
		return r.fallback, nil
	default:
		return r.primary, nil
	}
}

func (r *Router) ask(ctx context.Context, s *server, ask Request) (*Completion, error) {
	if err := s.circuit.enter(s.Model()); err != nil {
		return nil, err
	}
	done, err := s.Chat(ctx, ask)
	if err == nil {
		done.Provider = s.name
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		s.circuit.forget()
		return nil, err
	}
	code := ticket.CodeOf(err)
	r.meter.Asked(s.name, code)
	if err == nil {
		s.circuit.record(alive, nil)
		return done, nil
	}
	c := classOf(code)
	s.circuit.record(c.server, err)
	level := slog.LevelWarn
	if c.alarm {
		level = slog.LevelError
	}
	r.logger.Log(ctx, level, "a model did not answer",
		slog.String("provider", string(s.name)), slog.String("code", string(code)), slog.Any("error", err))
	return nil, err
}

// deaf is a Meter that nobody reads.
type deaf struct{}

func (deaf) Circuit(Provider, Circuit)   {}
func (deaf) Asked(Provider, ticket.Code) {}
