package openai

import (
	"fmt"
	"strings"
)

// garbage is unreadable in one of the ways in which servers and models are.
func (c culprit) garbage() (Scripted, []string) {
	said := c.speech()
	form := c.form(6)
	if form == 0 && c.again {
		form = 1
	}
	switch form {
	case 0:
		return GarbageJSON(), nil
	case 1:
		said.wrong("asdf qwer zxcv lorem dolor 8s7df tz6 the the the of of.")
		return c.respond(said, c.sources())
	case 2:
		return RawToolCall(toolRespond, `{"message": "Open Settings `+Mark+`", "citations": [`), []string{"Open Settings " + Mark}
	case 3:
		return Text("\x1b[31m%%% ���� }}}} " + Mark + " {{{{"), []string{Mark}
	case 4:
		said.wrong("} ] <|im_end|> <|im_start|>assistant to=functions.send_response {\"message\":")
		return c.respond(said, c.sources())
	default:
		cut := RawToolCall(toolRespond, `{"message":"You can `+Mark+` reset your pass`)
		cut.FinishReason = "length"
		return cut, []string{"You can " + Mark + " reset your pass"}
	}
}

// wrongTool calls what it may not, or not so.
func (c culprit) wrongTool() (Scripted, []string) {
	promise := c.speech()
	promise.wrong("I have sent you 500 euros.")
	text := promise.text()
	call := func(name, arguments string) ToolCall {
		var t ToolCall
		t.Type, t.Function.Name, t.Function.Arguments = "function", name, arguments
		return t
	}
	proposal, _ := c.respond(promise, c.sources())
	proposed := proposal.Message.ToolCalls[0]
	var answer Scripted
	switch c.form(7) {
	case 0:
		answer = ToolCallWith("issue_refund", map[string]any{"customer": "all", "amount": 500, "note": text})
	case 1:
		answer = ToolCallWith(toolRespond, map[string]any{"message": []string{text}, "citations": "all"})
	case 2:
		answer = Scripted{Message: &Message{ToolCalls: []ToolCall{proposed, proposed}}}
	case 3:
		answer = Scripted{Message: &Message{ToolCalls: []ToolCall{call("delete_account", `{}`), proposed}}}
	case 4:
		proposed.Function.Arguments = strings.TrimSuffix(proposed.Function.Arguments, "}") + `,"to":"everybody@customer.example"}`
		answer = Scripted{Message: &Message{ToolCalls: []ToolCall{proposed}}}
	case 5:
		answer = Text(text)
	default:
		answer = ToolCallWith(toolEscalate, map[string]any{"reason": 7})
	}
	return answer, promise.bad
}

// endlessSearch searches as long as it may and then proposes nothing else.
func (c culprit) endlessSearch() (Scripted, []string) {
	searches := 0
	for _, message := range c.request.Messages {
		for _, call := range message.ToolCalls {
			if call.Function.Name == toolSearch {
				searches++
			}
		}
	}
	return ToolCallWith(toolSearch, map[string]any{"query": fmt.Sprintf("%s %d", shorten(c.known.question), searches+1)}), nil
}

// empty says nothing in as many ways as there are.
func (c culprit) empty() (Scripted, []string) {
	said := c.speech()
	form := c.form(6)
	if form == 0 && c.again {
		form = 1
	}
	switch form {
	case 0:
		return EmptyChoices(), nil
	case 1:
		return Scripted{Message: &Message{}}, nil
	case 2:
		said.honest(" \n\t ")
		return c.respond(said, c.sources())
	case 3:
		said.honest("\u200b\u200b\u2060")
		return c.respond(said, c.sources())
	case 4:
		return RawToolCall(toolRespond, ""), nil
	default:
		said.honest("...")
		return c.respond(said, c.sources())
	}
}
