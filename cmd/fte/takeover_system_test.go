package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

// inDetail is what a customer writes who gets an answer of four parts.
const inDetail = "Please explain in detail. " + question

var chunkID = regexp.MustCompile(`chunk_id\W+([0-9a-f-]{36})`)

// explain makes the model answer at length, in words of the article, where it
// is asked to.
func explain(l *lab.Lab) {
	l.OpenAI.Script(func(request openai.ChatRequest) (openai.Scripted, bool) {
		asked, err := json.Marshal(request.Messages)
		cited := chunkID.FindSubmatch(asked)
		if err != nil || cited == nil || !strings.Contains(string(asked), "explain in detail") {
			return openai.Scripted{}, false
		}
		var sentences []string
		for _, n := range []string{"First", "Next", "Afterwards", "Finally"} {
			sentences = append(sentences, n+", the link in the password e-mail is valid for 30 minutes. If the link has expired, "+
				"request a new one in the same way. Only the newest link works. "+
				"The link in the password e-mail is valid for 30 minutes. Only the newest link works.")
		}
		return openai.ToolCallWith("send_response", map[string]any{
			"message": strings.Join(sentences, "\n\n"), "citations": []string{string(cited[1])},
			"triage": map[string]any{"sentiment": 0.6, "category": "technical", "priority": "medium", "language": "en", "confidence": 0.9},
		}), true
	})
}

// accepting makes Twilio take the n-th message from now on and never say so.
func accepting(l *lab.Lab, n int) {
	const posts = "POST /2010-04-01/"
	l.Twilio.SetStatusCallbacks(false)
	for range n - 1 {
		l.Twilio.SetFault(wire.Fault{Match: posts, Mode: wire.Delay, DelayMillis: 1})
	}
	l.Twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenHang})
}

// TestTakeoverInTheMiddleOfAnAnswer takes over while the second of four parts
// is with Twilio.
func TestTakeoverInTheMiddleOfAnAnswer(t *testing.T) {
	t.Parallel()
	o := newOffice(t, map[string]string{"FTE_SEND_FIRST_CHECK": "8s", "FTE_SEND_SECOND_CHECK": "12s"})
	const phone = "+491511234567"
	explain(o.Lab)
	accepting(o.Lab, 2)
	o.WhatsApp(phone, inDetail, 1)
	require.NoError(t, o.Twilio.Faults().WaitForHits(t.Context(), 2))

	var taken struct {
		InFlight []string `json:"in_flight"`
	}
	number := o.number()
	require.NoError(t, json.Unmarshal([]byte(o.says("ticket takeover "+number+" --json", "ana", "in_flight")), &taken))
	require.Len(t, taken.InFlight, 1, "the part that Twilio may have")
	require.Regexp(t, "/answer/2$", taken.InFlight[0])
	o.says("ticket reply "+number, "ana", "is on its way", "--text", "Ana here: I will look after it.")
	o.hears(phone, "^Ana here")
	o.Check()

	said := o.RepliesTo(phone)
	require.Len(t, said, 3, "%q", said)
	require.Regexp(t, "^First", said[0])
	require.Regexp(t, "^Next", said[1])
	require.Regexp(t, "^Ana here", said[2])
}

// TestAPersonAnswersFromTheMailbox writes to the customer without the service
// while the model hangs.
func TestAPersonAnswersFromTheMailbox(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const mail = "ben@customer.example"
	o.OpenAI.SetFault(wire.Fault{Match: "/v1/chat/completions", Times: -1, Mode: wire.Hang})
	asked := lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: question, MessageID: "<first@customer.example>"}
	o.Deliver(asked)
	require.NoError(t, o.OpenAI.Faults().WaitForHits(t.Context(), 1))

	o.WriteByHand(lab.Mail{To: mail, Name: "Cleo", Subject: "Re: Password", Text: "Half an hour, Ben.", InReplyTo: asked.MessageID})
	o.shows(o.number(), "with_human", "a person wrote to the customer: the assistant is silent")
	o.Check()

	require.Len(t, o.RepliesTo(mail), 1)
	require.Regexp(t, "^Half an hour", o.RepliesTo(mail)[0])
	events := o.History(o.WorkflowsByChannel()[ticket.Email])
	require.True(t, slices.ContainsFunc(events, func(e *historypb.HistoryEvent) bool {
		return e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED
	}), "the model is not waited for")
	for _, e := range events {
		require.NotEqual(t, ticket.ActivitySendReply, e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName())
	}
}
