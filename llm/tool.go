package llm

import (
	"maps"
	"slices"

	openai "github.com/sashabaranov/go-openai"
)

// Tool is what the model may propose. None has an effect of its own.
type Tool string

// The tools of the model.
const (
	ToolSearch   Tool = "search_knowledge_base"
	ToolEscalate Tool = "escalate_to_human"
	ToolRespond  Tool = "send_response"
)

// Tools returns every tool in the order in which the model sees them.
func Tools() []Tool { return []Tool{ToolSearch, ToolEscalate, ToolRespond} }

// toolset describes tools as strict functions. Ranges and lengths stand in the
// descriptions only, since many servers refuse a schema that states them;
// ParseDecision enforces them.
func toolset(tools []Tool) []openai.Tool {
	set := make([]openai.Tool, 0, len(tools))
	for _, t := range tools {
		description, parameters := t.describe()
		set = append(set, openai.Tool{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{
			Name: string(t), Description: description, Strict: true, Parameters: parameters,
		}})
	}
	return set
}

// describe returns what a tool is for and the schema of its arguments; nothing
// for a tool that does not exist.
func (t Tool) describe() (string, map[string]any) {
	switch t {
	case ToolSearch:
		return "Search the company's knowledge base once more, when what has been found does not answer the customer.",
			object(map[string]any{
				"query": text("What to look for, complete in itself, in the language of the knowledge base, without personal data."),
			})
	case ToolEscalate:
		return "Hand the conversation over to a person of the company.",
			object(map[string]any{
				"reason":  oneOf("Why a person is needed.", Reasons()),
				"urgency": oneOf("How soon a person is needed.", Priorities()),
				"triage":  triageSchema(),
			})
	case ToolRespond:
		return "Propose the answer to the customer. It is reviewed before it is sent.",
			object(map[string]any{
				"message": text("The answer in plain text, in the customer's language, without greeting and signature."),
				"citations": map[string]any{
					"type":        "array",
					"items":       text("A chunk_id, exactly as it was given."),
					"description": "Every chunk that the message rests on, 20 at most; empty only if the message states no fact.",
				},
				"triage": triageSchema(),
			})
	}
	return "", nil
}

func triageSchema() map[string]any {
	return object(map[string]any{
		"sentiment":  number("Mood of the customer's latest messages, from 0 (furious) by 0.5 (neutral) to 1 (delighted)."),
		"confidence": number("How sure you are that this is the right step and all of it true, from 0 to 1."),
		"category":   oneOf("What the matter is about.", Categories()),
		"priority":   oneOf("How much it presses.", Priorities()),
		"language":   text("Language of the customer's latest message, as an ISO 639-1 code such as en or pt-BR."),
	})
}

// object returns the schema of an object in the strict form: nothing optional,
// nothing besides.
func object(properties map[string]any) map[string]any {
	return map[string]any{
		"type":                 "object",
		"properties":           properties,
		"required":             slices.Sorted(maps.Keys(properties)),
		"additionalProperties": false,
	}
}

func text(description string) map[string]any {
	return map[string]any{"type": "string", "description": description}
}

func number(description string) map[string]any {
	return map[string]any{"type": "number", "description": description}
}

func oneOf[T ~string](description string, values []T) map[string]any {
	return map[string]any{"type": "string", "description": description, "enum": values}
}
