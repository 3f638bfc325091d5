package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// askLimit is how long one attempt asks, whoever answers: with keepLimit it
	// stays under the start-to-close timeout of the workflow's options.
	askLimit = 75 * time.Second
	// patience is how long a customer waits for a model that is left alone, at
	// most, before he is told that a person will answer.
	patience = 75 * time.Second
	// keepLimit is how long one attempt tries to store what was paid for.
	keepLimit = 10 * time.Second
	// keepPause lies between two tries of it.
	keepPause = 250 * time.Millisecond
	// maxShrinks is how often a prompt is made shorter for a model that says it
	// is too long.
	maxShrinks = 2
)

// CallModel asks the model for its next step in a turn and stores the
// completion, also one that cannot be used: that is ticket.DecideInvalid. The
// same input of the same turn is paid for once: a second call returns the
// stored completion. An instruction is an input of its own, and may name
// another model or prompt.
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
	asked, err := a.inquiry(ctx, turn, in)
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	call, err := a.DB.ModelCallByInput(ctx, asked.key())
	if schema.NoRows(err) {
		call, err = a.complete(ctx, asked)
		err = patiently(ctx, err)
	}
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	switch llm.Problem(call.Problem) {
	case "":
	case llm.ProblemRefused:
		_, fault := llm.Unusable(call.Decision)
		return ticket.CallModelResult{}, llm.RefusedError(fault)
	default:
		return ticket.CallModelResult{
			CallID: call.ID, Decision: ticket.DecideInvalid, Problem: call.Problem,
			Model: call.Model, PromptVersion: call.PromptVersion,
		}, nil
	}
	decision, err := llm.ParseDecision(call.Decision)
	if err != nil {
		return ticket.CallModelResult{}, err
	}
	return a.recordDecision(ctx, turn, call, decision)
}

// lateError is an error that passes by itself, but not while a customer waits.
type lateError struct{ error }

// Unwrap returns the error.
func (e lateError) Unwrap() error { return e.error }

// patiently gives up an error of a model that is left alone once the next try
// would come later than a customer should wait to hear something.
func patiently(ctx context.Context, err error) error {
	if !errors.Is(err, llm.ErrLeftAlone) || !activity.IsActivity(ctx) {
		return err
	}
	// Times of Temporal's server, so clocks that differ do no harm.
	info := activity.GetInfo(ctx)
	if info.StartedTime.Sub(info.ScheduledTime)+ticket.RetryAfterOf(err) > patience {
		return lateError{err}
	}
	return err
}

// inquiry is one thing that the model is asked.
type inquiry struct {
	turn   uuid.UUID
	in     ticket.CallModelInput
	model  string
	prompt llm.PromptInput
}

// inquiry gathers what the model is asked.
func (a *Activities) inquiry(ctx context.Context, turn schema.Turn, in ticket.CallModelInput) (*inquiry, error) {
	q := &inquiry{turn: turn.ID, in: in, model: a.Model.Model()}
	rules, known := llm.PromptNamed(a.Policy.Spending.Prompt)
	if !known {
		return nil, ticket.Errorf(ticket.CodeInvalid, "this build has no prompt named %s; it has %s", a.Policy.Spending.Prompt, llm.PromptNames())
	}
	var err error
	if q.prompt, err = a.prompt(ctx, turn, in); err != nil {
		return nil, err
	}
	q.prompt.Prompt, q.prompt.Language = rules, languageOf(turn)
	if in.InstructionID != uuid.Nil {
		if err := a.instruct(ctx, q); err != nil {
			return nil, err
		}
	}
	q.prompt.InvalidCall, err = a.invalidCall(ctx, turn.ID, in.InvalidCallID)
	return q, err
}

// invalidCall returns the call of this turn that the model is told to make anew.
func (a *Activities) invalidCall(ctx context.Context, turn, id uuid.UUID) (*llm.InvalidCall, error) {
	if id == uuid.Nil {
		return nil, nil //nolint:nilnil // none is the ordinary case
	}
	call, err := a.DB.ModelCall(ctx, id)
	if err != nil {
		return nil, err
	}
	if call.TurnID != turn || call.Problem == "" {
		return nil, ticket.Errorf(ticket.CodeInvalid, "model call %s is not one of this turn that could not be used", id)
	}
	return &llm.InvalidCall{Raw: call.Decision}, nil
}

// key names what is asked: equal keys are paid for once.
func (q *inquiry) key() schema.ModelCallByInputParams {
	hash := llm.Hash(q.model, llm.Build(q.prompt))
	if q.in.InstructionID != uuid.Nil {
		hash += "/" + q.in.InstructionID.String()
	}
	return schema.ModelCallByInputParams{TurnID: q.turn, InputHash: hash}
}

// complete pays for one completion and stores it.
func (a *Activities) complete(ctx context.Context, q *inquiry) (schema.ModelCall, error) {
	if err := a.affordable(ctx, q); err != nil {
		return schema.ModelCall{}, err
	}
	failpoint.Here("model.beforeCall")
	began := time.Now()
	done, err := a.answer(ctx, q)
	if err != nil {
		return schema.ModelCall{}, err
	}
	failpoint.Here("model.afterCall")
	key := q.key()
	if err := a.keep(ctx, schema.InsertModelCallParams{
		ID: uuid.New(), TurnID: key.TurnID, InputHash: key.InputHash,
		PromptVersion: done.PromptVersion, Model: done.Model, Provider: string(done.Provider),
		Decision: done.Raw, Problem: string(done.Problem),
		Repair: q.in.RejectedDraftID != uuid.Nil, InstructionID: q.instruction(),
		PromptTokens: int32(done.PromptTokens), CompletionTokens: int32(done.CompletionTokens),
		CostUSD: a.Policy.cost(done), LatencyMs: time.Since(began).Milliseconds(),
	}); err != nil {
		return schema.ModelCall{}, err
	}
	failpoint.Here("model.afterStore")
	return a.DB.ModelCallByInput(ctx, key)
}

// answer asks, with a shorter prompt if the model says it is too long.
func (a *Activities) answer(ctx context.Context, q *inquiry) (*llm.Completion, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	prompt := q.prompt
	for shrunk := 0; ; shrunk++ {
		done, err := a.Model.Chat(ctx, llm.Request{
			PromptVersion: prompt.Prompt.Version, Model: q.model, Messages: llm.Build(prompt), Again: repeated(ctx),
		})
		if ticket.CodeOf(err) != ticket.CodeTooLarge || shrunk == maxShrinks {
			return done, err
		}
		smaller, ok := llm.Shrink(prompt)
		if !ok {
			return done, err
		}
		prompt = smaller
	}
}

// repeated reports whether Temporal has tried this before.
func repeated(ctx context.Context) bool {
	return activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1
}

// keep stores a completion that was paid for. It is the one step that tries
// again by itself, and goes on when nobody wants the answer any more: if it
// were left to Temporal, the next attempt would pay again.
func (a *Activities) keep(ctx context.Context, call schema.InsertModelCallParams) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	for {
		err := a.DB.InsertModelCall(ctx, call)
		if err == nil || ticket.CodeOf(schema.Classify(err)) != ticket.CodeUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(keepPause):
		}
	}
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
	res.Category, res.Priority = string(triage.Category), string(triage.Priority)
	res.Sentiment, res.Confidence = triage.Sentiment, triage.Confidence
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
