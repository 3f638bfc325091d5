package llm_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

// oracle answers as it is told.
type oracle struct {
	name  string
	mu    sync.Mutex
	err   error
	block bool // until the context ends
	takes time.Duration
	asked []llm.Request
}

func (o *oracle) Model() string { return o.name }

func (o *oracle) Chat(ctx context.Context, r llm.Request) (*llm.Completion, error) {
	o.mu.Lock()
	o.asked = append(o.asked, r)
	err, block, takes := o.err, o.block, o.takes
	o.mu.Unlock()
	if block {
		<-ctx.Done()
		return nil, ticket.Wrap(ticket.CodeUnavailable, ctx.Err(), "broken off")
	}
	<-time.After(takes) // of a clock that a test turns
	if err != nil {
		return nil, err
	}
	return &llm.Completion{Model: o.name}, nil
}

func (o *oracle) set(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func (o *oracle) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

// meter remembers what it hears.
type meter struct {
	mu       sync.Mutex
	circuits map[llm.Provider][]llm.Circuit
	codes    map[llm.Provider][]ticket.Code
}

func newMeter() *meter {
	return &meter{circuits: map[llm.Provider][]llm.Circuit{}, codes: map[llm.Provider][]ticket.Code{}}
}

func (m *meter) Circuit(p llm.Provider, c llm.Circuit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.circuits[p] = append(m.circuits[p], c)
}

func (m *meter) Asked(p llm.Provider, code ticket.Code) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes[p] = append(m.codes[p], code)
}

func (m *meter) last(p llm.Provider) llm.Circuit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.circuits[p][len(m.circuits[p])-1]
}

// pair is a router with two oracles; what it logs is in log.
type pair struct {
	*llm.Router
	primary, fallback *oracle
	meter             *meter
	log               *strings.Builder
}

func newPair(withFallback bool) *pair {
	p := &pair{primary: &oracle{name: "first"}, fallback: &oracle{name: "second"}, meter: newMeter(), log: &strings.Builder{}}
	o := llm.RouterOptions{Primary: p.primary, Meter: p.meter, Logger: slog.New(slog.NewTextHandler(p.log, nil))}
	if withFallback {
		o.Fallback = p.fallback
	}
	p.Router = llm.NewRouter(o)
	return p
}

func fails(code ticket.Code, wait ...time.Duration) error {
	e := ticket.Errorf(code, "of class %s", code)
	if len(wait) > 0 {
		e.RetryAfter = wait[0]
	}
	return e
}

func TestWhoIsAskedAfterAFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err      error
		again    bool
		fallback bool
		alarm    bool
		circuit  llm.Circuit // after one
	}{
		"throttled for a moment": {err: fails(ticket.CodeRateLimited, 3*time.Second)},
		"throttled again":        {err: fails(ticket.CodeRateLimited, 3*time.Second), again: true, fallback: true},
		"throttled for long":     {err: fails(ticket.CodeRateLimited, time.Minute), fallback: true},
		"throttled":              {err: fails(ticket.CodeRateLimited), fallback: true},
		"exhausted":              {err: fails(ticket.CodeQuota), fallback: true, alarm: true, circuit: llm.CircuitOpen},
		"wrong key":              {err: fails(ticket.CodeUnauthorized), fallback: true, alarm: true, circuit: llm.CircuitOpen},
		"wrong settings":         {err: fails(ticket.CodeInvalid), fallback: true, alarm: true},
		"too long":               {err: fails(ticket.CodeTooLarge)},
		"refused":                {err: fails(ticket.CodeGuardrail)},
		"garbage":                {err: fails(ticket.CodeBadOutput), fallback: true},
		"down":                   {err: fails(ticket.CodeUnavailable), fallback: true},
		"of no class":            {err: errors.New("odd"), fallback: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, there := range []bool{true, false} {
				p := newPair(there)
				p.primary.set(test.err)
				done, err := p.Chat(t.Context(), llm.Request{Again: test.again})
				if test.fallback && there {
					require.NoError(t, err)
					require.Equal(t, llm.Fallback, done.Provider)
					require.Equal(t, "second", done.Model)
				} else {
					require.Equal(t, test.err, err, "as it came, with its wait")
					require.Zero(t, p.fallback.count())
				}
				require.Equal(t, 1, p.primary.count(), "nobody is asked twice")
				want := llm.CircuitClosed
				if test.circuit != "" {
					want = test.circuit
				}
				require.Equal(t, want, p.meter.last(llm.Primary))
				require.Equal(t, []ticket.Code{ticket.CodeOf(test.err)}, p.meter.codes[llm.Primary])
				require.Equal(t, test.alarm, strings.Contains(p.log.String(), `level=ERROR msg="a model did not answer"`), p.log.String())
			}
		})
	}
}

func TestWhoIsAskedForAModel(t *testing.T) {
	t.Parallel()
	p := newPair(true)
	p.primary.set(fails(ticket.CodeUnavailable))
	for model, want := range map[string][2]int{"": {1, 1}, "first": {1, 1}, "second": {0, 1}, "third": {1, 0}} {
		before := [2]int{p.primary.count(), p.fallback.count()}
		done, err := p.Chat(t.Context(), llm.Request{Model: model})
		require.Equal(t, want, [2]int{p.primary.count() - before[0], p.fallback.count() - before[1]}, model)
		if model == "third" {
			require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err), "somebody wants that one")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, llm.Fallback, done.Provider)
	}
	require.Equal(t, "first", p.Model())
	for _, r := range p.fallback.asked {
		require.Contains(t, []string{"", "second"}, r.Model, "the fallback is asked for its own")
	}
}

func TestWhoseErrorCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ first, second, want ticket.Code }{
		"the one that passes":      {ticket.CodeQuota, ticket.CodeUnavailable, ticket.CodeUnavailable},
		"the one about the text":   {ticket.CodeUnavailable, ticket.CodeGuardrail, ticket.CodeGuardrail},
		"the one that can shrink":  {ticket.CodeUnavailable, ticket.CodeTooLarge, ticket.CodeTooLarge},
		"not a fallback's key":     {ticket.CodeUnavailable, ticket.CodeUnauthorized, ticket.CodeUnavailable},
		"not a fallback's account": {ticket.CodeRateLimited, ticket.CodeQuota, ticket.CodeRateLimited},
		"the first of two final":   {ticket.CodeQuota, ticket.CodeUnauthorized, ticket.CodeQuota},
	} {
		p := newPair(true)
		p.primary.set(fails(test.first))
		p.fallback.set(fails(test.second))
		done, err := p.Chat(t.Context(), llm.Request{})
		require.Nil(t, done)
		require.Equal(t, test.want, ticket.CodeOf(err), name)
	}
}

func TestACircuitOpensAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(false)
		p.primary.set(fails(ticket.CodeUnavailable))
		ask := func() error {
			_, err := p.Chat(t.Context(), llm.Request{})
			return err
		}
		for range 5 {
			require.Zero(t, ticket.RetryAfterOf(ask()))
		}
		require.Equal(t, llm.CircuitOpen, p.meter.last(llm.Primary))
		require.Contains(t, p.log.String(), "level=ERROR")
		<-time.After(10 * time.Second)
		err := ask()
		require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
		require.Equal(t, 20*time.Second, ticket.RetryAfterOf(err), "told when to come again")
		require.ErrorIs(t, err, llm.ErrLeftAlone)
		require.Equal(t, 5, p.primary.count(), "the server is left alone")

		<-time.After(20 * time.Second)
		require.Error(t, ask())
		require.Equal(t, 6, p.primary.count(), "one tries")
		require.Equal(t, llm.CircuitOpen, p.meter.last(llm.Primary))

		<-time.After(30 * time.Second)
		p.primary.set(nil)
		require.NoError(t, ask())
		require.Equal(t, []llm.Circuit{
			llm.CircuitClosed, llm.CircuitOpen, llm.CircuitHalfOpen, llm.CircuitOpen, llm.CircuitHalfOpen, llm.CircuitClosed,
		}, p.meter.circuits[llm.Primary])
	})
}

func TestOneRequestTriesAndTheOthersDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(true)
		p.primary.set(fails(ticket.CodeUnavailable))
		for range 5 {
			_, err := p.Chat(t.Context(), llm.Request{})
			require.NoError(t, err)
		}
		<-time.After(31 * time.Second)
		p.primary.set(nil)
		p.primary.takes = 20 * time.Second
		var trial sync.WaitGroup
		trial.Go(func() {
			done, err := p.Chat(t.Context(), llm.Request{})
			require.NoError(t, err)
			require.Equal(t, llm.Primary, done.Provider)
		})
		synctest.Wait()
		done, err := p.Chat(t.Context(), llm.Request{})
		require.NoError(t, err)
		require.Equal(t, llm.Fallback, done.Provider)
		_, err = p.Chat(t.Context(), llm.Request{Model: "third"})
		require.Equal(t, 5*time.Second, ticket.RetryAfterOf(err))
		trial.Wait()
		require.Equal(t, 6, p.primary.count())
		require.Equal(t, llm.CircuitClosed, p.meter.last(llm.Primary))
	})
}

func TestFaultsOfTheRequestDoNotOpenACircuit(t *testing.T) {
	t.Parallel()
	for _, code := range []ticket.Code{ticket.CodeGuardrail, ticket.CodeInvalid, ticket.CodeTooLarge, ticket.CodeRateLimited} {
		p := newPair(false)
		p.primary.set(fails(code))
		for range 20 {
			_, err := p.Chat(t.Context(), llm.Request{})
			require.Equal(t, code, ticket.CodeOf(err))
		}
		require.Equal(t, 20, p.primary.count())
		require.Equal(t, llm.CircuitClosed, p.meter.last(llm.Primary))
	}
}

// Without money waiting is no use: a person has to answer at once.
func TestAnExhaustedAccountIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(false)
		p.primary.set(fails(ticket.CodeQuota))
		for range 3 {
			_, err := p.Chat(t.Context(), llm.Request{})
			require.Equal(t, ticket.CodeQuota, ticket.CodeOf(err))
		}
		require.Equal(t, 1, p.primary.count())
		<-time.After(30 * time.Second)
		p.primary.set(nil)
		_, err := p.Chat(t.Context(), llm.Request{})
		require.NoError(t, err, "somebody has paid")
	})
}

func TestABrokenOffCallSaysNothingOfTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(true)
		p.primary.block = true
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := p.Chat(ctx, llm.Request{})
			require.ErrorIs(t, err, context.Canceled)
		}
		require.Equal(t, llm.CircuitClosed, p.meter.last(llm.Primary))
		require.Zero(t, p.fallback.count(), "nobody wants the answer any more")
		require.Empty(t, p.meter.codes)

		p.primary.block = false
		p.primary.set(fails(ticket.CodeQuota))
		_, err := p.Chat(t.Context(), llm.Request{})
		require.NoError(t, err)
		<-time.After(30 * time.Second)
		p.primary.block = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		time.AfterFunc(time.Second, cancel)
		_, err = p.Chat(ctx, llm.Request{})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, llm.CircuitOpen, p.meter.last(llm.Primary), "a trial that was broken off proves nothing")
		p.primary.block = false
		p.primary.set(nil)
		<-time.After(30 * time.Second)
		done, err := p.Chat(t.Context(), llm.Request{})
		require.NoError(t, err)
		require.Equal(t, llm.Primary, done.Provider)
	})
}

func TestTheFallbackGetsTheTimeThatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(true)
		p.primary.set(fails(ticket.CodeUnavailable))
		p.primary.takes = 45 * time.Second
		p.fallback.block = true
		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Second)
		defer cancel()
		began := time.Now()
		_, err := p.Chat(ctx, llm.Request{})
		require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
		require.Equal(t, 80*time.Second, time.Since(began))

		p.primary.takes = 78 * time.Second
		ctx, cancel = context.WithTimeout(t.Context(), 80*time.Second)
		defer cancel()
		_, err = p.Chat(ctx, llm.Request{})
		require.Error(t, err)
		require.Equal(t, 1, p.fallback.count(), "two seconds are no use")
	})
}

// The same over HTTP: what servers really do.
func TestTheFallbackAnswersOverHTTP(t *testing.T) {
	t.Parallel()
	good := toolAnswer("search_knowledge_base", `{"query":"a"}`)
	for name, handler := range map[string]http.HandlerFunc{
		"no money":  say(429, refusal(`"insufficient_quota"`, "insufficient_quota")),
		"wrong key": say(401, refusal(`"invalid_api_key"`, "x")),
		"throttled": say(429, refusal(`"rate_limit_exceeded"`, "tokens"), "Retry-After", "60"),
		"down":      say(503, ``),
		"garbage":   say(200, `<html>`),
		"endless":   say(200, strings.Repeat("x", 3<<20)),
		"nothing":   say(200, `{"choices":[]}`),
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"breaks off": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			router := llm.NewRouter(llm.RouterOptions{
				Primary:  serve(t, handler, func(o *llm.Options) { o.Timeout = 200 * time.Millisecond }),
				Fallback: serve(t, say(200, good), func(o *llm.Options) { o.Model = "other-model" }),
				Logger:   slog.New(slog.DiscardHandler),
			})
			done, err := router.Chat(t.Context(), question())
			require.NoError(t, err)
			require.Equal(t, llm.Fallback, done.Provider)
			require.NotNil(t, done.Search)
		})
	}
	nobody, err := llm.New(llm.Options{BaseURL: "https://no-such-host.invalid/v1", Model: "m"})
	require.NoError(t, err)
	router := llm.NewRouter(llm.RouterOptions{Primary: nobody, Fallback: serve(t, say(200, good)), Logger: slog.New(slog.DiscardHandler)})
	done, err := router.Chat(t.Context(), question())
	require.NoError(t, err, "a name that cannot be resolved")
	require.Equal(t, llm.Fallback, done.Provider)
}

func TestEveryStateOfACircuitIsNamed(t *testing.T) {
	t.Parallel()
	p := newPair(true)
	require.True(t, slices.Contains(llm.Circuits(), p.meter.last(llm.Primary)))
	require.Equal(t, llm.CircuitClosed, p.meter.last(llm.Fallback), "a measure is there before anything happens")
	require.Len(t, llm.Circuits(), 3)
}
