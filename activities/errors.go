package activities

import (
	"context"
	"errors"
	"log/slog"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

// rule says what Temporal does with an error of a class.
type rule struct {
	// attempts bounds how often the activity is tried; zero means as long as
	// its schedule-to-close timeout allows.
	attempts int32
	// benign errors are part of normal work and raise no alarm.
	benign bool
}

// rules is the table of error classes. A code that is not in it is a bug and is
// retried within the activity's time, since a deploy may mend it.
var rules = map[ticket.Code]rule{
	ticket.CodeInvalid:        {attempts: 1},
	ticket.CodeNotFound:       {attempts: 1},
	ticket.CodeUnauthorized:   {attempts: 1},
	ticket.CodeQuota:          {attempts: 1},
	ticket.CodeGuardrail:      {attempts: 1},
	ticket.CodeTooLarge:       {attempts: 1},
	ticket.CodeBadOutput:      {attempts: 2},
	ticket.CodeConflict:       {},
	ticket.CodeUnavailable:    {},
	ticket.CodeUnknownOutcome: {},
	ticket.CodeInternal:       {},
	ticket.CodeRateLimited:    {benign: true},
}

// done translates an activity's error for Temporal. The history gets the class
// and a message fit for a lead; causes go to the log, since they may carry
// numbers and addresses.
func (a *Activities) done(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return err
	}
	code := ticket.CodeOf(err)
	info := activity.GetInfo(ctx)
	a.Logger.WarnContext(ctx, "activity did not succeed",
		slog.String("activity", info.ActivityType.Name), slog.String("workflow_id", info.WorkflowExecution.ID),
		slog.String("code", string(code)), slog.Int("attempt", int(info.Attempt)), slog.Any("error", err))

	r := rules[code]
	opts := temporal.ApplicationErrorOptions{
		NonRetryable:   r.attempts > 0 && info.Attempt >= r.attempts,
		NextRetryDelay: ticket.RetryAfterOf(err),
	}
	if r.benign {
		opts.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(messageOf(err), string(code), opts)
}

// messageOf returns the coded error's own message, without its cause.
func messageOf(err error) string {
	var coded *ticket.Error
	if errors.As(err, &coded) {
		return coded.Message
	}
	return "internal error, see the worker's log"
}
