package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// purgeBatch rows are deleted in one statement, which locks them only briefly.
	purgeBatch = 500
	// minKeepHours is a week: what Kafka still holds may come again and has to be known.
	minKeepHours = 7 * 24
	// parkedHours is for how long it is remembered what a provider reported of a
	// message that no row of ours knows: most belong to somebody else.
	parkedHours = 48
	// stuckAfter is how long an event waits in the spool before somebody has to look.
	stuckAfter = 24 * time.Hour
)

// Purge deletes what is older than the input says, in small batches: how
// messages of closed tickets were settled, raw mails, what providers reported of
// our messages, and how addresses were proved. Actions and the audit log are kept. It counts events that are stuck in the spool and leaves them:
// they are customers' messages. Purging again deletes what has become old since.
func (a *Activities) Purge(ctx context.Context, in ticket.PurgeInput) (ticket.PurgeResult, error) {
	defer beat(ctx)()
	res, err := a.purge(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) purge(ctx context.Context, in ticket.PurgeInput) (res ticket.PurgeResult, err error) {
	if in.KeepHours < minKeepHours {
		return res, ticket.Errorf(ticket.CodeInvalid, "nothing younger than %d hours may be deleted: it may come again from Kafka", minKeepHours)
	}
	now := time.Now()
	before := now.Add(-time.Duration(in.KeepHours) * time.Hour)
	// A retry goes on from here with what is left, so the counts are of the last try.
	if res.ProcessedMessages, err = inBatches(ctx, func() (int64, error) {
		return a.DB.PurgeProcessed(ctx, schema.PurgeProcessedParams{Before: before, MaxRows: purgeBatch})
	}); err != nil {
		return res, err
	}
	if res.RawEvents, err = inBatches(ctx, func() (int64, error) {
		return a.DB.PurgeRawEvents(ctx, schema.PurgeRawEventsParams{Before: before, MaxRows: purgeBatch})
	}); err != nil {
		return res, err
	}
	if _, err = inBatches(ctx, func() (int64, error) {
		return a.DB.PurgeDeliveries(ctx, schema.PurgeDeliveriesParams{
			Before: before, ParkedBefore: now.Add(-parkedHours * time.Hour), MaxRows: purgeBatch,
		})
	}); err != nil {
		return res, err
	}
	if _, err = inBatches(ctx, func() (int64, error) {
		return a.DB.PurgeVerifications(ctx, schema.PurgeVerificationsParams{Before: before, MaxRows: purgeBatch})
	}); err != nil {
		return res, err
	}
	res.StuckEvents, err = a.DB.StuckSpool(ctx, now.Add(-stuckAfter))
	return res, err
}

// inBatches deletes until a batch is not full.
func inBatches(ctx context.Context, remove func() (int64, error)) (total int64, err error) {
	for {
		n, err := remove()
		total += n
		if err != nil || n < purgeBatch {
			return total, err
		}
		activity.RecordHeartbeat(ctx, total)
	}
}
