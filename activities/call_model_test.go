package activities_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ask calls the model about a turn, after these searches.
func (w *world) ask(turnID uuid.UUID, searches ...uuid.UUID) (ticket.CallModelResult, error) {
	in := ticket.CallModelInput{TurnID: turnID}
	for _, id := range searches {
		in.Rounds = append(in.Rounds, ticket.Round{SearchID: id})
	}
	return run(w, w.acts().CallModel, in)
}

// asked opens a turn for a question and searches for it.
func (w *world) asked(words string) (opened ticket.CreateTicketResult, found ticket.SearchKnowledgeResult) {
	w.t.Helper()
	opened = w.turn(w.conversation(ticket.WhatsApp), words)
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(w.t, err)
	return opened, found
}

func triage(sentiment float64, category, priority string) map[string]any {
	return map[string]any{"sentiment": sentiment, "confidence": 0.9, "category": category, "priority": priority, "language": "en"}
}

func respond(message string, citations ...uuid.UUID) openai.Scripted {
	return openai.ToolCallWith("send_response", map[string]any{
		"message": message, "citations": append([]uuid.UUID{}, citations...), "triage": triage(0.4, "technical", "high"),
	})
}

func TestACompletionIsPaidForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	w.openai.Enqueue(respond("It is valid for 30 minutes.", found.Chunks[0].ID))
	first, err := w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	require.Equal(t, ticket.DecideRespond, first.Decision)
	require.Equal(t, "technical", first.Category)
	require.Equal(t, "high", first.Priority)
	require.InDelta(t, 0.4, first.Sentiment, 1e-9)
	require.Equal(t, "chat-1", first.Model)
	require.NotEmpty(t, first.PromptVersion)
	for range 2 {
		again, err := w.ask(opened.TurnID, found.SearchID)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
	require.Equal(t, 1, w.calls(openai.Chat))

	draft, err := w.db.Draft(t.Context(), first.DraftID)
	require.NoError(t, err)
	require.Equal(t, "It is valid for 30 minutes.", draft.Body)
	require.Equal(t, []uuid.UUID{found.Chunks[0].ID}, draft.Citations)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM drafts"))
	require.Equal(t, "1", w.scalar("SELECT jsonb_array_length(sentiment_history)::text FROM customers"), "one reading a turn")
	open := w.ticket(opened.TicketID)
	require.Equal(t, "technical", open.Category)
	require.Equal(t, "high", open.Priority)
	turn, err := w.db.Turn(t.Context(), opened.TurnID)
	require.NoError(t, err)
	require.Equal(t, first.Model, turn.Model)
	require.Equal(t, first.PromptVersion, turn.PromptVersion)
	call, err := w.db.ModelCall(t.Context(), first.CallID)
	require.NoError(t, err)
	require.Positive(t, call.PromptTokens)
	require.InDelta(t, (float64(call.PromptTokens)+10*float64(call.CompletionTokens))/1e6, call.CostUSD, 1e-12)
}

// A worker may die between paying for a completion and storing what follows.
func TestWhatFollowsFromAStoredCompletionIsStoredLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	first, err := w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	w.exec("DELETE FROM drafts; UPDATE customers SET sentiment_history = '[]'; UPDATE turns SET model = ''")
	again, err := w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	require.Equal(t, first.CallID, again.CallID)
	_, err = w.db.Draft(t.Context(), again.DraftID)
	require.NoError(t, err)
	require.Equal(t, "1", w.scalar("SELECT jsonb_array_length(sentiment_history)::text FROM customers"))
	require.Equal(t, 1, w.calls(openai.Chat))
}

func TestANewMessageIsANewQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	c := w.conversation(ticket.WhatsApp)
	m := w.message(c, resetQuestion)
	opened := w.open(c, m)
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	_, err = w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	w.open(c, m, w.message(c, "and how do I get a new one?"))
	_, err = w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	require.Equal(t, 2, w.calls(openai.Chat))
}

func TestTheModelSeesWhatTheWorkflowNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	c := w.conversation(ticket.WhatsApp)
	earlier := w.message(c, "earlier words")
	opened := w.turn(c, resetQuestion)
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	w.openai.Enqueue(respond("wrong", uuid.New()))
	in := ticket.CallModelInput{TurnID: opened.TurnID, History: []uuid.UUID{earlier}, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
	refused, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	reviewed, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: refused.DraftID})
	require.NoError(t, err)
	require.False(t, reviewed.Passed)

	in.RejectedDraftID = refused.DraftID
	repaired, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	require.NotEqual(t, refused.CallID, repaired.CallID)
	again, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	require.Equal(t, repaired, again)
	require.Equal(t, 2, w.calls(openai.Chat))
	calls := w.openai.Calls()
	prompt := string(calls[len(calls)-1].Raw)
	require.Contains(t, prompt, "earlier words")
	require.Contains(t, prompt, "valid for 30 minutes")
	require.Contains(t, prompt, "not among the retrieved chunks")
}

func TestAnEscalationIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked("I want my money back")
	w.openai.Enqueue(openai.ToolCallWith("escalate_to_human", map[string]any{
		"reason": "refund_request", "urgency": "high", "triage": triage(0.2, "billing", "urgent"),
	}))
	res, err := w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	require.Equal(t, ticket.DecideEscalate, res.Decision)
	require.Equal(t, "refund_request", res.Escalation)
	require.Equal(t, "high", res.Urgency)
	require.Equal(t, uuid.Nil, res.DraftID)
	require.Equal(t, "urgent", w.ticket(opened.TicketID).Priority)
	require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM drafts"))
}

func TestAModelThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer openai.Scripted
		code   ticket.Code
		wait   time.Duration
		fatal  bool
	}{
		"throttled": {openai.Failure(429, "rate_limit_exceeded", "slow down", 9), ticket.CodeRateLimited, 9 * time.Second, false},
		"exhausted": {openai.Failure(429, "insufficient_quota", "no money", 0), ticket.CodeQuota, 0, true},
		"down":      {openai.Failure(503, "", "overloaded", 4), ticket.CodeUnavailable, 4 * time.Second, false},
		"key":       {openai.Failure(401, "invalid_api_key", "bad key", 0), ticket.CodeUnauthorized, 0, true},
		"too long":  {openai.Failure(400, "context_length_exceeded", "too long", 0), ticket.CodeTooLarge, 0, true},
		"forbidden": {openai.Failure(400, "content_filter", "no", 0), ticket.CodeGuardrail, 0, true},
		"half":      {openai.GarbageJSON(), ticket.CodeBadOutput, 0, false},
		"nothing":   {openai.EmptyChoices(), ticket.CodeBadOutput, 0, false},
		"endless":   {openai.Huge(3 << 20), ticket.CodeBadOutput, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withModel(articles())
			opened, found := w.asked(resetQuestion)
			w.openai.Enqueue(tc.answer)
			_, err := w.ask(opened.TurnID, found.SearchID)
			requireRefused(t, err, tc.code, tc.fatal)
			app := refusal(t, err)
			require.Equal(t, tc.wait, app.NextRetryDelay())
			require.Equal(t, tc.code == ticket.CodeRateLimited, app.Category() == temporal.ApplicationErrorCategoryBenign)
			require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM model_calls"))
			require.Equal(t, 1, w.calls(openai.Chat))
		})
	}
}

// retried runs CallModel under Temporal's retries, whose waiting is skipped.
func (w *world) retried(in ticket.CallModelInput) error {
	suite := quietSuite()
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(w.acts().CallModel, activity.RegisterOptions{Name: ticket.ActivityCallModel})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 10 * time.Minute})
		return workflow.ExecuteActivity(ctx, ticket.ActivityCallModel, in).Get(ctx, nil)
	})
	return env.GetWorkflowError()
}

func TestBadOutputThreeTimesIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	in := ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
	w.openai.Enqueue(openai.EmptyChoices(), openai.GarbageJSON(), openai.Scripted{Raw: []byte("<html>")})
	err := w.retried(in)
	requireRefused(t, err, ticket.CodeBadOutput, true)
	require.Equal(t, 3, w.calls(openai.Chat))
	require.Equal(t, "0", w.scalar("SELECT count(*)::text FROM model_calls"))

	w.openai.Enqueue(openai.EmptyChoices(), openai.GarbageJSON())
	require.NoError(t, w.retried(in), "twice is forgiven")
}

// shut is a model that is left alone for a while.
type shut struct{ wait time.Duration }

func (s shut) Model() string { return "chat-1" }

func (s shut) Chat(context.Context, llm.Request) (*llm.Completion, error) {
	return nil, &ticket.Error{Code: ticket.CodeUnavailable, Message: "it is left alone for a while", RetryAfter: s.wait, Err: llm.ErrLeftAlone}
}

func TestAModelThatIsLeftAloneForTooLongIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	for wait, final := range map[time.Duration]bool{30 * time.Second: false, 76 * time.Second: true} {
		w.options.Model = shut{wait}
		_, err := w.ask(opened.TurnID, found.SearchID)
		requireRefused(t, err, ticket.CodeUnavailable, final)
		require.Equal(t, "it is left alone for a while", refusal(t, err).Message())
	}
}

func TestAnOutageOfTheModelPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	w.openai.SetFault(wire.Fault{Match: "/v1/chat", Status: http.StatusBadGateway, Body: "<html>", Times: 4})
	require.NoError(t, w.retried(ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}))
	require.Equal(t, 1, w.calls(openai.Chat))
}

func TestUnknownIDsAreNoUseRetrying(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(nil)
	_, err := w.ask(uuid.New())
	requireRefused(t, err, ticket.CodeNotFound, true)
	opened, _ := w.asked(resetQuestion)
	_, err = w.ask(opened.TurnID, uuid.New())
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Zero(t, w.calls(openai.Chat))
}

func TestAnInstructionIsAQuestionOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	in := ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
	first, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	in.InstructionID = w.instruct(opened.TurnID)
	second, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	require.NotEqual(t, first.CallID, second.CallID, "the stored completion does not answer for it")
	again, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	require.Equal(t, second, again)
	require.Equal(t, 2, w.calls(openai.Chat))

	in.InstructionID = w.instruct(opened.TurnID, func(p *schema.InsertInstructionParams) {
		p.Model, p.PromptVersion = "chat-2", first.PromptVersion
	})
	third, err := run(w, w.acts().CallModel, in)
	require.NoError(t, err)
	require.Equal(t, "chat-2", third.Model)
	require.Equal(t, first.PromptVersion, third.PromptVersion)
}

func TestAnInstructionThatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	other, _ := w.asked(resetQuestion)
	in := ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
	in.InstructionID = w.instruct(opened.TurnID, func(p *schema.InsertInstructionParams) { p.PromptVersion = "support-v9" })
	_, err := run(w, w.acts().CallModel, in)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "support-v9")
	in.InstructionID = w.instruct(other.TurnID)
	_, err = run(w, w.acts().CallModel, in)
	requireRefused(t, err, ticket.CodeInvalid, true)
	in.InstructionID = uuid.New()
	_, err = run(w, w.acts().CallModel, in)
	requireRefused(t, err, ticket.CodeNotFound, true)
	require.Zero(t, w.calls(openai.Chat))
}

func TestTheModelDoesNotOverruleAPersonsPriority(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	w.exec("UPDATE tickets SET priority = 'urgent', priority_by_person = true")
	w.openai.Enqueue(respond("It is valid for 30 minutes.", found.Chunks[0].ID))
	_, err := w.ask(opened.TurnID, found.SearchID)
	require.NoError(t, err)
	open := w.ticket(opened.TicketID)
	require.Equal(t, "urgent", open.Priority)
	require.Equal(t, "technical", open.Category)
}
