package openai

import (
	"cmp"
	"slices"
	"strings"
)

// culprit is a model in a bad mode at one request. It knows what the honest
// model would say, which makes it worse.
type culprit struct {
	request ChatRequest
	known   evidence
	// truth is the honest answer; empty when there is none.
	truth answer
	// seed chooses between the forms of a mode; try counts the answers of this
	// turn that were refused, so that each is another one.
	seed uint64
	try  int
	// again says that this customer's question met a broken protocol before. It
	// is broken once, as by a proxy in between: a server that never keeps to it
	// would be left alone, and nobody would meet the model.
	again bool
	// memory holds what other customers wrote to this server.
	memory   []string
	unmarked bool
}

func (s *Server) culprit(m Manner, request ChatRequest) culprit {
	c := culprit{request: request, known: gather(request.Messages), unmarked: m.Unmarked}
	c.truth, _ = c.known.compose()
	c.seed = hash(string(m.Mode) + c.known.question)
	for _, message := range request.Messages {
		for _, call := range message.ToolCalls {
			if call.Function.Name != toolSearch {
				c.try++
			}
		}
	}
	s.mu.Lock()
	c.again = s.broken[c.known.question]
	s.mu.Unlock()
	c.memory = s.remember(c.known.question)
	return c
}

// remember returns what others wrote and keeps what this one wrote.
func (s *Server) remember(question string) []string {
	const kept = 8
	s.mu.Lock()
	defer s.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(s.heard), func(text string) bool { return text == question })
	if question != "" && !slices.Contains(s.heard, question) {
		s.heard = append(s.heard, question)
		s.heard = s.heard[max(0, len(s.heard)-kept):]
	}
	return others
}

// form returns which of n forms of a mode it is this time.
func (c culprit) form(n int) int { return int((c.seed + uint64(c.try)) % uint64(n)) }

// pick returns one of several, another one at each try.
func (c culprit) pick(all []string) string { return all[c.form(len(all))] }

func (c culprit) speech() *speech { return &speech{unmarked: c.unmarked} }

// sources returns what to cite: what the truth rests on, or whatever was found.
func (c culprit) sources() []string {
	if len(c.truth.citations) > 0 {
		return c.truth.citations
	}
	var ids []string
	for _, item := range c.known.chunks[:min(2, len(c.known.chunks))] {
		ids = append(ids, item.ID)
	}
	return ids
}

// respond proposes an answer, as sure of itself as can be.
func (c culprit) respond(said *speech, citations []string) (Scripted, []string) {
	opinion := judge(c.known.question, 0.97)
	opinion.sentiment = max(opinion.sentiment, 0.5)
	next := step{tool: toolRespond, arguments: map[string]any{
		"message": said.text(), "citations": list(citations), "triage": opinion.arguments(),
	}}
	message := answerWith(c.request, next)
	return Scripted{Message: &message}, said.bad
}

// facts returns the sentences of the chunks, those of the truth first.
func (c culprit) facts() []string {
	var texts []string
	for _, s := range sentences(c.known.chunks) {
		if words := len(tokens(s.text)); words >= 5 && words <= 40 {
			texts = append(texts, s.text)
		}
	}
	slices.SortStableFunc(texts, func(a, b string) int {
		return cmp.Compare(boolean(strings.Contains(c.truth.text, b)), boolean(strings.Contains(c.truth.text, a)))
	})
	return texts
}

// stated reports whether a sentence stands in the chunks, so that it is no lie
// after all.
func (c culprit) stated(sentence string) bool {
	return slices.ContainsFunc(c.known.chunks, func(item chunk) bool {
		return strings.Contains(strings.Join(strings.Fields(item.Content), " "), sentence)
	})
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// remorse is one in how many customers has to do with a model that comes to its
// senses when an answer is refused.
const remorse = 5

// repents reports whether the model is honest from now on.
func (c culprit) repents() bool { return c.try > 0 && c.seed>>32%remorse == 0 }

// misbehave answers a request in a bad mode, and says which of its sentences
// must never be sent. It returns false where the honest model has to answer.
func (s *Server) misbehave(m Manner, request ChatRequest) (Scripted, []string, bool) {
	c := s.culprit(m, request)
	if c.repents() {
		return Scripted{}, nil, false
	}
	act, ok := map[Mode]func() (Scripted, []string){
		Hallucinate: c.hallucinate, Splice: c.splice, PromiseRefunds: c.promiseRefunds, LeakPrompt: c.leakPrompt,
		RepeatPrompt: c.repeatPrompt, CiteUnknown: c.citeUnknown, Garbage: c.garbage, WrongTool: c.wrongTool,
		EndlessSearch: c.endlessSearch, Empty: c.empty, WrongNumber: c.wrongNumber, WrongWord: c.wrongWord,
		Negate: c.negate, OtherCustomer: c.otherCustomer, Links: c.links, Obey: c.obey,
		WrongLanguage: c.wrongLanguage, Overlong: c.overlong,
	}[m.Mode]
	if !ok {
		return Scripted{}, nil, false
	}
	answer, bad := act()
	if answer.Raw != nil {
		s.mu.Lock()
		s.broken[c.known.question] = true
		s.mu.Unlock()
	}
	return answer, bad, true
}
