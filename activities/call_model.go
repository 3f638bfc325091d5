package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// CallModel asks the model for its next step in a turn and stores the
// completion. The same input of the same turn is paid for once: a second call
// returns the stored completion. An instruction is an input of its own, and may
// name another model.
func (a *Activities) CallModel(ctx context.Context, in ticket.CallModelInput) (ticket.CallModelResult, error) {
	defer beat(ctx)()
	res, err := a.callModel(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) callModel(ctx context.Context, in ticket.CallModelInput) (ticket.CallModelResult, error) {
	turn, err := a.DB.Turn(ctx, in.TurnID)
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	prompt, err := a.prompt(ctx, turn, in)
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	request := llm.Request{Model: a.Model.Model(), PromptVersion: llm.PromptVersion(), Messages: llm.Build(prompt)}
	if in.InstructionID != uuid.Nil {
		if request, err = a.instructed(ctx, turn.ID, in.InstructionID, request); err != nil {
			return ticket.CallModelResult{}, err
		}
	}
	asked := schema.ModelCallByInputParams{TurnID: turn.ID, InputHash: llm.Hash(request.Model, request.Messages)}
	if in.InstructionID != uuid.Nil {
		asked.InputHash += "/" + in.InstructionID.String()
	}
	call, err := a.DB.ModelCallByInput(ctx, asked)
	if schema.NoRows(err) {
		call, err = a.complete(ctx, asked, request)
	}
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	decision, err := llm.ParseDecision(call.Decision)
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	return a.recordDecision(ctx, turn, call, decision)
}

// complete pays for one completion and stores it.
func (a *Activities) complete(ctx context.Context, asked schema.ModelCallByInputParams, request llm.Request) (schema.ModelCall, error) {
	failpoint.Here("model.beforeCall")
	began := time.Now()
	done, err := a.Model.Chat(ctx, request)
	if err != nil {
		return schema.ModelCall{}, err
	}
	failpoint.Here("model.afterCall")
	if err := a.DB.InsertModelCall(ctx, schema.InsertModelCallParams{
		ID: uuid.New(), TurnID: asked.TurnID, InputHash: asked.InputHash, Provider: "primary",
		PromptVersion: done.PromptVersion, Model: done.Model, Decision: done.Raw,
		PromptTokens: int32(done.PromptTokens), CompletionTokens: int32(done.CompletionTokens),
		CostUSD:   (float64(done.PromptTokens)*a.Policy.PromptPrice + float64(done.CompletionTokens)*a.Policy.OutputPrice) / 1e6,
		LatencyMs: time.Since(began).Milliseconds(),
	}); err != nil {
		return schema.ModelCall{}, err
	}
	return a.DB.ModelCallByInput(ctx, asked)
}

// recordDecision stores what follows from a completion: the draft it proposes
// and what it makes of the matter.
func (a *Activities) recordDecision(ctx context.Context, turn schema.Turn, call schema.ModelCall, d llm.Decision) (ticket.CallModelResult, error) {
	res := ticket.CallModelResult{CallID: call.ID, Model: call.Model, PromptVersion: call.PromptVersion}
	var triage llm.Triage
	switch {
	case d.Search != nil:
		res.Decision = ticket.DecideSearch
		return res, nil
	case d.Escalate != nil:
		res.Decision = ticket.DecideEscalate
		res.Escalation, res.Urgency = string(d.Escalate.Reason), string(d.Escalate.Urgency)
		triage = d.Escalate.Triage
	default:
		res.Decision = ticket.DecideRespond
		triage = d.Respond.Triage
	}
	res.Category, res.Priority, res.Sentiment = string(triage.Category), string(triage.Priority), triage.Sentiment
	err := a.DB.Tx(ctx, func(q *schema.Queries) error {
		conv, err := q.LockConversation(ctx, turn.ConversationID)
		if err != nil {
			return err
		}
		if err := q.RecordModel(ctx, schema.RecordModelParams{ID: turn.ID, PromptVersion: call.PromptVersion, Model: call.Model}); err != nil {
			return err
		}
		if err := q.ClassifyTicket(ctx, schema.ClassifyTicketParams{ID: turn.TicketID, Category: res.Category, Priority: res.Priority}); err != nil {
			return err
		}
		// The priority decides what is promised.
		if _, err := a.standing(ctx, q, conv.ID); err != nil {
			return err
		}
		if err := q.AddSentiment(ctx, schema.AddSentimentParams{CustomerID: conv.CustomerID, TurnID: turn.ID.String(), Sentiment: triage.Sentiment}); err != nil {
			return err
		}
		if d.Respond == nil {
			return nil
		}
		if err := q.InsertDraft(ctx, schema.InsertDraftParams{
			ID: uuid.New(), TurnID: turn.ID, ModelCallID: call.ID, Body: text.Sanitize(d.Respond.Message), Citations: d.Respond.Citations,
		}); err != nil {
			return err
		}
		draft, err := q.DraftOfCall(ctx, call.ID)
		res.DraftID = draft.ID
		return err
	})
	return res, err
}
