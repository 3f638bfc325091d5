package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/review"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ReviewReply decides whether a draft may be sent, by rules and not by a model,
// and how far it can be trusted. A deep review also compares meanings where
// words do not match. Verdicts are stored with draft and turn; their reasons
// hold nothing that a customer or a model wrote.
func (a *Activities) ReviewReply(ctx context.Context, in ticket.ReviewReplyInput) (ticket.ReviewReplyResult, error) {
	res, err := a.reviewReply(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) reviewReply(ctx context.Context, in ticket.ReviewReplyInput) (res ticket.ReviewReplyResult, err error) {
	draft, err := a.DB.Draft(ctx, in.DraftID)
	if err != nil {
		return res, err
	}
	turn, err := a.DB.Turn(ctx, draft.TurnID)
	if err != nil {
		return res, err
	}
	call, err := a.DB.ModelCall(ctx, draft.ModelCallID)
	if err != nil {
		return res, err
	}
	subject, err := a.subject(ctx, turn, draft, call.PromptVersion)
	if err != nil {
		return res, err
	}
	judged := review.Check(subject)
	if in.Deep {
		if judged, err = review.CheckDeeply(ctx, subject, a.Embedder); err != nil {
			return res, err
		}
	}
	res.Passed, res.Verdicts, res.Deepen = judged.Passed, judged.Verdicts, judged.Deepen && !in.Deep
	if res.Sources, err = a.DB.CitedArticles(ctx, draft.ID); err != nil {
		return res, err
	}
	if err := a.rate(ctx, turn, draft, call, judged, &res); err != nil {
		return res, err
	}
	return res, a.recordReview(ctx, turn, draft, res)
}

// subject gathers what a draft is judged by. What must not leak is the prompt
// that its model was given, which need not be the newest.
func (a *Activities) subject(ctx context.Context, turn schema.Turn, draft schema.Draft, promptVersion string) (in review.Input, err error) {
	conv, err := a.DB.Conversation(ctx, turn.ConversationID)
	if err != nil {
		return in, err
	}
	found, err := a.DB.RetrievedInTurn(ctx, turn.ID)
	if err != nil {
		return in, err
	}
	chunks, err := a.DB.Chunks(ctx, found)
	if err != nil {
		return in, err
	}
	prompt, known := llm.PromptNamed(promptVersion)
	if !known { // another build's
		prompt = llm.CurrentPrompt()
	}
	in = review.Input{
		Channel: conv.Channel, Draft: draft.Body, Citations: draft.Citations, Company: a.Policy.Company,
		SystemPrompt: prompt.Text, Canaries: []string{nonce(turn)}, Limits: limitsOf(conv.Channel),
	}
	for _, own := range []string{a.PublicBaseURL, a.Mailbox} {
		if own != "" {
			in.OwnLinks = append(in.OwnLinks, own)
		}
	}
	for _, c := range chunks {
		in.Retrieved = append(in.Retrieved, review.Chunk{ID: c.ID, Title: c.Title, Content: c.Content, Slug: c.Slug, Language: c.Language})
	}
	said, err := a.masked(ctx, turn)
	in.Customer, in.Earlier = said.now, said.earlier
	return in, err
}

// limitsOf returns how long an answer may be before it is put into its
// channel's form.
func limitsOf(c ticket.Channel) review.Limits {
	switch c {
	case ticket.Email:
		return review.Limits{Words: email.BodyWordLimit}
	case ticket.WebForm:
		return review.Limits{Words: email.FormBodyWordLimit}
	default:
		return review.Limits{Characters: 2 * whatsapp.MaxLength}
	}
}

// rate says how far the draft can be trusted, and how far it would have to be.
func (a *Activities) rate(ctx context.Context, turn schema.Turn, draft schema.Draft, call schema.ModelCall, judged review.Result, res *ticket.ReviewReplyResult) error {
	searches, err := a.DB.SearchesOfTurn(ctx, turn.ID)
	if err != nil {
		return err
	}
	decision, err := llm.ParseDecision(call.Decision)
	if err != nil {
		return err
	}
	if decision.Respond == nil {
		return ticket.Errorf(ticket.CodeInvalid, "model call %s proposes no answer", call.ID)
	}
	said := decision.Respond.Triage
	res.Confidence = confidence(judged.Support, draft.Citations, searches, said.Confidence)
	res.Threshold = a.Policy.Confidence.of(said.Category)
	return nil
}

func (a *Activities) recordReview(ctx context.Context, turn schema.Turn, draft schema.Draft, res ticket.ReviewReplyResult) error {
	stored, err := json.Marshal(res.Verdicts)
	if err != nil {
		return fmt.Errorf("encoding verdicts: %w", err)
	}
	return a.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := q.RecordDraftVerdicts(ctx, schema.RecordDraftVerdictsParams{ID: draft.ID, Verdicts: stored}); err != nil {
			return err
		}
		if err := q.RecordConfidence(ctx, schema.RecordConfidenceParams{ID: turn.ID, Confidence: res.Confidence}); err != nil {
			return err
		}
		return q.RecordVerdicts(ctx, schema.RecordVerdictsParams{ID: turn.ID, Verdicts: stored})
	})
}
