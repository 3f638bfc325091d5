package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Spending is what the model may cost, and how it is asked. Limits are in US
// dollars and bound nothing when they are zero.
type Spending struct {
	Ticket   float64 // for one ticket
	Customer float64 // for one customer within 24 hours
	Day      float64 // for everybody within 24 hours
	// CallsPerTurn is how often the model is asked in one turn, whatever
	// becomes of it; a person's instruction begins anew. Zero bounds nothing.
	CallsPerTurn int
	// FallbackPromptPrice and FallbackOutputPrice are US dollars for a million
	// tokens of the fallback model.
	FallbackPromptPrice, FallbackOutputPrice float64
	// Prompt names the prompt; empty means the newest.
	Prompt string
}

// bounded reports whether there is any limit.
func (s Spending) bounded() bool {
	return s.Ticket > 0 || s.Customer > 0 || s.Day > 0 || s.CallsPerTurn > 0
}

// affordable returns an error with ticket.CodeBudget if what may be spent on
// the model is spent. Calls that run at the same time do not see each other, so
// a limit is passed by what those cost at most. What embeddings cost does not
// count: it is a thousandth of it.
func (a *Activities) affordable(ctx context.Context, q *inquiry) error {
	limit := a.Policy.Spending
	if !limit.bounded() {
		return nil
	}
	spent, err := a.DB.ModelSpending(ctx, schema.ModelSpendingParams{
		TurnID: q.turn, InstructionID: q.instruction(), DayAgo: a.Now().Add(-24 * time.Hour),
	})
	if err != nil {
		return err
	}
	over := func(usd, most float64) bool { return most > 0 && usd >= most }
	switch {
	case over(spent.TicketUsd, limit.Ticket):
		return ticket.Errorf(ticket.CodeBudget, "this ticket has used up what the model may cost for one (FTE_BUDGET_TICKET)")
	case over(spent.CustomerUsd, limit.Customer):
		return ticket.Errorf(ticket.CodeBudget, "this customer has used up what the model may cost for one within a day (FTE_BUDGET_CUSTOMER)")
	case over(spent.DayUsd, limit.Day):
		return ticket.Errorf(ticket.CodeBudget, "what the model may cost within a day is used up (FTE_BUDGET_DAY)")
	case limit.CallsPerTurn > 0 && int(spent.Calls) >= limit.CallsPerTurn:
		return ticket.Errorf(ticket.CodeBudget, "the model was asked as often as it may be for one answer (FTE_CALLS_PER_TURN)")
	}
	return nil
}

// cost returns what a completion costs, in US dollars. A model that a person
// named in an instruction has the price of the server that answered.
func (p Policy) cost(done *llm.Completion) float64 {
	prompt, output := p.PromptPrice, p.OutputPrice
	if done.Provider == llm.Fallback {
		prompt, output = p.Spending.FallbackPromptPrice, p.Spending.FallbackOutputPrice
	}
	return (float64(done.PromptTokens)*prompt + float64(done.CompletionTokens)*output) / 1e6
}

// instruction returns the instruction under which the model is asked, nil for none.
func (q *inquiry) instruction() *uuid.UUID {
	if q.in.InstructionID == uuid.Nil {
		return nil
	}
	return &q.in.InstructionID
}
