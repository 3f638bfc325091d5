package openai

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The tools the model knows how to use.
const (
	toolSearch   = "search_knowledge_base"
	toolEscalate = "escalate_to_human"
	toolRespond  = "send_response"
)

// lowSentiment is where a person should take over.
const lowSentiment = 0.3

// step is what the model does next: call a tool, or say something when the
// request offers none that fits.
type step struct {
	tool      string
	arguments map[string]any
	text      string
}

// think decides the next step. It looks at nothing but the request.
func think(request ChatRequest) step {
	known := gather(request.Messages)
	found, supported := known.compose()
	if !supported && thanks(known.question) {
		found.text = "You are welcome."
	}
	opinion := judge(known.question, sure(found, supported))
	respond := step{tool: toolRespond, text: found.text, arguments: map[string]any{
		"message": found.text, "citations": list(found.citations), "triage": opinion.arguments(),
	}}
	choice := request.choice()
	if forced, ok := strings.CutPrefix(choice, "function:"); ok {
		return force(forced, known, respond, opinion)
	}
	want := decide(request, known, supported, opinion)
	switch want.tool {
	case toolSearch:
		want.arguments = map[string]any{"query": shorten(known.question)}
	case toolEscalate:
		want.arguments["triage"] = opinion.arguments()
		want.text = "A colleague will look into this."
	case toolRespond:
		want = respond
	}
	if _, offered := request.tool(want.tool); !offered || choice == "none" {
		return fallback(request, want, respond, supported)
	}
	return want
}

func decide(request ChatRequest, known evidence, supported bool, opinion triage) step {
	escalate := func(why reason) step {
		return step{tool: toolEscalate, arguments: map[string]any{"reason": why.code, "urgency": why.urgency}}
	}
	if why, ok := mustEscalate(known.question); ok {
		return escalate(why)
	}
	if opinion.sentiment < lowSentiment {
		return escalate(reason{code: "negative_sentiment", urgency: "high"})
	}
	// A proposal that came back was refused; the same one would be again.
	if request.called(toolRespond) {
		return escalate(reason{code: "low_confidence", urgency: "medium"})
	}
	if written := known.languages(); len(written) > 0 && !slices.Contains(written, opinion.language) {
		return escalate(reason{code: "unsupported_language", urgency: "medium"})
	}
	if supported || thanks(known.question) {
		return step{tool: toolRespond}
	}
	if _, offered := request.tool(toolSearch); offered && !request.called(toolSearch) {
		return step{tool: toolSearch}
	}
	return escalate(reason{code: "no_answer_found", urgency: "medium"})
}

// sure is the confidence that the step is right: escalating what nothing
// supports is as sure as answering what is well supported.
func sure(found answer, supported bool) float64 {
	if !supported {
		return 0.8
	}
	return 0.5 + found.coverage/2
}

// thanks reports whether a message says nothing but thanks.
func thanks(text string) bool {
	return len(terms(text)) <= 2 && !strings.Contains(text, "?") &&
		has(text, "thanks", "thank you", "thx", "cheers", "much appreciated")
}

// force answers a request that leaves the model no choice of tool.
func force(tool string, known evidence, respond step, opinion triage) step {
	switch tool {
	case toolSearch:
		return step{tool: tool, arguments: map[string]any{"query": shorten(known.question)}}
	case toolRespond:
		if respond.text == "" {
			respond.arguments["message"] = "I could not find an answer to this."
		}
		return respond
	case toolEscalate:
		why, ok := mustEscalate(known.question)
		if !ok {
			why = reason{code: "no_answer_found", urgency: "medium"}
		}
		return step{tool: tool, arguments: map[string]any{
			"reason": why.code, "urgency": why.urgency, "triage": opinion.arguments(),
		}}
	default:
		return step{tool: tool, arguments: map[string]any{}}
	}
}

// fallback is for requests without the tool the model wants: plain text, or the
// shape that was asked for.
func fallback(request ChatRequest, want, respond step, supported bool) step {
	choice := request.choice()
	if choice == "required" {
		if _, ok := request.tool(toolEscalate); ok && want.tool != toolEscalate {
			return step{tool: toolEscalate, arguments: map[string]any{
				"reason": "no_answer_found", "urgency": "medium", "triage": respond.arguments["triage"],
			}}
		}
		return step{tool: request.Tools[0].Function.Name, arguments: want.arguments}
	}
	text := want.text
	if text == "" {
		text = "I could not find an answer to this."
	}
	format := request.ResponseFormat
	if format == nil || format.Type == "text" {
		return step{text: text}
	}
	flat := map[string]any{"escalate": !supported, "answer": text}
	for _, source := range []map[string]any{respond.arguments["triage"].(map[string]any), respond.arguments, want.arguments} {
		maps.Copy(flat, source)
	}
	var shape schema
	if format.JSONSchema != nil && json.Unmarshal(format.JSONSchema.Schema, &shape) == nil && len(shape.Properties) > 0 {
		return step{text: encode(shape.fill(flat))}
	}
	return step{text: encode(flat)}
}

// shorten makes a search query of a question: its meaningful words, at most eight.
func shorten(question string) string {
	stop := stopWords()
	var kept []string
	for _, word := range unique(tokens(question)) {
		if !stop[word] && len(kept) < 8 {
			kept = append(kept, word)
		}
	}
	if len(kept) == 0 {
		return strings.TrimSpace(question)
	}
	return strings.Join(kept, " ")
}

func (e evidence) languages() []string {
	var codes []string
	for _, item := range e.chunks {
		codes = append(codes, language(item.Content))
	}
	return codes
}

func list(ids []string) []any {
	items := make([]any, len(ids))
	for i, id := range ids {
		items[i] = id
	}
	return items
}

func encode(value any) string {
	// Values are built from strings, numbers, maps and slices only.
	text, err := json.Marshal(value)
	if err != nil {
		return "{}"
	}
	return string(text)
}
