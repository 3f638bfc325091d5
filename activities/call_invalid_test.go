package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

// callOf asks about a turn once more, or for the first time.
func (w *world) callOf(in ticket.CallModelInput) ticket.CallModelResult {
	w.t.Helper()
	res, err := run(w, w.acts().CallModel, in)
	require.NoError(w.t, err)
	return res
}

// question opens a turn for a question, searches, and returns what the model is asked.
func (w *world) question() ticket.CallModelInput {
	w.t.Helper()
	opened, found := w.asked(resetQuestion)
	return ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
}

// lastPrompt returns the messages of the last chat request.
func (w *world) lastPrompt() []openai.Message {
	w.t.Helper()
	calls := w.openai.Calls()
	return calls[len(calls)-1].Chat.Messages
}

func TestACallThatCannotBeUsedIsAnswered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer  openai.Scripted
		problem llm.Problem
		advice  string
	}{
		"unknown tool": {openai.RawToolCall("refund_customer", `{"amount":9}`), llm.ProblemUnknownTool, "There is no such tool"},
		"arguments":    {openai.RawToolCall("search_knowledge_base", `{"query":7}`), llm.ProblemBadArguments, "break a rule"},
		"broken":       {openai.RawToolCall("send_response", `{"message":"`), llm.ProblemBadArguments, "break a rule"},
		"prose":        {openai.Text("Sure!"), llm.ProblemNoCall, "exactly one tool call"},
		"cut off":      {openai.Truncated(), llm.ProblemCutOff, "fewer words"},
		"several": {openai.Scripted{Message: &openai.Message{ToolCalls: append(
			openai.RawToolCall("search_knowledge_base", `{"query":"a"}`).Message.ToolCalls,
			openai.RawToolCall("search_knowledge_base", `{"query":"b"}`).Message.ToolCalls...,
		)}}, llm.ProblemSeveralCalls, "Call exactly one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withModel(articles())
			in := w.question()
			w.openai.Enqueue(tc.answer)
			bad := w.callOf(in)
			require.Equal(t, ticket.DecideInvalid, bad.Decision)
			require.Equal(t, string(tc.problem), bad.Problem)
			require.Equal(t, uuid.Nil, bad.DraftID)
			require.Equal(t, bad, w.callOf(in), "a retry does not pay again")
			require.Equal(t, 1, w.calls(openai.Chat))
			call, err := w.db.ModelCall(t.Context(), bad.CallID)
			require.NoError(t, err)
			require.Equal(t, string(tc.problem), call.Problem)
			require.Positive(t, call.CostUSD)
			require.Equal(t, "primary", call.Provider)

			in.InvalidCallID = bad.CallID
			w.openai.Enqueue(respond("It is valid for 30 minutes."))
			good := w.callOf(in)
			require.Equal(t, ticket.DecideRespond, good.Decision)
			require.Equal(t, good, w.callOf(in))
			require.Equal(t, 2, w.calls(openai.Chat))
			prompt := w.lastPrompt()
			last := string(prompt[len(prompt)-1].Content)
			require.True(t, json.Valid([]byte(last)))
			require.Contains(t, last, tc.advice)
			require.Equal(t, "assistant", prompt[len(prompt)-2].Role, "it sees its own call")
		})
	}
}

func TestOnlyAnInvalidCallOfTheTurnIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	in := w.question()
	good := w.callOf(in)
	other := w.question()
	w.openai.Enqueue(openai.Text("Sure!"))
	elsewhere := w.callOf(other)
	for id, code := range map[uuid.UUID]ticket.Code{good.CallID: ticket.CodeInvalid, elsewhere.CallID: ticket.CodeInvalid, uuid.New(): ticket.CodeNotFound} {
		in.InvalidCallID = id
		_, err := run(w, w.acts().CallModel, in)
		requireRefused(t, err, code, true)
	}
	require.Equal(t, 2, w.calls(openai.Chat))
}

func TestARefusalIsPaidForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	in := w.question()
	w.openai.Enqueue(openai.Refusal("I will not say " + canary))
	for range 2 {
		_, err := run(w, w.acts().CallModel, in)
		requireRefused(t, err, ticket.CodeGuardrail, true)
		require.Equal(t, "the model refused to answer", refusal(t, err).Message())
	}
	require.Equal(t, 1, w.calls(openai.Chat))
	require.Equal(t, "refused", w.scalar("SELECT problem FROM model_calls"))
}

func TestAPromptThatIsTooLongIsMadeShorter(t *testing.T) {
	t.Parallel()
	for tries, ok := range map[int]bool{1: true, 2: true, 3: false} {
		w := newWorld(t).withModel(articles())
		c := w.conversation(ticket.WhatsApp)
		earlier := w.message(c, strings.Repeat("earlier words ", 200))
		opened := w.turn(c, resetQuestion+strings.Repeat(" and so on", 200))
		found, err := w.search(opened.TurnID, uuid.Nil)
		require.NoError(t, err)
		in := ticket.CallModelInput{TurnID: opened.TurnID, History: []uuid.UUID{earlier}, Rounds: []ticket.Round{{SearchID: found.SearchID}}}
		for range tries {
			w.openai.Enqueue(openai.Failure(http.StatusBadRequest, "context_length_exceeded", "too long", 0))
		}
		res, err := run(w, w.acts().CallModel, in)
		require.Equal(t, min(tries, 2)+1, w.calls(openai.Chat))
		if !ok {
			requireRefused(t, err, ticket.CodeTooLarge, true)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, res, w.callOf(in), "the whole prompt finds the answer to the shorter one")
		require.Equal(t, tries+1, w.calls(openai.Chat))
		prompt := string(w.lastPrompt()[1].Content)
		require.NotContains(t, prompt, "earlier words")
		require.Contains(t, prompt, "characters are left out here")
		require.Contains(t, prompt, resetQuestion, "people say first what they want")
	}
}

// What was paid for is stored even if the customer has written more meanwhile.
func TestACompletionIsKeptWhenNobodyWaitsForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	in := w.question()
	ctx, cancel := context.WithCancel(t.Context())
	w.options.Model = after{w.options.Model, cancel}
	_, err := w.acts().CallModel(ctx, in)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM model_calls"))
	require.NoError(t, w.retried(in))
	require.Equal(t, 1, w.calls(openai.Chat))
}

// A database that is away for a moment does not make anybody pay twice.
func TestACompletionIsKeptOverAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	in := w.question()
	w.options.Model = after{w.options.Model, func() {
		// Nobody gets in, and who is in is thrown out.
		w.away(time.Second)
	}}
	res := w.callOf(in)
	require.Equal(t, ticket.DecideRespond, res.Decision)
	require.Equal(t, 1, w.calls(openai.Chat))
}

// away lets nobody use the database for a while, and throws out who does.
func (w *world) away(d time.Duration) {
	w.t.Helper()
	name := w.scalar("SELECT current_database()")
	admin, err := pgx.Connect(w.t.Context(), os.Getenv("TEST_DATABASE_URL"))
	require.NoError(w.t, err)
	for _, statement := range []string{
		"ALTER DATABASE " + name + " ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'",
	} {
		_, err = admin.Exec(w.t.Context(), statement)
		require.NoError(w.t, err)
	}
	back := make(chan error, 1)
	time.AfterFunc(d, func() {
		_, err := admin.Exec(context.WithoutCancel(w.t.Context()), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
		back <- errors.Join(err, admin.Close(context.WithoutCancel(w.t.Context())))
	})
	w.t.Cleanup(func() { require.NoError(w.t, <-back) })
}

// withFallback puts a second model behind the first, on the same server.
func (w *world) withFallback(change ...func(*llm.Options)) {
	w.t.Helper()
	server := w.serve(w.openai, w.openai)
	first := llm.Options{BaseURL: server + "/v1", APIKey: "sk-test", Model: "chat-1"}
	second := first
	second.Model = "chat-2"
	for _, c := range change {
		c(&first)
	}
	primary, err := llm.New(first)
	require.NoError(w.t, err)
	fallback, err := llm.New(second)
	require.NoError(w.t, err)
	w.options.Model = llm.NewRouter(llm.RouterOptions{Primary: primary, Fallback: fallback, Logger: w.options.Logger})
}

// after does something when the model has answered.
type after struct {
	model activities.Model
	do    func()
}

func (a after) Model() string { return a.model.Model() }

func (a after) Chat(ctx context.Context, r llm.Request) (*llm.Completion, error) {
	done, err := a.model.Chat(ctx, r)
	a.do()
	return done, err
}

func TestTheFallbackIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.withFallback()
	w.options.Policy.Spending.FallbackPromptPrice, w.options.Policy.Spending.FallbackOutputPrice = 100, 1000
	in := w.question()
	w.openai.SetFault(wire.Fault{Match: "/v1/chat", BodyMatch: `"model":"chat-1"`, Status: http.StatusServiceUnavailable, Times: -1})
	res := w.callOf(in)
	require.Equal(t, ticket.DecideRespond, res.Decision)
	require.Equal(t, "chat-2", res.Model)
	call, err := w.db.ModelCall(t.Context(), res.CallID)
	require.NoError(t, err)
	require.Equal(t, "fallback", call.Provider)
	require.InDelta(t, float64(call.PromptTokens)*1e-4+float64(call.CompletionTokens)*1e-3, call.CostUSD, 1e-9)
	require.Equal(t, res, w.callOf(in), "what the fallback said is kept when the first is back")
	require.Equal(t, 1, w.calls(openai.Chat))
}

func TestAHangingModelLeavesTimeForTheFallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.withFallback(func(o *llm.Options) { o.Timeout = 100 * time.Millisecond })
	in := w.question()
	w.openai.SetFault(wire.Fault{Match: "/v1/chat", BodyMatch: `"model":"chat-1"`, Mode: wire.Hang, Times: -1})
	require.Equal(t, "chat-2", w.callOf(in).Model)
}
