package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// carrier hands parts to one provider. Its errors say how sure the outcome is:
// CodeUnknownOutcome when the provider may have taken the part, anything else
// when it surely did not.
type carrier interface {
	// send returns the provider's id of the accepted part.
	send(ctx context.Context, p schema.PartsOfTurnRow) (providerID string, err error)
	// find looks for the trace of an earlier call whose outcome is unknown.
	// resume means that calling send again cannot double the part.
	find(ctx context.Context, p schema.PartsOfTurnRow) (providerID string, found, resume bool, err error)
	// onceMore says whether a part that left no trace in two looks may be sent
	// again; if not, a person has to look.
	onceMore() bool
}

// deliver brings every part of a turn to its provider, in order. muted means
// that a person has taken the conversation over and the rest was withdrawn.
func (a *Activities) deliver(ctx context.Context, turnID uuid.UUID) (muted bool, err error) {
	parts, err := a.DB.PartsOfTurn(ctx, turnID)
	if err != nil {
		return false, err
	}
	for _, p := range parts {
		switch p.State {
		case "queued":
			n, err := a.DB.ClaimPart(ctx, p.ID)
			if err != nil {
				return false, err
			}
			if n == 0 {
				return a.notClaimed(ctx, p)
			}
			failpoint.Here("send.afterClaim")
			err = a.handOver(ctx, p)
			if err != nil {
				return false, err
			}
		case "sending":
			if err := a.reconcile(ctx, p); err != nil {
				return false, err
			}
		case "failed":
			return false, ticket.Errorf(ticket.CodeInvalid, "part %d was not delivered: %s", p.Part, p.Error)
		}
	}
	return false, nil
}

// notClaimed tells a takeover from another worker that claimed the part first.
func (a *Activities) notClaimed(ctx context.Context, p schema.PartsOfTurnRow) (muted bool, err error) {
	conv, err := a.DB.Conversation(ctx, p.ConversationID)
	if err != nil {
		return false, err
	}
	if conv.Owner == ticket.OwnerAI && conv.Epoch == p.Epoch {
		return false, ticket.Errorf(ticket.CodeConflict, "another worker is sending part %d", p.Part)
	}
	return true, a.DB.CancelParts(ctx, p.TurnID)
}

// handOver calls the provider for a claimed part and records what came of it.
func (a *Activities) handOver(ctx context.Context, p schema.PartsOfTurnRow) error {
	c := a.carrier(p.Via)
	if c == nil {
		_, err := a.DB.RecordSent(ctx, schema.RecordSentParams{ID: p.ID})
		return err
	}
	providerID, err := c.send(ctx, p)
	if err == nil {
		failpoint.Here("send.afterAccept")
		return a.recordSent(ctx, p, providerID)
	}
	message := messageOf(err)
	switch ticket.CodeOf(err) {
	case ticket.CodeUnknownOutcome:
		return &ticket.Error{Code: ticket.CodeUnknownOutcome, Message: message, RetryAfter: a.Policy.FirstCheck, Err: err}
	case ticket.CodeInvalid, ticket.CodeTooLarge, ticket.CodeNotFound:
		return firstOf(a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Error: message}), err)
	default:
		return firstOf(a.DB.ReleasePart(ctx, schema.ReleasePartParams{ID: p.ID, Error: message}), err)
	}
}

// reconcile settles a part whose outcome is unknown by evidence: adopted if
// the provider has it, sent once more only after two looks did not find it.
func (a *Activities) reconcile(ctx context.Context, p schema.PartsOfTurnRow) error {
	c := a.carrier(p.Via)
	if c == nil {
		return a.handOver(ctx, p)
	}
	age := time.Duration(p.AgeSeconds * float64(time.Second))
	if wait := a.Policy.FirstCheck - age; wait > 0 {
		return unsettledPart(wait)
	}
	providerID, found, resume, err := c.find(ctx, p)
	switch {
	case err != nil:
		return err
	case found:
		return a.recordSent(ctx, p, providerID)
	case resume:
		return a.handOver(ctx, p)
	}
	if p.AbsentChecks == 0 || age < a.Policy.SecondCheck {
		if err := a.DB.NotePartAbsent(ctx, schema.NotePartAbsentParams{ID: p.ID, Error: "not found at the provider yet"}); err != nil {
			return err
		}
		return unsettledPart(max(a.Policy.SecondCheck-age, time.Second))
	}
	if p.Attempts > 1 || !c.onceMore() {
		failed := ticket.Errorf(ticket.CodeInvalid, "it is unknown whether part %d reached the customer; look at the provider before sending it again", p.Part)
		return firstOf(a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Error: failed.Message}), failed)
	}
	n, err := a.DB.RetryPart(ctx, schema.RetryPartParams{ID: p.ID, Attempts: p.Attempts})
	if err != nil {
		return err
	}
	if n == 0 {
		return ticket.Errorf(ticket.CodeConflict, "part %d has moved on", p.Part)
	}
	return a.handOver(ctx, p)
}

func unsettledPart(wait time.Duration) error {
	return &ticket.Error{Code: ticket.CodeUnknownOutcome, Message: "it is not known yet whether the provider accepted the last call", RetryAfter: wait}
}

func (a *Activities) recordSent(ctx context.Context, p schema.PartsOfTurnRow, providerID string) error {
	if _, err := a.DB.RecordSent(ctx, schema.RecordSentParams{ID: p.ID, ProviderID: &providerID}); err != nil {
		return err
	}
	failpoint.Here("send.afterRecord")
	return nil
}

// carrier returns who carries a part; nil means that nobody has to.
func (a *Activities) carrier(via string) carrier {
	switch via {
	case viaWhatsApp:
		return whatsAppCarrier{a}
	case viaGmail:
		return gmailCarrier{a}
	default:
		return nil
	}
}

// firstOf returns the first error that is not nil.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
