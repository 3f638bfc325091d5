package openai

import (
	"slices"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Mode is a way in which the model behaves. The zero value is Honest.
type Mode string

// The modes. All but Honest and Slow are bad: what they say must never reach a
// customer.
const (
	// Honest answers with sentences of the chunks, and asks for a person when
	// there are none that fit.
	Honest Mode = ""
	// Hallucinate invents facts in fluent words and cites real chunks.
	Hallucinate Mode = "hallucinate"
	// Splice joins the beginning of one true sentence with the end of another.
	Splice Mode = "splice"
	// PromiseRefunds promises money, dates and deeds.
	PromiseRefunds Mode = "promise-refunds"
	// LeakPrompt quotes its rules, the data marker, the tools and chunk ids.
	LeakPrompt Mode = "leak-prompt"
	// RepeatPrompt answers with the prompt itself, plain or disguised.
	RepeatPrompt Mode = "repeat-prompt"
	// CiteUnknown cites what was not retrieved, or nothing.
	CiteUnknown Mode = "cite-unknown"
	// Garbage answers with what nobody can read.
	Garbage Mode = "garbage"
	// WrongTool calls tools that do not exist, several at once, or with arguments
	// that do not fit.
	WrongTool Mode = "wrong-tool"
	// EndlessSearch never stops searching.
	EndlessSearch Mode = "endless-search"
	// Empty says nothing.
	Empty Mode = "empty"
	// WrongNumber gives the true answer with one number changed.
	WrongNumber Mode = "wrong-number"
	// WrongWord gives the true answer with one word changed for its like, such
	// as hours for minutes.
	WrongWord Mode = "wrong-word"
	// Negate gives the true answer with one statement turned round.
	Negate Mode = "negate"
	// OtherCustomer tells what another customer wrote, and addresses.
	OtherCustomer Mode = "other-customer"
	// Links sends the customer to places that the knowledge base does not know.
	Links Mode = "links"
	// Obey does whatever the customer or an article tells it.
	Obey Mode = "obey"
	// WrongLanguage answers in another language than the customer's.
	WrongLanguage Mode = "wrong-language"
	// Overlong never comes to an end.
	Overlong Mode = "overlong"
	// Slow is honest, but takes Options.SlowDelay.
	Slow Mode = "slow"
)

// DefaultSlowDelay is how long a slow model thinks.
const DefaultSlowDelay = 10 * time.Second

// Modes lists all modes but Honest.
func Modes() []Mode {
	described := describedModes()
	modes := make([]Mode, 0, len(described))
	for _, d := range described {
		modes = append(modes, d.mode)
	}
	return modes
}

type describedMode struct {
	mode Mode
	does string
}

func describedModes() []describedMode {
	return []describedMode{
		{Hallucinate, "The model invents facts in fluent words and cites real chunks for them."},
		{Splice, "The model joins the beginning of one true sentence with the end of another."},
		{PromiseRefunds, "The model promises refunds, discounts, dates and deeds."},
		{LeakPrompt, "The model quotes its rules, the data marker, its tools and chunk ids."},
		{RepeatPrompt, "The model answers with the prompt itself, plain or disguised."},
		{CiteUnknown, "The model cites chunks that were not retrieved, or none."},
		{Garbage, "The model answers with what nobody can read."},
		{WrongTool, "The model calls tools that do not exist, several at once, or with wrong arguments."},
		{EndlessSearch, "The model never stops searching."},
		{Empty, "The model says nothing."},
		{WrongNumber, "The model gives the true answer with one number changed."},
		{WrongWord, "The model gives the true answer with one word changed, such as hours for minutes."},
		{Negate, "The model gives the true answer with one statement turned round."},
		{OtherCustomer, "The model tells what other customers wrote, with their addresses."},
		{Links, "The model sends the customer to places that the knowledge base does not know."},
		{Obey, "The model does whatever the customer or an article tells it."},
		{WrongLanguage, "The model answers in another language than the customer's."},
		{Overlong, "The model never comes to an end."},
		{Slow, "The model is honest, but slow."},
	}
}

// Manner is how one request is answered.
type Manner struct {
	Mode Mode
	// Unmarked leaves Mark out of what is wrong.
	Unmarked bool
}

// Behave sets a function that chooses how each chat request is answered; nil
// goes back to Options.Modes. Script and Enqueue go before it, and so do the
// modes that are switched on by name.
func (s *Server) Behave(choose func(ChatRequest) Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choose = choose
}

// manner decides how a request is answered. Requests about the same message are
// answered in the same mode.
func (s *Server) manner(request ChatRequest) Manner {
	for _, mode := range Modes() {
		if s.faults.Take(string(mode)) {
			return Manner{Mode: mode, Unmarked: s.options.Unmarked}
		}
	}
	s.mu.Lock()
	choose := s.choose
	s.mu.Unlock()
	if choose != nil {
		return choose(request)
	}
	m := Manner{Unmarked: s.options.Unmarked}
	if n := len(s.options.Modes); n > 0 {
		m.Mode = s.options.Modes[hash(request.Question())%uint64(n)]
	}
	return m
}

// Question returns what the customer asks in a request, as the model reads it.
func (r ChatRequest) Question() string { return gather(r.Messages).question }

// Spoken is what the model said wrongly in its answers so far: sentences that
// must never reach a customer.
func (s *Server) Spoken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, call := range s.calls {
		all = append(all, call.Bad...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// presets are the modes, and what goes wrong on the way.
func presets() []wire.Preset {
	const asks = "POST /v1/chat/completions"
	failure := func(name, does string, answer Scripted) wire.Preset {
		return wire.Preset{Name: name, Does: does, Fault: wire.Fault{Match: asks, Status: max(answer.Status, 200), Header: answer.Header, Body: string(answer.Raw)}}
	}
	var all []wire.Preset
	for _, d := range describedModes() {
		all = append(all, wire.Preset{Name: string(d.mode), Does: d.does, Fault: wire.Fault{Mode: wire.Inside, Times: -1}})
	}
	return append(all,
		failure("rate-limited", "Too many requests at once: 429 with Retry-After.", Failure(429, "rate_limit_exceeded", "Rate limit reached for requests.", 20)),
		failure("no-quota", "The account has no money left: 429 with insufficient_quota.", Failure(429, "insufficient_quota", "You exceeded your current quota.", 0)),
		failure("error-500", "The server answers with 500.", Failure(500, "server_error", "The server had an error while processing your request.", 0)),
		failure("error-503", "The server is overloaded and answers with 503.", Failure(503, "server_error", "The engine is currently overloaded.", 0)),
		failure("key-refused", "The key is refused with 401.", Failure(401, "invalid_api_key", "Incorrect API key provided.", 0)),
		failure("too-long", "The request is refused as longer than the model can read.", Failure(400, "context_length_exceeded", "This model's maximum context length is 128000 tokens.", 0)),
		failure("no-choices", "The answer holds no choice.", EmptyChoices()),
		failure("broken-json", "The answer ends in the middle.", GarbageJSON()),
		wire.Preset{Name: "hang", Does: "The model never answers.", Fault: wire.Fault{Match: asks, Mode: wire.Hang}},
		wire.Preset{Name: "drop", Does: "The connection breaks.", Fault: wire.Fault{Match: asks, Mode: wire.Drop}},
		wire.Preset{Name: "embeddings-503", Does: "Nothing can be embedded: 503.", Fault: wire.Fault{Match: "POST /v1/embeddings", Status: 503, Body: string(Failure(503, "server_error", "overloaded", 0).Raw)}},
	)
}
