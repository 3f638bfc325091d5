package llm

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
)

// plainTool is what servers take as the name of a tool, even in a transcript.
var plainTool = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// InvalidCall is a call of the model that cannot be used. It is shown to it
// once, with what is wrong.
type InvalidCall struct {
	ToolCallID string
	Raw        json.RawMessage // Completion.Raw of the call
}

// messages shows the call and what is wrong with it. Servers refuse transcripts
// with odd names or broken arguments, so those are left out. Nothing the model
// said is repeated in the verdict.
func (c InvalidCall) messages(nth int) []Message {
	var u unusable
	_ = json.Unmarshal(c.Raw, &u) // what cannot be read is an answer without a call
	verdict := struct {
		Invalid bool   `json:"invalid"`
		Advice  string `json:"advice"`
		Rule    string `json:"rule,omitempty"`
	}{true, u.Problem.advice(), ""}
	if u.Problem == ProblemBadArguments {
		verdict.Rule = u.Fault
	}
	if u.Tool == "" {
		return []Message{
			{Role: RoleAssistant, Content: cmp.Or(visible(u.Text), "(no answer)")},
			{Role: RoleUser, Content: line(verdict) + "\n"},
		}
	}
	var arguments map[string]any
	if u.Problem != ProblemCutOff {
		_ = json.Unmarshal([]byte(u.Arguments), &arguments) // anything but an object is left out
	}
	if arguments == nil {
		arguments = map[string]any{}
	}
	tool := Tool(u.Tool)
	if !slices.Contains(Tools(), tool) && !plainTool.MatchString(u.Tool) {
		tool = "unknown_tool"
	}
	id := callID(c.ToolCallID, nth)
	return []Message{
		{Role: RoleAssistant, ToolCall: &ToolCall{ID: id, Tool: tool, Arguments: line(arguments)}},
		{Role: RoleTool, ToolCallID: id, Content: line(verdict) + "\n"},
	}
}
