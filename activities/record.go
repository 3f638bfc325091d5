package activities

import (
	"context"
	"time"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// recordTime bounds recording what came of a call. It goes on when the
// activity is cancelled: what is known must not be forgotten.
const recordTime = 5 * time.Second

// recordError stores what a failed call says about its part: still ours to
// send, refused for good, refused until the customer writes, or unknown.
func (a *Activities) recordError(ctx context.Context, p schema.PartsOfTurnRow, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	message := messageOf(err)
	if refused := whatsapp.ErrorCode(err); whatsapp.WindowClosed(refused) && p.Template == "" {
		return firstOf(a.holdPart(ctx, p), err)
	} else if whatsapp.OptedOut(refused) {
		if err := a.optedOut(ctx, a.DB.Queries, p.Recipient); err != nil {
			return err
		}
	}
	switch ticket.CodeOf(err) {
	case ticket.CodeUnknownOutcome:
		return &ticket.Error{Code: ticket.CodeUnknownOutcome, Message: message, RetryAfter: a.Policy.FirstCheck, Err: err}
	case ticket.CodeInvalid, ticket.CodeTooLarge, ticket.CodeNotFound:
		return firstOf(a.DB.RecordFailed(ctx, schema.RecordFailedParams{ID: p.ID, Attempts: p.Attempts, Error: message}), err)
	default:
		return firstOf(a.DB.ReleasePart(ctx, schema.ReleasePartParams{ID: p.ID, Attempts: p.Attempts, Error: message}), err)
	}
}

// SuppressedByProvider is the reason of a suppression that a provider told us
// of (column suppressions.reason).
const SuppressedByProvider = "provider"

func (a *Activities) optedOut(ctx context.Context, q *schema.Queries, number string) error {
	return q.Suppress(ctx, schema.SuppressParams{Kind: identityOf(viaWhatsApp), Value: number, Reason: SuppressedByProvider})
}

// recordSent settles a part as accepted. What the provider reported of it
// before we knew its id counts from now on; that may be that it was refused.
func (a *Activities) recordSent(ctx context.Context, p schema.PartsOfTurnRow, providerID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	sent := schema.RecordSentParams{ID: p.ID}
	if providerID != "" {
		sent.ProviderID = &providerID
	}
	if p.Via != viaWhatsApp {
		if _, err := a.DB.RecordSent(ctx, sent); err != nil {
			return err
		}
	} else if err := a.recordAccepted(ctx, p, sent, providerID); err != nil {
		return err
	}
	failpoint.Here("send.afterRecord")
	return nil
}

// recordAccepted is recordSent for WhatsApp, in one transaction that no report
// of the same message can cross.
func (a *Activities) recordAccepted(ctx context.Context, p schema.PartsOfTurnRow, sent schema.RecordSentParams, sid string) error {
	var refused error
	err := a.DB.Tx(ctx, func(q *schema.Queries) error {
		refused = nil
		if err := q.LockProviderID(ctx, schema.LockProviderIDParams{Via: p.Via, ProviderID: sid}); err != nil {
			return err
		}
		parked, err := q.TakeParked(ctx, schema.TakeParkedParams{Via: p.Via, ProviderID: sid})
		if err != nil {
			return err
		}
		var newest schema.TakeParkedRow
		for _, e := range parked {
			if whatsapp.Rank(e.Status) > whatsapp.Rank(newest.Status) {
				newest = e
			}
		}
		delivery := whatsapp.Delivery(newest.Status)
		if delivery == ticket.DeliveryFailed {
			refused, err = a.recordRefused(ctx, q, p, sid, int(newest.ErrorCode))
			return err
		}
		if _, err := q.RecordSent(ctx, sent); err != nil || delivery == "" {
			return err
		}
		_, err = q.ApplyDelivery(ctx, schema.ApplyDeliveryParams{ProviderID: sid, Delivery: string(delivery)})
		return err
	})
	return firstOf(err, refused)
}

// recordRefused settles a part that the provider took and then refused, and
// returns what that means for the caller.
func (a *Activities) recordRefused(ctx context.Context, q *schema.Queries, p schema.PartsOfTurnRow, sid string, code int) (refused, err error) {
	held := false
	if whatsapp.WindowClosed(code) {
		if held, err = HoldRefused(ctx, q, p.ID, sid, a.WhatsAppTemplate); err != nil {
			return nil, err
		}
	}
	if held {
		return errHeld, nil
	}
	if whatsapp.OptedOut(code) {
		if err := a.optedOut(ctx, q, p.Recipient); err != nil {
			return nil, err
		}
	}
	_, why := whatsapp.Explain(code)
	return ticket.Errorf(ticket.CodeInvalid, "part %d was not delivered: %s", p.Part, why),
		q.RecordRefused(ctx, schema.RecordRefusedParams{ID: p.ID, ProviderID: sid, Error: why})
}
