package openai

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// schema is the part of JSON Schema that strict tools may use.
type schema struct {
	Type                 json.RawMessage   `json:"type"`
	Enum                 []any             `json:"enum"`
	Properties           map[string]schema `json:"properties"`
	Required             []string          `json:"required"`
	AdditionalProperties json.RawMessage   `json:"additionalProperties"`
	Items                *schema           `json:"items"`
	AnyOf                []schema          `json:"anyOf"`
}

func (s schema) is(kind string) bool {
	var one string
	if json.Unmarshal(s.Type, &one) == nil {
		return one == kind
	}
	var many []string
	return json.Unmarshal(s.Type, &many) == nil && slices.Contains(many, kind)
}

func (t Tool) validate() error {
	if t.Type != "function" || t.Function.Name == "" {
		return invalid("Missing required parameter: 'tools[0].function.name'.")
	}
	if len(t.Function.Parameters) == 0 {
		return nil
	}
	var parameters schema
	if err := json.Unmarshal(t.Function.Parameters, &parameters); err != nil {
		return invalid("Invalid schema for function '%s': %v", t.Function.Name, err)
	}
	if !t.Function.Strict {
		return nil
	}
	return parameters.strict(t.Function.Name, nil)
}

// strict checks the two rules of strict mode that people trip over.
func (s schema) strict(function string, path []string) error {
	if s.is("object") {
		where := fmt.Sprintf("Invalid schema for function '%s': In context=(%s)", function, strings.Join(path, ", "))
		if string(s.AdditionalProperties) != "false" {
			return invalid("%s, 'additionalProperties' is required to be supplied and to be false.", where)
		}
		for _, name := range sortedKeys(s.Properties) {
			if !slices.Contains(s.Required, name) {
				return invalid("%s, 'required' is required to be supplied and to be an array including every key in properties. Missing '%s'.", where, name)
			}
			if err := s.Properties[name].strict(function, append(path, "'properties'", "'"+name+"'")); err != nil {
				return err
			}
		}
	}
	if s.Items != nil {
		return s.Items.strict(function, append(path, "'items'"))
	}
	return nil
}

// fill builds a value that satisfies s, from what is known; whatever the model
// has no opinion on gets the emptiest value the schema allows.
func (s schema) fill(known any) any {
	if len(s.AnyOf) > 0 {
		return s.AnyOf[0].fill(known)
	}
	if len(s.Enum) > 0 {
		return pick(s.Enum, known)
	}
	switch {
	case s.is("object"):
		values, _ := known.(map[string]any)
		object := map[string]any{}
		for name, property := range s.Properties {
			object[name] = property.fill(values[name])
		}
		return object
	case s.is("array"):
		items, _ := known.([]any)
		array := make([]any, len(items))
		for i, item := range items {
			array[i] = item
			if s.Items != nil {
				array[i] = s.Items.fill(item)
			}
		}
		return array
	case known != nil:
		return known
	case s.is("null"):
		return nil
	case s.is("number"), s.is("integer"):
		return 0
	case s.is("boolean"):
		return false
	default:
		return ""
	}
}

// pick chooses the allowed value that comes closest to the wanted one.
func pick(allowed []any, wanted any) any {
	want := strings.ToLower(fmt.Sprint(wanted))
	for _, value := range allowed {
		if strings.ToLower(fmt.Sprint(value)) == want {
			return value
		}
	}
	for _, word := range strings.FieldsFunc(want, func(r rune) bool { return r == '_' || r == ' ' }) {
		for _, value := range allowed {
			if strings.Contains(strings.ToLower(fmt.Sprint(value)), word) {
				return value
			}
		}
	}
	for _, value := range allowed {
		if word := fmt.Sprint(value); word == "other" || word == "general" {
			return value
		}
	}
	return allowed[0]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// arguments encodes a step's arguments in the shape the tool asks for.
func arguments(request ChatRequest, next step) string {
	tool, _ := request.tool(next.tool)
	var shape schema
	if json.Unmarshal(tool.Function.Parameters, &shape) != nil || len(shape.Properties) == 0 {
		return encode(next.arguments)
	}
	return encode(shape.fill(next.arguments))
}
