package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// spent dates a call of the model into the past of a turn.
func (w *world) spent(turn uuid.UUID, usd float64, ago time.Duration) {
	w.t.Helper()
	w.exec(fmt.Sprintf(`INSERT INTO model_calls (id, turn_id, input_hash, prompt_version, model, decision, prompt_tokens, completion_tokens, cost_usd, latency_ms, created_at)
		VALUES (gen_random_uuid(), '%s', gen_random_uuid()::text, 'p', 'm', '{}', 1, 1, %f, 1, now() - interval '%f seconds')`, turn, usd, ago.Seconds()))
}

func TestASpentBudgetStopsTheSpending(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spending activities.Spending
		spend    func(w *world, mine, ofCustomer, ofOthers uuid.UUID)
		setting  string // empty: the model is asked
	}{
		"ticket": {
			activities.Spending{Ticket: 1},
			func(w *world, mine, _, _ uuid.UUID) { w.spent(mine, 1, 48*time.Hour) }, "FTE_BUDGET_TICKET",
		},
		"ticket, not yet": {
			activities.Spending{Ticket: 1},
			func(w *world, mine, ofCustomer, _ uuid.UUID) { w.spent(mine, 0.9, 0); w.spent(ofCustomer, 9, 0) }, "",
		},
		"customer": {
			activities.Spending{Customer: 5},
			func(w *world, mine, ofCustomer, _ uuid.UUID) {
				w.spent(mine, 2, time.Hour)
				w.spent(ofCustomer, 3, 23*time.Hour)
			}, "FTE_BUDGET_CUSTOMER",
		},
		"customer, another day": {
			activities.Spending{Customer: 5},
			func(w *world, _, ofCustomer, ofOthers uuid.UUID) {
				w.spent(ofCustomer, 9, 25*time.Hour)
				w.spent(ofOthers, 9, 0)
			}, "",
		},
		"day": {
			activities.Spending{Day: 10},
			func(w *world, mine, ofCustomer, ofOthers uuid.UUID) {
				w.spent(mine, 1, 0)
				w.spent(ofCustomer, 1, 0)
				w.spent(ofOthers, 8, 23*time.Hour)
			}, "FTE_BUDGET_DAY",
		},
		"another day": {
			activities.Spending{Day: 10},
			func(w *world, _, _, ofOthers uuid.UUID) { w.spent(ofOthers, 100, 25*time.Hour) }, "",
		},
		"calls": {
			activities.Spending{CallsPerTurn: 3},
			func(w *world, mine, _, _ uuid.UUID) {
				for range 3 {
					w.spent(mine, 0, 0)
				}
			}, "FTE_CALLS_PER_TURN",
		},
		"calls, not yet": {
			activities.Spending{CallsPerTurn: 3},
			func(w *world, mine, ofCustomer, _ uuid.UUID) {
				w.spent(mine, 0, 0)
				w.spent(mine, 0, 0)
				w.spent(ofCustomer, 0, 0)
			}, "",
		},
		"no limits": {
			activities.Spending{},
			func(w *world, mine, _, _ uuid.UUID) { w.spent(mine, 1e6, 0) }, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withModel(articles())
			w.options.Policy.Spending = tc.spending
			in := w.question()
			ofCustomer := w.turn(w.conversation(ticket.Email), "hello")
			stranger := uuid.New()
			require.NoError(t, w.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: stranger}))
			ofOthers := w.turn(w.conversation(ticket.Email, func(p *schema.InsertConversationParams) { p.CustomerID = stranger }), "hello")
			tc.spend(w, in.TurnID, ofCustomer.TurnID, ofOthers.TurnID)
			res, err := run(w, w.acts().CallModel, in)
			if tc.setting == "" {
				require.NoError(t, err)
				require.Equal(t, ticket.DecideRespond, res.Decision)
				return
			}
			requireRefused(t, err, ticket.CodeBudget, true)
			require.Contains(t, refusal(t, err).Message(), tc.setting)
			require.Zero(t, w.calls(openai.Chat))
		})
	}
}

// What is stored costs nothing, so it is answered whatever was spent.
func TestABudgetDoesNotKeepFromWhatIsPaidFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.options.Policy.Spending = activities.Spending{Ticket: 1e-9, CallsPerTurn: 1}
	in := w.question()
	first := w.callOf(in)
	require.Equal(t, first, w.callOf(in))
	in.RejectedDraftID = first.DraftID
	_, err := run(w, w.acts().CallModel, in)
	requireRefused(t, err, ticket.CodeBudget, true)
	require.Equal(t, 1, w.calls(openai.Chat))
}

// A person who wants a turn answered again gets as many calls as the first time.
func TestAnInstructionBeginsANewCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.options.Policy.Spending = activities.Spending{CallsPerTurn: 1}
	in := w.question()
	first := w.callOf(in)
	in.InstructionID = w.instruct(in.TurnID)
	again := w.callOf(in)
	require.NotEqual(t, first.CallID, again.CallID)
	in.RejectedDraftID = again.DraftID
	_, err := run(w, w.acts().CallModel, in)
	requireRefused(t, err, ticket.CodeBudget, true)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM model_calls WHERE instruction_id IS NOT NULL"))
}

func TestARepairIsMarked(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	in := w.question()
	in.RejectedDraftID = w.callOf(in).DraftID
	w.callOf(in)
	require.Equal(t, "f,t", w.scalar("SELECT string_agg(repair::text::char, ',' ORDER BY created_at) FROM model_calls"))
}

func TestAPromptCanBePinned(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.options.Policy.Spending.Prompt = "support-v1"
	in := w.question()
	require.Contains(t, w.callOf(in).PromptVersion, "support-v1@")
	w.options.Policy.Spending.Prompt = ""
	require.Contains(t, w.callOf(in).PromptVersion, "support-v2@", "another prompt is another question")
	w.options.Policy.Spending.Prompt = "support-v9"
	_, err := run(w, w.acts().CallModel, in)
	requireRefused(t, err, ticket.CodeInvalid, true)
}
