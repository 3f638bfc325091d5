package activities

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// maxHistoryRunes bounds each earlier message that the model sees.
const maxHistoryRunes = 2000

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
		ID: uuid.New(), TurnID: asked.TurnID, InputHash: asked.InputHash,
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

// prompt gathers what the model may see.
func (a *Activities) prompt(ctx context.Context, turn schema.Turn, in ticket.CallModelInput) (llm.PromptInput, error) {
	conv, err := a.DB.Conversation(ctx, turn.ConversationID)
	if err != nil {
		return llm.PromptInput{}, err
	}
	p := llm.PromptInput{
		Channel: conv.Channel, Company: a.Policy.Company,
		// Random, known to nobody outside, and the same whenever the turn is run again.
		Nonce: turn.ID.String()[:13],
	}
	batch, err := a.DB.MessagesByID(ctx, turn.MessageIds)
	if err != nil {
		return p, err
	}
	for i, m := range batch {
		words := m.Body
		if i == 0 && m.Subject != "" {
			words = m.Subject + "\n\n" + words
		}
		p.CustomerMessages = append(p.CustomerMessages, words)
	}
	earlier, err := a.DB.MessagesByID(ctx, in.History)
	if err != nil {
		return p, err
	}
	for _, m := range earlier {
		p.History = append(p.History, llm.HistoryMessage{Author: m.Author, Text: text.Truncate(m.Body, maxHistoryRunes), At: m.ProviderAt})
	}
	for i, round := range in.Rounds {
		search, err := a.search(ctx, round.SearchID)
		if err != nil {
			return p, err
		}
		chunks, err := a.chunks(ctx, search.ChunkIds)
		if err != nil {
			return p, err
		}
		if i == 0 {
			p.Chunks = chunks
			continue
		}
		p.PriorSearches = append(p.PriorSearches, llm.SearchRound{Query: search.Query, Chunks: chunks})
	}
	p.Rejected, err = a.rejection(ctx, in.RejectedDraftID)
	return p, err
}

func (a *Activities) search(ctx context.Context, id uuid.UUID) (schema.Search, error) {
	found, err := a.DB.Searches(ctx, []uuid.UUID{id})
	if err != nil {
		return schema.Search{}, err
	}
	if len(found) == 0 {
		return schema.Search{}, ticket.Errorf(ticket.CodeNotFound, "search %s is not stored", id)
	}
	return found[0], nil
}

// chunks returns knowledge in the order of its ids.
func (a *Activities) chunks(ctx context.Context, ids []uuid.UUID) ([]llm.Chunk, error) {
	rows, err := a.DB.Chunks(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]llm.Chunk, len(rows))
	for _, r := range rows {
		byID[r.ID] = llm.Chunk{ID: r.ID, Title: r.Title, Content: r.Content}
	}
	chunks := make([]llm.Chunk, 0, len(ids))
	for _, id := range ids {
		if c, ok := byID[id]; ok {
			chunks = append(chunks, c)
		}
	}
	return chunks, nil
}

// rejection tells the model which answer the review refused and why.
func (a *Activities) rejection(ctx context.Context, draftID uuid.UUID) (*llm.Rejection, error) {
	if draftID == uuid.Nil {
		return nil, nil //nolint:nilnil // no rejection is the ordinary case
	}
	draft, err := a.DB.Draft(ctx, draftID)
	if err != nil {
		return nil, err
	}
	call, err := a.DB.ModelCall(ctx, draft.ModelCallID)
	if err != nil {
		return nil, err
	}
	var verdicts []ticket.Verdict
	if err := json.Unmarshal(draft.Verdicts, &verdicts); err != nil {
		return nil, err
	}
	r := &llm.Rejection{Raw: call.Decision}
	for _, v := range verdicts {
		if !v.Passed {
			r.Reasons = append(r.Reasons, v.Reason)
		}
	}
	return r, nil
}
