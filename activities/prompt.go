package activities

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// maxHistoryRunes bounds each earlier message that the model sees.
const maxHistoryRunes = 2000

// prompt gathers what the model may see.
func (a *Activities) prompt(ctx context.Context, turn schema.Turn, in ticket.CallModelInput) (llm.PromptInput, error) {
	conv, err := a.DB.Conversation(ctx, turn.ConversationID)
	if err != nil {
		return llm.PromptInput{}, err
	}
	p := llm.PromptInput{
		Channel: conv.Channel, Company: a.Policy.Company, Nonce: nonce(turn),
	}
	said, err := a.masked(ctx, turn)
	if err != nil {
		return p, err
	}
	p.CustomerMessages, p.Identity = said.now, "unverified"
	if turn.Verified || turn.ProvedBy != nil {
		p.Identity = "verified"
	}
	earlier, err := a.DB.MessagesByID(ctx, in.History)
	if err != nil {
		return p, err
	}
	for _, m := range earlier {
		p.History = append(p.History, llm.HistoryMessage{Author: m.Author, Text: text.Truncate(said.mask.Text(text.Truncate(m.Body, maxEarlierRunes)), maxHistoryRunes), At: m.ProviderAt})
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
	p.Rejected, err = a.rejection(ctx, in.RejectedDraftID, in.Unsure)
	return p, err
}

// nonce marks the data of a turn's prompt: random, known to nobody outside, and
// the same whenever the turn is run again.
func nonce(turn schema.Turn) string { return turn.ID.String()[:13] }

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

// unsureReason is what the model is told of an answer that broke no rule.
const unsureReason = "It is too uncertain whether this answers the customer. " +
	"If one short question to the customer would settle it, ask that question and nothing else; otherwise ask for a person."

// rejection tells the model which answer the review refused and why.
func (a *Activities) rejection(ctx context.Context, draftID uuid.UUID, unsure bool) (*llm.Rejection, error) {
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
	if unsure {
		r.Reasons = append(r.Reasons, unsureReason)
	}
	for _, v := range verdicts {
		if !v.Passed {
			r.Reasons = append(r.Reasons, v.Reason)
		}
	}
	return r, nil
}
