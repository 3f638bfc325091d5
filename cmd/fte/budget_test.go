package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/ticket"
)

// budgets are the most events that one plain question may cost: the first turn
// of a run, counted from its start, and a later one, counted from its signal,
// each to the completion of SendReply.
var budgets = map[ticket.Channel][2]int{
	ticket.Email: {28, 26}, ticket.WebForm: {28, 26}, ticket.WhatsApp: {33, 31},
}

// TestBudgets counts events, completions and embeddings of two turns on each
// channel, on a real server.
func TestBudgets(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	ingested := len(l.OpenAI.Calls())
	const phone, mail, form = "+491511234567", "ben@customer.example", "cleo@customer.example"
	const again = "Is the link to reset my password still valid after an hour?"

	l.WhatsApp(phone, question, 1)
	first := lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: question, MessageID: "<first@customer.example>"}
	l.Deliver(first)
	submitted := l.Form(form, "Password link", question, "key-1")
	l.Check()
	l.WhatsApp(phone, again, 1)
	l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Re: Password", Text: again, InReplyTo: first.MessageID})
	l.PageMessage(submitted.TicketID, form, again, "key-2")
	l.Check()

	for channel, id := range l.WorkflowsByChannel() {
		costs := costOfTurns(l.History(id))
		require.Len(t, costs, 2, channel)
		t.Logf("%s: first turn %d events (budget %d), later turn %d (budget %d)", channel, costs[0], budgets[channel][0], costs[1], budgets[channel][1])
		require.LessOrEqual(t, costs[0], budgets[channel][0], channel)
		require.LessOrEqual(t, costs[1], budgets[channel][1], channel)
	}
	kinds := map[openai.Kind]int{}
	for _, call := range l.OpenAI.Calls()[ingested:] {
		kinds[call.Kind]++
	}
	require.Equal(t, 6, kinds[openai.Chat], "one completion a turn")
	require.LessOrEqual(t, kinds[openai.Embeddings], 6, "at most one embedding call a turn")
}

// costOfTurns returns the events of each turn of a history.
func costOfTurns(events []*historypb.HistoryEvent) []int {
	var costs []int
	sends := map[int64]bool{}
	from := 0
	for i, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			if from < 0 {
				from = i
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == ticket.ActivitySendReply {
				sends[e.GetEventId()] = true
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			if sends[e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()] {
				costs = append(costs, i-from+1)
				from = -1
			}
		default:
		}
	}
	return costs
}
