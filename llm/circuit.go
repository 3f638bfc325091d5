package llm

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/digital-fte/fte/ticket"
)

const (
	// openAfter is how many failures in a row open a circuit.
	openAfter = 5
	// openFor is how long a server is left alone before one request tries it.
	openFor = 30 * time.Second
	// whileTrying is how long others wait for that request.
	whileTrying = 5 * time.Second
)

// ErrLeftAlone is the cause of an error of a Router that asked no server, since
// those that would be asked have failed too often.
var ErrLeftAlone = errors.New("the circuit is open")

// Circuit is whether a server is asked.
type Circuit string

// The states of a circuit.
const (
	CircuitClosed   Circuit = "closed"    // it is
	CircuitHalfOpen Circuit = "half-open" // one request tries whether it can be again
	CircuitOpen     Circuit = "open"      // it is left alone
)

// Circuits returns every state of a circuit.
func Circuits() []Circuit { return []Circuit{CircuitClosed, CircuitHalfOpen, CircuitOpen} }

// circuit leaves a server alone that has failed. It saves the customer the
// timeout of each call that would fail anyway, the worker a slot for as long,
// and a server that recovers a crowd. It never waits.
type circuit struct {
	circuitbreaker.CircuitBreaker[any]
	// verdict is why the server will not serve us until somebody acts; nil when
	// it may recover by itself.
	verdict atomic.Pointer[ticket.Error]
}

func newCircuit(changed func(Circuit)) *circuit {
	return &circuit{
		CircuitBreaker: circuitbreaker.NewBuilder[any]().
			WithFailureThreshold(openAfter).WithSuccessThreshold(1).WithDelay(openFor).
			OnStateChanged(func(e circuitbreaker.StateChangedEvent) { changed(Circuit(e.NewState.String())) }).
			Build(),
	}
}

// enter returns nil if the server may be asked; record or forget has to follow
// then. Where only somebody's deed helps it returns the error that said so:
// waiting would keep the customer from a person.
func (c *circuit) enter(model string) error {
	if c.TryAcquirePermit() {
		return nil
	}
	if known := c.verdict.Load(); known != nil {
		return known
	}
	e := ticket.Wrap(ticket.CodeUnavailable, ErrLeftAlone, "asking the model %s: it is left alone for a while, since it failed", model)
	e.RetryAfter = c.RemainingDelay()
	if e.RetryAfter <= 0 {
		e.RetryAfter = whileTrying
	}
	return e
}

// record says what came of asking: err, which is nil for an answer.
func (c *circuit) record(h health, err error) {
	switch h {
	case alive:
		c.verdict.Store(nil)
		c.RecordSuccess()
	case ailing:
		c.verdict.Store(nil)
		c.RecordFailure()
	case closed:
		if known, ok := errors.AsType[*ticket.Error](err); ok {
			c.verdict.Store(known)
		}
		c.Open()
	}
}

// forget ends a request that says nothing about the server: it was broken off.
func (c *circuit) forget() {
	if c.IsHalfOpen() {
		c.Open() // else its trial would be waited for until doomsday
	}
}
