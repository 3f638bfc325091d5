package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// canary is a word that only the customer and the answer to her use.
const canary = "zaunkoenig"

// private is what must be in no history: histories are kept, copied and shown.
var private = []string{canary, phone, phone[1:], address, "Ana Kunde"}

// history takes what an activity hands to Temporal and asserts that it holds
// nothing of the customer.
type history struct {
	*world
	seen int
}

func take[In, Out any](h *history, activity func(context.Context, In) (Out, error), in In) (Out, error) {
	h.t.Helper()
	out, err := run(h.world, activity, in)
	encoded, problem := json.Marshal([]any{in, out})
	require.NoError(h.t, problem)
	h.clean(string(encoded))
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		h.clean(cause.Error())
	}
	h.seen++
	return out, err
}

func (h *history) clean(text string) {
	h.t.Helper()
	for _, secret := range private {
		require.NotContains(h.t, strings.ToLower(text), strings.ToLower(secret))
	}
}

// quoting makes the providers repeat what they were sent in their errors.
func quoting(status int) wire.Fault {
	text := "cannot handle '" + strings.Join(private, " ") + "'"
	body, _ := json.Marshal(map[string]any{
		"code": map[int]int{400: 63003, 403: 20003, 500: 20500}[status], "message": text, "status": status,
		"error": map[string]any{"message": text, "code": "invalid_value", "type": text, "errors": []any{map[string]string{"reason": "x", "message": text}}},
	})
	return wire.Fault{Status: status, Body: string(body), Times: -1}
}

func (h *history) provided(c schema.Conversation, faults *wire.Faults, status int) {
	h.t.Helper()
	a := h.acts()
	opened, err := take(h, a.CreateTicket, ticket.CreateTicketInput{
		ConversationID: c.ID, MessageIDs: []uuid.UUID{h.message(c, "My "+canary+" is lost. "+resetQuestion)},
	})
	require.NoError(h.t, err)
	_, err = take(h, a.FetchHistory, ticket.FetchHistoryInput{TurnID: opened.TurnID})
	require.NoError(h.t, err)
	found, err := take(h, a.SearchKnowledge, ticket.SearchKnowledgeInput{TurnID: opened.TurnID})
	require.NoError(h.t, err)
	h.openai.Enqueue(respond("Your "+canary+" is valid for 30 minutes.", found.Chunks[0].ID))
	ask := ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
	call, err := take(h, a.CallModel, ask)
	require.NoError(h.t, err)
	_, err = take(h, a.ReviewReply, ticket.ReviewReplyInput{DraftID: call.DraftID})
	require.NoError(h.t, err)

	faults.Set(quoting(status))
	_, err = take(h, a.SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, DraftID: call.DraftID})
	require.Error(h.t, err)
	h.clean(h.scalar("SELECT string_agg(error, ',') FROM outbox"))
	faults.Clear()
	h.later(secondCheck)
	_, err = take(h, a.SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, DraftID: call.DraftID})
	if err != nil {
		_, err = take(h, a.SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, DraftID: call.DraftID})
	}
	if status >= 500 {
		require.NoError(h.t, err)
	}
	_, err = take(h, a.Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: call.Escalation, Urgency: "high"})
	require.NoError(h.t, err)
	_, err = take(h, a.CloseTicket, ticket.CloseTicketInput{TicketID: opened.TicketID})
	require.NoError(h.t, err)
}

func TestHistoriesHoldNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	for _, channel := range ticket.Channels() {
		for name, status := range map[string]int{"refused": 400, "denied": 403, "failed": 500} {
			t.Run(string(channel)+" "+name, func(t *testing.T) {
				t.Parallel()
				h := &history{world: newWorld(t).withTwilio().withGmail().withModel(articles())}
				faults := h.gmail.Faults()
				if channel == ticket.WhatsApp {
					faults = h.twilio.Faults()
				}
				h.provided(h.conversation(channel, func(p *schema.InsertConversationParams) { p.Subject = canary }), faults, status)
				require.GreaterOrEqual(t, h.seen, 8)
				for _, topic := range []string{ticket.TopicEscalations, ticket.TopicMetrics} {
					for _, e := range h.published.of(topic) {
						h.clean(string(e.Value))
					}
				}
				h.clean(h.log.String())
			})
		}
	}
}

func TestErrorsOfTheModelHoldNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]openai.Scripted{
		"refusal": openai.Refusal("I will not talk about " + canary),
		"prose":   openai.Text(canary),
		"failure": openai.Failure(400, "invalid_value", canary, 0),
		"filter":  openai.Failure(400, "content_filter", canary, 0),
		"wrong":   openai.RawToolCall("send_response", `{"message":"`+canary+`"}`),
		"unknown": openai.RawToolCall(canary, `{}`),
		"reason":  openai.ToolCallWith("escalate_to_human", map[string]any{"reason": "Ana Kunde lost her " + canary, "urgency": canary, "triage": triage(0.5, "general", "low")}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &history{world: newWorld(t).withModel(articles())}
			opened, found := h.asked("My " + canary + " is lost. " + resetQuestion)
			h.openai.Enqueue(answer)
			ask := ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
			res, err := take(h, h.acts().CallModel, ask)
			require.Equal(t, slices.Contains([]string{"reason", "prose", "wrong", "unknown"}, name), err == nil, "what was paid for is no error")
			_, err = take(h, h.acts().Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: res.Escalation, Urgency: res.Urgency})
			require.NoError(t, err)
			h.clean(h.log.String())
		})
	}
}

func TestSyncingHoldsNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	h := &history{world: synced(t)}
	h.receive("<"+canary+"@kunde.example>", gmail.DeliverOptions{})
	h.gmail.SetFault(quoting(500))
	_, err := take(h, h.acts().SyncMailbox, ticket.SyncMailboxInput{Mailbox: mailbox})
	require.Error(t, err)
	h.gmail.Faults().Clear()
	res, err := take(h, h.acts().SyncMailbox, ticket.SyncMailboxInput{Mailbox: mailbox})
	require.NoError(t, err)
	require.Equal(t, 1, res.Mails)
	h.clean(h.log.String())
}

// A worker that stops in the middle of a step says so and nothing else: what it
// was doing would go into the history with it.
func TestAStoppedWorkerLeavesNoTextBehind(t *testing.T) {
	t.Parallel()
	h := &history{world: newWorld(t).withModel(articles())}
	opened, found := h.asked("My " + canary + " is lost.")
	h.openai.SetFault(wire.Fault{Match: "/v1/chat", Mode: wire.Hang})
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	ctx, stop := context.WithCancel(t.Context())
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	a := h.acts()
	env.RegisterActivity(a.CallModel)
	done := make(chan error, 1)
	go func() {
		_, err := env.ExecuteActivity(a.CallModel, ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}})
		done <- err
	}()
	require.NoError(t, h.openai.Faults().WaitForHits(t.Context(), 1))
	stop()
	err := <-done
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.NotContains(t, err.Error(), "asking")
	h.clean(err.Error())
}
