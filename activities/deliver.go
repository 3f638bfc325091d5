package activities

import (
	"context"
	"time"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// minCallTime is how long a provider call may take at least, however soon
	// its trace is looked for.
	minCallTime = time.Second
	// recordTime bounds recording what came of a call. It goes on when the
	// activity is cancelled: what is known must not be forgotten.
	recordTime = 5 * time.Second
)

// carrier hands parts to one provider. Its errors say how sure the outcome is:
// CodeUnknownOutcome when the provider may have taken the part, anything else
// when it surely did not.
type carrier interface {
	// send returns the provider's id of the accepted part.
	send(ctx context.Context, p schema.PartsOfTurnRow) (providerID string, err error)
	// find looks for the trace of an earlier call whose outcome is unknown.
	find(ctx context.Context, p schema.PartsOfTurnRow) (trace, error)
	// onceMore says whether a part that left no trace in two looks may be sent
	// again; if not, a person has to look.
	onceMore() bool
}

// trace is what a provider shows of an earlier call.
type trace struct {
	providerID string // empty when nothing was found
	resume     bool   // calling send again cannot double the part
}

// deliverParts brings parts to their provider, in order. muted means that a
// person has taken the conversation over and the rest was withdrawn, which
// never happens to a person's own words.
func (a *Activities) deliverParts(ctx context.Context, parts []schema.PartsOfTurnRow) (muted bool, err error) {
	for _, p := range parts {
		switch p.State {
		case "queued":
			muted, err = a.handOver(ctx, p, func() (int64, error) { return a.DB.ClaimPart(ctx, p.ID) })
		case "sending":
			muted, err = a.reconcile(ctx, p)
		case "failed":
			err = ticket.Errorf(ticket.CodeInvalid, "part %d was not delivered: %s", p.Part, p.Error)
		case "cancelled":
			muted = true
		}
		if err != nil || muted {
			return muted, err
		}
	}
	return false, nil
}

// handOver claims a part, calls its provider and records what came of it. A
// person who owns the conversation by now keeps it from being claimed.
func (a *Activities) handOver(ctx context.Context, p schema.PartsOfTurnRow, claim func() (int64, error)) (muted bool, err error) {
	// Nobody looks for the trace of a call before FirstCheck, so the call has
	// to end until then.
	deadline := time.Now().Add(max(a.Policy.FirstCheck, minCallTime))
	n, err := claim()
	if err != nil {
		return false, err
	}
	if n == 0 {
		return a.notClaimed(ctx, p)
	}
	p.Attempts++
	failpoint.Here("send.afterClaim")
	providerID, err := a.call(ctx, p, deadline)
	if err == nil {
		failpoint.Here("send.afterAccept")
		return false, a.recordSent(ctx, p, providerID)
	}
	return false, a.recordError(ctx, p, err)
}

// notClaimed tells a takeover, and that the assistant was switched off, from
// another worker that claimed the part first.
// After a takeover nothing more begins: the rest of the turn is withdrawn, and
// so is a part that we looked for in vain and may not send again.
func (a *Activities) notClaimed(ctx context.Context, p schema.PartsOfTurnRow) (muted bool, err error) {
	conv, err := a.DB.Conversation(ctx, p.ConversationID)
	if err != nil {
		return false, err
	}
	if p.TurnID == nil || (conv.Owner == ticket.OwnerAI && conv.Epoch == p.Epoch) {
		if stopped, err := a.stopped(ctx, p); err != nil || stopped {
			return false, firstOf(err, errStopped)
		}
		return false, ticket.Errorf(ticket.CodeConflict, "another worker has part %d", p.Part)
	}
	if err := a.DB.WithdrawPart(ctx, schema.WithdrawPartParams{
		ID: p.ID, Attempts: p.Attempts, Error: "a person took over before it was known to be sent; the provider does not have it",
	}); err != nil {
		return false, err
	}
	return true, a.DB.CancelParts(ctx, *p.TurnID)
}

// call makes one provider call for a claimed part.
func (a *Activities) call(ctx context.Context, p schema.PartsOfTurnRow, deadline time.Time) (providerID string, err error) {
	c := a.carrier(p.Via)
	if c == nil {
		return "", nil
	}
	if time.Now().After(deadline) {
		// A worker that was frozen here may have been given up and replaced.
		return "", ticket.Errorf(ticket.CodeUnknownOutcome, "this worker was stopped before it could send part %d", p.Part)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	return c.send(ctx, p)
}

// recordError stores what a failed call says about its part: still ours to
// send, refused for good, or unknown.
func (a *Activities) recordError(ctx context.Context, p schema.PartsOfTurnRow, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	message := messageOf(err)
	switch ticket.CodeOf(err) {
	case ticket.CodeUnknownOutcome:
		return &ticket.Error{Code: ticket.CodeUnknownOutcome, Message: message, RetryAfter: a.Policy.FirstCheck, Err: err}
	case ticket.CodeInvalid, ticket.CodeTooLarge, ticket.CodeNotFound:
		return firstOf(a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Attempts: p.Attempts, Error: message}), err)
	default:
		return firstOf(a.DB.ReleasePart(ctx, schema.ReleasePartParams{ID: p.ID, Attempts: p.Attempts, Error: message}), err)
	}
}

// reconcile settles a part whose outcome is unknown by evidence: adopted if
// the provider has it, sent once more only after two looks did not find it.
func (a *Activities) reconcile(ctx context.Context, p schema.PartsOfTurnRow) (muted bool, err error) {
	retry := func() (int64, error) {
		return a.DB.RetryPart(ctx, schema.RetryPartParams{ID: p.ID, Attempts: p.Attempts})
	}
	c := a.carrier(p.Via)
	if c == nil {
		return a.handOver(ctx, p, retry)
	}
	age := time.Duration(p.AgeSeconds * float64(time.Second))
	if wait := a.Policy.FirstCheck - age; wait > 0 {
		return false, unsettledPart(wait)
	}
	seen, err := c.find(ctx, p)
	switch {
	case err != nil:
		return false, err
	case seen.providerID != "":
		return false, a.recordSent(ctx, p, seen.providerID)
	case seen.resume:
		return a.handOver(ctx, p, retry)
	case p.AbsentChecks == 0 || age < a.Policy.SecondCheck:
		err := a.DB.NotePartAbsent(ctx, schema.NotePartAbsentParams{ID: p.ID, Error: "not found at the provider yet"})
		return false, firstOf(err, unsettledPart(max(a.Policy.SecondCheck-age, time.Second)))
	case p.Attempts > 1 || !c.onceMore():
		failed := ticket.Errorf(ticket.CodeInvalid, "it is unknown whether part %d reached the customer; look at the provider before sending it again", p.Part)
		return false, firstOf(a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Attempts: p.Attempts, Error: failed.Message}), failed)
	default:
		return a.handOver(ctx, p, retry)
	}
}

func unsettledPart(wait time.Duration) error {
	return &ticket.Error{Code: ticket.CodeUnknownOutcome, Message: "it is not known yet whether the provider accepted the last call", RetryAfter: wait}
}

func (a *Activities) recordSent(ctx context.Context, p schema.PartsOfTurnRow, providerID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	sent := schema.RecordSentParams{ID: p.ID}
	if providerID != "" {
		sent.ProviderID = &providerID
	}
	if _, err := a.DB.RecordSent(ctx, sent); err != nil {
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
