package workflows

import (
	"cmp"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

const (
	// maxSearches is how often the knowledge base is searched in one turn
	// before a person is asked.
	maxSearches = 3
	// maxRepairs is how often the model may mend an answer the review refused.
	maxRepairs = 1
)

// draft returns a reviewed draft, or why a person has to answer instead; a draft
// that comes with a reason is only a suggestion to that person. The error, if
// any, explains the reason to a lead. The order of the steps is decided
// here and never by the model.
func (t *turn) draft(ctx workflow.Context) (draftID uuid.UUID, why string, err error) {
	history, err := local[ticket.FetchHistoryResult](ctx, ticket.ActivityFetchHistory, "read what was said before",
		ticket.FetchHistoryInput{TurnID: t.id})
	if err != nil {
		return uuid.Nil, ticket.EscalateFault, err
	}
	ask := ticket.CallModelInput{TurnID: t.id, History: history.MessageIDs, InstructionID: t.instruction}
	if err := t.search(ctx, &ask, uuid.Nil); err != nil {
		return uuid.Nil, ticket.EscalateFault, err
	}
	for repairs := 0; ; {
		t.call, err = ordinary[ticket.CallModelResult](ctx, t.modelOptions(), ticket.ActivityCallModel, ask)
		if err != nil {
			return uuid.Nil, ticket.EscalateModel, err
		}
		t.explain.Model, t.explain.PromptVersion = t.call.Model, t.call.PromptVersion
		switch t.call.Decision {
		case ticket.DecideSearch:
			if len(ask.Rounds) == maxSearches {
				return uuid.Nil, ticket.EscalateNoAnswer, nil
			}
			if err := t.search(ctx, &ask, t.call.CallID); err != nil {
				return uuid.Nil, ticket.EscalateFault, err
			}
		case ticket.DecideRespond:
			passed, err := t.review(ctx)
			if err != nil {
				return uuid.Nil, ticket.EscalateFault, err
			}
			if passed {
				return t.call.DraftID, "", nil
			}
			if repairs == maxRepairs {
				// Not fit to be sent, but of use to the person who answers.
				return t.call.DraftID, ticket.EscalateReview, nil
			}
			repairs++
			ask.RejectedDraftID = t.call.DraftID
		default:
			// Without a reason it is still a person that is asked for.
			return uuid.Nil, cmp.Or(t.call.Escalation, "other"), nil
		}
	}
}

// search looks for knowledge: in the customer's words, or in those of the model
// call that asked for it.
func (t *turn) search(ctx workflow.Context, ask *ticket.CallModelInput, callID uuid.UUID) error {
	found, err := ordinary[ticket.SearchKnowledgeResult](ctx, t.searchOptions(), ticket.ActivitySearchKnowledge,
		ticket.SearchKnowledgeInput{TurnID: t.id, ModelCallID: callID})
	if err != nil {
		return err
	}
	ask.Rounds = append(ask.Rounds, ticket.Round{SearchID: found.SearchID, ModelCallID: callID})
	t.explain.Chunks = append(t.explain.Chunks, found.Chunks...)
	return nil
}

func (t *turn) review(ctx workflow.Context) (passed bool, err error) {
	reviewed, err := local[ticket.ReviewReplyResult](ctx, ticket.ActivityReviewReply, "review the draft",
		ticket.ReviewReplyInput{DraftID: t.call.DraftID})
	t.explain.Verdicts, t.explain.Sources = reviewed.Verdicts, reviewed.Sources
	return reviewed.Passed, err
}
