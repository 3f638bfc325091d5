package llm

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	openai "github.com/sashabaranov/go-openai"

	"github.com/digital-fte/fte/ticket"
)

// maxUnusable bounds, in bytes, what is kept of a call that cannot be used.
const maxUnusable = 4 << 10

// Problem says in one word why a call of the model cannot be used.
type Problem string

// The problems. Empty means that there is none.
const (
	ProblemUnknownTool  Problem = "unknown_tool"    // it called a tool that does not exist
	ProblemNotAllowed   Problem = "not_allowed_now" // it called a tool that was not offered
	ProblemBadArguments Problem = "bad_arguments"   // the arguments break a rule of the tool
	ProblemSeveralCalls Problem = "several_calls"   // it called several tools at once
	ProblemNoCall       Problem = "no_call"         // it called none
	ProblemCutOff       Problem = "cut_off"         // the call ends at the limit of length
	ProblemRefused      Problem = "refused"         // the model refused, or a filter stopped it
)

// Problems returns every problem.
func Problems() []Problem {
	return []Problem{
		ProblemUnknownTool, ProblemNotAllowed, ProblemBadArguments, ProblemSeveralCalls, ProblemNoCall, ProblemCutOff, ProblemRefused,
	}
}

// advice is what the model is told about a call that it may make anew.
func (p Problem) advice() string {
	switch p {
	case ProblemUnknownTool:
		return "There is no such tool. Call exactly one of the tools that were offered."
	case ProblemNotAllowed:
		return "This tool cannot be used now. Call exactly one of the tools that were offered."
	case ProblemBadArguments:
		return "The arguments break a rule of the tool. Call it again as its schema says, or call another."
	case ProblemSeveralCalls:
		return "Several tools were called at once. Call exactly one."
	case ProblemCutOff:
		return "The call was cut off because it is too long. Call the tool again with fewer words."
	default:
		return "No tool was called. Answer with exactly one tool call and nothing else."
	}
}

// unusable is a call that cannot be used in the form in which it is stored.
// What came stands there as text: nothing reads values out of it.
type unusable struct {
	Problem   Problem `json:"problem"`
	Fault     string  `json:"fault"` // which rule was broken, in words of ours
	Tool      string  `json:"tool,omitempty"`
	Arguments string  `json:"arguments,omitempty"`
	Text      string  `json:"text,omitempty"`
}

// Unusable returns the problem of a stored completion (Completion.Raw) and the
// rule that it breaks, in words of ours; both are empty if it can be used.
func Unusable(raw json.RawMessage) (p Problem, fault string) {
	var u unusable
	if err := json.Unmarshal(raw, &u); err != nil {
		return "", ""
	}
	return u.Problem, u.Fault
}

// read judges what came: it becomes the decision, or a problem.
func (c *Completion) read(choices []openai.ChatCompletionChoice, offered []Tool) {
	var answer openai.ChatCompletionChoice
	if len(choices) > 0 {
		answer = choices[0]
	}
	came := unusable{Text: cmp.Or(answer.Message.Refusal, answer.Message.Content)}
	var asked openai.ToolCall
	if len(answer.Message.ToolCalls) > 0 {
		asked = answer.Message.ToolCalls[0]
		came.Tool, came.Arguments = asked.Function.Name, asked.Function.Arguments
	}
	c.ToolCallID = asked.ID
	came.Problem, came.Fault = misshapen(answer, offered)
	if came.Problem == "" {
		var err error
		if c.Decision, c.Raw, err = parseCall(Tool(asked.Function.Name), []byte(asked.Function.Arguments)); err == nil {
			return
		}
		came.Problem, came.Fault = ProblemBadArguments, faultOf(err)
	}
	c.Problem, c.Fault, c.Raw = came.Problem, came.Fault, came.store()
}

// misshapen finds what is wrong with an answer before its arguments are read.
func misshapen(answer openai.ChatCompletionChoice, offered []Tool) (p Problem, fault string) {
	calls := answer.Message.ToolCalls
	switch {
	case answer.FinishReason == openai.FinishReasonContentFilter:
		return ProblemRefused, "the provider's filter stopped the answer"
	case answer.Message.Refusal != "":
		return ProblemRefused, "the model refused to answer"
	case answer.FinishReason == openai.FinishReasonLength:
		return ProblemCutOff, "an answer cut off at its length limit"
	case len(calls) == 0:
		return ProblemNoCall, "an answer without a tool call"
	case len(calls) > 1:
		return ProblemSeveralCalls, "several tool calls at once"
	case calls[0].Type != openai.ToolTypeFunction && calls[0].Type != "",
		!slices.Contains(Tools(), Tool(calls[0].Function.Name)):
		return ProblemUnknownTool, "a tool that does not exist"
	case !slices.Contains(offered, Tool(calls[0].Function.Name)):
		return ProblemNotAllowed, "a tool that is not allowed now"
	}
	return "", ""
}

// store encodes what came, as far as it is kept and Postgres can keep it.
func (u unusable) store() json.RawMessage {
	u.Tool = keep(u.Tool, 64)
	u.Text = keep(u.Text, maxUnusable/4)
	u.Arguments = keep(u.Arguments, maxUnusable-len(u.Tool)-len(u.Text))
	raw, _ := json.Marshal(u)
	return raw
}

// keep returns the first bytes of s, whole characters and nothing that jsonb
// refuses.
func keep(s string, most int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= most {
		return s
	}
	const mark = "…"
	end := most - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// faultOf returns our words of an error of parseCall.
func faultOf(err error) string {
	return strings.TrimPrefix(err.Error(), badOutput("").Error())
}

// RefusedError is the error of a completion whose problem is ProblemRefused: no
// other try mends it.
func RefusedError(fault string) error {
	return ticket.Errorf(ticket.CodeGuardrail, "%s", fault)
}
