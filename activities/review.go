package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ReviewReply decides whether a draft may be sent, by rules and not by a
// model: it cites at least one chunk, every chunk it cites was retrieved in
// this turn, and its length fits the channel. Verdicts are stored with draft
// and turn; their reasons hold nothing that a customer wrote.
func (a *Activities) ReviewReply(ctx context.Context, in ticket.ReviewReplyInput) (ticket.ReviewReplyResult, error) {
	res, err := a.reviewReply(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) reviewReply(ctx context.Context, in ticket.ReviewReplyInput) (ticket.ReviewReplyResult, error) {
	draft, err := a.DB.Draft(ctx, in.DraftID)
	if err != nil {
		return ticket.ReviewReplyResult{}, err
	}
	turn, err := a.DB.Turn(ctx, draft.TurnID)
	if err != nil {
		return ticket.ReviewReplyResult{}, err
	}
	conv, err := a.DB.Conversation(ctx, turn.ConversationID)
	if err != nil {
		return ticket.ReviewReplyResult{}, err
	}
	retrieved, err := a.DB.RetrievedInTurn(ctx, turn.ID)
	if err != nil {
		return ticket.ReviewReplyResult{}, err
	}
	sources, err := a.DB.CitedArticles(ctx, draft.ID)
	if err != nil {
		return ticket.ReviewReplyResult{}, err
	}
	res := ticket.ReviewReplyResult{Passed: true, Sources: sources, Verdicts: []ticket.Verdict{
		reviewCitations(draft.Citations, retrieved),
		reviewLength(conv.Channel, draft.Body),
	}}
	for _, v := range res.Verdicts {
		res.Passed = res.Passed && v.Passed
	}
	stored, err := json.Marshal(res.Verdicts)
	if err != nil {
		return res, fmt.Errorf("encoding verdicts: %w", err)
	}
	return res, a.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := q.RecordDraftVerdicts(ctx, schema.RecordDraftVerdictsParams{ID: draft.ID, Verdicts: stored}); err != nil {
			return err
		}
		return q.RecordVerdicts(ctx, schema.RecordVerdictsParams{ID: turn.ID, Verdicts: stored})
	})
}

func reviewCitations(cited, retrieved []uuid.UUID) ticket.Verdict {
	v := ticket.Verdict{Rule: "citations", Passed: true}
	if len(cited) == 0 {
		return ticket.Verdict{Rule: v.Rule, Reason: "The answer cites no source. Cite the chunk ids it rests on."}
	}
	for _, id := range cited {
		if !slices.Contains(retrieved, id) {
			return ticket.Verdict{Rule: v.Rule, Reason: fmt.Sprintf("The answer cites %s, which is not among the retrieved chunks.", id)}
		}
	}
	return v
}

// Limits of an answer before it is put into its channel's form.
const (
	maxEmailWords    = email.BodyWordLimit
	maxWebFormWords  = email.FormBodyWordLimit
	maxWhatsAppRunes = 2 * whatsapp.MaxLength
)

func reviewLength(c ticket.Channel, body string) ticket.Verdict {
	v := ticket.Verdict{Rule: "length", Passed: true}
	words, limit := len(strings.Fields(body)), 0
	if words == 0 {
		return ticket.Verdict{Rule: v.Rule, Reason: "The answer is empty."}
	}
	switch c {
	case ticket.Email:
		limit = maxEmailWords
	case ticket.WebForm:
		limit = maxWebFormWords
	case ticket.WhatsApp:
		if n := utf8.RuneCountInString(body); n > maxWhatsAppRunes {
			return ticket.Verdict{Rule: v.Rule, Reason: fmt.Sprintf("The answer has %d characters, at most %d are allowed.", n, maxWhatsAppRunes)}
		}
		return v
	}
	if words > limit {
		return ticket.Verdict{Rule: v.Rule, Reason: fmt.Sprintf("The answer has %d words, at most %d are allowed.", words, limit)}
	}
	return v
}
