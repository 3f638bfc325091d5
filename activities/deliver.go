package activities

import (
	"context"
	"errors"
	"time"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// minCallTime is how long a provider call may take at least, however soon
// its trace is looked for.
const minCallTime = time.Second

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
// never happens to a person's own words. Parts that have to wait for the
// customer to write are left, once the customer has been asked to.
func (a *Activities) deliverParts(ctx context.Context, parts []schema.PartsOfTurnRow) (muted bool, err error) {
	for _, p := range parts {
		if p.Template != "" {
			// A part before it may have brought it on its way.
			if p.State, err = a.DB.PartState(ctx, p.ID); err != nil {
				return false, err
			}
		}
		muted, err = a.deliverPart(ctx, p)
		if errors.Is(err, errHeld) {
			err = a.askToWrite(ctx, p.ConversationID)
		}
		if err != nil || muted {
			return muted, err
		}
	}
	return false, nil
}

func (a *Activities) deliverPart(ctx context.Context, p schema.PartsOfTurnRow) (muted bool, err error) {
	switch p.State {
	case "queued":
		return a.handOver(ctx, p, false)
	case "sending":
		return a.reconcile(ctx, p)
	case "held":
		return false, errHeld
	}
	if p.Template != "" {
		return false, nil // what became of it is told when something waits for it
	}
	if p.State == "failed" {
		return false, ticket.Errorf(ticket.CodeInvalid, "part %d was not delivered: %s", p.Part, p.Error)
	}
	return p.State == "cancelled", nil
}

// handOver claims a part, once more if it was handed over before, calls its
// provider and records what came of it.
func (a *Activities) handOver(ctx context.Context, p schema.PartsOfTurnRow, again bool) (muted bool, err error) {
	// Nobody looks for the trace of a call before FirstCheck, so the call has
	// to end until then.
	deadline := time.Now().Add(max(a.Policy.FirstCheck, minCallTime))
	claimed, err := a.claim(ctx, p, again)
	if err != nil {
		return false, err
	}
	if !claimed {
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

// reconcile settles a part whose outcome is unknown by evidence: adopted if
// the provider has it, sent once more only after two looks did not find it.
func (a *Activities) reconcile(ctx context.Context, p schema.PartsOfTurnRow) (muted bool, err error) {
	c := a.carrier(p.Via)
	if c == nil {
		return a.handOver(ctx, p, true)
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
		return a.handOver(ctx, p, true)
	case p.AbsentChecks == 0 || age < a.Policy.SecondCheck:
		err := a.DB.NotePartAbsent(ctx, schema.NotePartAbsentParams{ID: p.ID, Error: "not found at the provider yet"})
		return false, firstOf(err, unsettledPart(max(a.Policy.SecondCheck-age, time.Second)))
	case p.Attempts > 1 || !c.onceMore():
		failed := ticket.Errorf(ticket.CodeInvalid, "it is unknown whether part %d reached the customer; look at the provider before sending it again", p.Part)
		return false, firstOf(a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Attempts: p.Attempts, Error: failed.Message}), failed)
	default:
		return a.handOver(ctx, p, true)
	}
}

func unsettledPart(wait time.Duration) error {
	return &ticket.Error{Code: ticket.CodeUnknownOutcome, Message: "it is not known yet whether the provider accepted the last call", RetryAfter: wait}
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
