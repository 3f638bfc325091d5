package activities

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

const (
	// crowd is from which wait on many are waiting for the same moment. A short
	// one is over before others are told to wait.
	crowd = 15 * time.Second
	// maxJitter bounds what is added to a wait, so that a long one is not
	// prolonged by much.
	maxJitter = 30 * time.Second
)

// done translates an activity's error for Temporal.
func (a *Activities) done(ctx context.Context, err error) error {
	return Failure(ctx, a.Logger, err)
}

// Failure translates the error of an activity, ordinary or local, for
// Temporal: its class decides what follows, and the history gets the class, a
// message of ours and ticket.FailureDetails, never the cause. The cause goes
// to the log, redacted. What Failure returned it returns again. Outside of an
// activity, as in an evaluation, there is no history: the error stays as it is.
func Failure(ctx context.Context, logger *slog.Logger, err error) error {
	if err == nil || errors.Is(err, activity.ErrResultPending) || !activity.IsActivity(ctx) {
		return err
	}
	info := activity.GetInfo(ctx)
	if stopped := ctx.Err() != nil && (errors.Is(err, context.Canceled) || temporal.IsCanceledError(err)); stopped {
		if info.IsLocalActivity || temporal.IsCanceledError(context.Cause(ctx)) {
			return context.Canceled // the workflow asked for it
		}
		err = ticket.Wrap(ticket.CodeUnavailable, err, "the worker was stopped in the middle of this step")
	}
	app, translated := errors.AsType[*temporal.ApplicationError](err)
	if translated && isFailure(app) {
		return app
	}
	if translated { // of somebody who does not know the table: only its type is believed
		err = &ticket.Error{Code: ticket.Code(app.Type()), RetryAfter: app.NextRetryDelay(), Err: err}
	}
	code, r := classify(err)
	_, late := errors.AsType[lateError](err)
	final := late || r.attempts > 0 && info.Attempt >= r.attempts || translated && app.NonRetryable()
	logger.WarnContext(ctx, "activity did not succeed",
		slog.String("activity", info.ActivityType.Name), slog.String("workflow_id", info.WorkflowExecution.ID),
		slog.String("code", string(code)), slog.Int("attempt", int(info.Attempt)), slog.String("error", redact.Text(err.Error())))

	wait := ticket.RetryAfterOf(err)
	opts := temporal.ApplicationErrorOptions{
		NonRetryable: final,
		Details: []any{ticket.FailureDetails{
			Code: code, Mend: r.mend, RetryAfter: ticket.Wait(wait),
			Step: info.ActivityType.Name, Attempt: info.Attempt, Final: final,
		}},
		NextRetryDelay: wait,
	}
	if r.crowded {
		opts.NextRetryDelay += jitter(info, wait)
	}
	if r.benign {
		opts.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(messageOf(err), string(code), opts)
}

// isFailure reports that Failure made the error.
func isFailure(app *temporal.ApplicationError) bool {
	var d ticket.FailureDetails
	r, known := ruleOf(ticket.Code(app.Type()))
	return known && app.Unwrap() == nil && app.Message() == redact.Text(app.Message()) &&
		app.HasDetails() && app.Details(&d) == nil && string(d.Code) == app.Type() && d.Mend == r.mend
}

// jitter returns up to a fifth of a wait, to be added to it. When a provider
// tells a whole fleet to come back in thirty seconds, the tries spread out
// instead of meeting the same limit again, and none comes too early. It
// follows from the attempt, so that an attempt that is reported twice says the
// same and a test can tell it.
func jitter(info activity.Info, wait time.Duration) time.Duration {
	if wait < crowd {
		return 0
	}
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%s/%d", info.WorkflowExecution.RunID, info.ActivityID, info.Attempt)
	return time.Duration(h.Sum64() % uint64(min(wait/5, maxJitter)))
}
