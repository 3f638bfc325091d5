package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/agent"
	"github.com/digital-fte/fte/ticket"
)

// draft returns a reviewed draft, or why a person has to answer instead; a draft
// that comes with a reason is only a suggestion to that person. The error, if
// any, explains the reason to a lead.
func (t *turn) draft(ctx workflow.Context) (draftID uuid.UUID, why string, err error) {
	out, err := agent.Draft(steps{t, ctx}, t.id, t.instruction)
	t.call, t.explain = out.Call, out.Explain
	return out.DraftID, out.Why, err
}

// steps are the activities of a turn, in the coroutine that has ctx.
type steps struct {
	*turn
	ctx workflow.Context
}

// History reads what was said before.
func (s steps) History() (ticket.FetchHistoryResult, error) {
	return local[ticket.FetchHistoryResult](s.ctx, ticket.ActivityFetchHistory, "read what was said before",
		ticket.FetchHistoryInput{TurnID: s.id})
}

// Search looks for knowledge.
func (s steps) Search(modelCallID uuid.UUID) (ticket.SearchKnowledgeResult, error) {
	return ordinary[ticket.SearchKnowledgeResult](s.ctx, s.searchOptions(), ticket.ActivitySearchKnowledge,
		ticket.SearchKnowledgeInput{TurnID: s.id, ModelCallID: modelCallID})
}

// Ask asks the model; the page of the run says meanwhile what it is asked for.
func (s steps) Ask(in ticket.CallModelInput) (ticket.CallModelResult, error) {
	return ordinary[ticket.CallModelResult](s.ctx, s.modelOptions(asking(in)), ticket.ActivityCallModel, in)
}

// asking is what a model call is for, as its summary.
func asking(in ticket.CallModelInput) string {
	switch {
	case in.InvalidCallID != uuid.Nil:
		return "ask the model again: its call could not be used"
	case in.RejectedDraftID != uuid.Nil && in.Unsure:
		return "ask the model again: not sure enough"
	case in.RejectedDraftID != uuid.Nil:
		return "ask the model to mend its answer"
	case len(in.Rounds) > 1:
		return "ask the model, with what it searched for"
	default:
		return "ask the model"
	}
}

// Review judges a draft by words, inside the workflow task; by meaning it needs
// the model's server, which only workers of that queue know.
func (s steps) Review(draftID uuid.UUID, deep bool) (ticket.ReviewReplyResult, error) {
	in := ticket.ReviewReplyInput{DraftID: draftID, Deep: deep}
	if deep {
		return ordinary[ticket.ReviewReplyResult](s.ctx, s.deepReviewOptions(), ticket.ActivityReviewReply, in)
	}
	return local[ticket.ReviewReplyResult](s.ctx, ticket.ActivityReviewReply, "review the draft", in)
}

// Code classes what an activity failed with.
func (s steps) Code(err error) ticket.Code { return problemOf(err).Code }
