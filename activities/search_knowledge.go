package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// maxChunks is how many chunks of one search the model sees.
	maxChunks = 6
	// maxQuestionRunes bounds a question made of the customer's own words.
	maxQuestionRunes = 1500
)

// SearchKnowledge searches the knowledge base for a turn and stores what it
// found. The same question of the same turn is asked once: a second call
// returns the stored result.
func (a *Activities) SearchKnowledge(ctx context.Context, in ticket.SearchKnowledgeInput) (ticket.SearchKnowledgeResult, error) {
	res, err := a.searchKnowledge(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) searchKnowledge(ctx context.Context, in ticket.SearchKnowledgeInput) (ticket.SearchKnowledgeResult, error) {
	question, err := a.question(ctx, in)
	if err != nil {
		return ticket.SearchKnowledgeResult{}, err
	}
	sum := sha256.Sum256([]byte(question))
	asked := schema.SearchByQueryParams{TurnID: in.TurnID, QueryHash: hex.EncodeToString(sum[:])}
	stored, err := a.DB.SearchByQuery(ctx, asked)
	if err == nil {
		return searchResult(stored), nil
	}
	if !schema.NoRows(err) {
		return ticket.SearchKnowledgeResult{}, err
	}
	found, err := a.Knowledge.Search(ctx, question, maxChunks)
	if err != nil {
		return ticket.SearchKnowledgeResult{}, err
	}
	ids, scores := make([]uuid.UUID, len(found.Chunks)), make([]float64, len(found.Chunks))
	for i, c := range found.Chunks {
		ids[i], scores[i] = c.ID, c.Score
	}
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		n, err := q.InsertSearch(ctx, schema.InsertSearchParams{
			ID: uuid.New(), TurnID: in.TurnID, Query: question, QueryHash: asked.QueryHash,
			KnowledgeVersion: found.Version, ChunkIds: ids, ChunkScores: scores,
			BestSimilarity: &found.Best, Margin: &found.Margin,
		})
		if err != nil {
			return err
		}
		if n > 0 { // else another worker was first, and this search is forgotten
			if err := q.RecordSearch(ctx, schema.RecordSearchParams{ID: in.TurnID, KnowledgeVersion: &found.Version, ChunkIds: ids, ChunkScores: scores}); err != nil {
				return err
			}
		}
		stored, err = q.SearchByQuery(ctx, asked)
		return err
	})
	return searchResult(stored), err
}

// question returns the model's words if it asked for the search, else the
// customer's: neither holds what a model must not see.
func (a *Activities) question(ctx context.Context, in ticket.SearchKnowledgeInput) (string, error) {
	if in.ModelCallID != uuid.Nil {
		call, err := a.DB.ModelCall(ctx, in.ModelCallID)
		if err != nil {
			return "", err
		}
		decision, err := llm.ParseDecision(call.Decision)
		if err != nil {
			return "", err
		}
		if decision.Search == nil {
			return "", ticket.Errorf(ticket.CodeInvalid, "model call %s did not ask for a search", in.ModelCallID)
		}
		return decision.Search.Query, nil
	}
	turn, err := a.DB.Turn(ctx, in.TurnID)
	if err != nil {
		return "", err
	}
	said, err := a.masked(ctx, turn)
	if err != nil {
		return "", err
	}
	return text.Truncate(strings.Join(said.now, "\n"), maxQuestionRunes), nil
}

func searchResult(s schema.Search) ticket.SearchKnowledgeResult {
	res := ticket.SearchKnowledgeResult{SearchID: s.ID, Version: s.KnowledgeVersion}
	for i, id := range s.ChunkIds {
		res.Chunks = append(res.Chunks, ticket.ChunkScore{ID: id, Score: s.ChunkScores[i]})
	}
	return res
}
