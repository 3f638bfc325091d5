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

// ruleOf is the table of error classes.
func ruleOf(code ticket.Code) (r rule, known bool) {
	switch code {
	case ticket.CodeInvalid, ticket.CodeNotFound, ticket.CodeTooLarge, ticket.CodeGuardrail:
		return rule{attempts: 1}, true // the same input gives the same error
	case ticket.CodeUnauthorized, ticket.CodeQuota:
		return rule{attempts: 1}, true // an operator has to act, and the customer must not wait for that
	case ticket.CodeBadOutput:
		return rule{attempts: 2}, true // models do not answer alike twice
	case ticket.CodeConflict, ticket.CodeUnavailable, ticket.CodeUnknownOutcome:
		return rule{}, true // passes, or is settled by looking again
	case ticket.CodeRateLimited:
		return rule{benign: true}, true // ordinary; the other side says when to come again
	case ticket.CodeInternal:
		return rule{}, true // a bug: a deploy may mend it in time
	default:
		return rule{}, false
	}
}

// done translates an activity's error for Temporal. The history gets the class
// and a message fit for a lead; causes go to the log, since they may carry
// numbers and addresses.
func (a *Activities) done(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return ctx.Err() // bare: the cause goes into the history otherwise
	}
	code := ticket.CodeOf(err)
	info := activity.GetInfo(ctx)
	a.Logger.WarnContext(ctx, "activity did not succeed",
		slog.String("activity", info.ActivityType.Name), slog.String("workflow_id", info.WorkflowExecution.ID),
		slog.String("code", string(code)), slog.Int("attempt", int(info.Attempt)), slog.Any("error", err))

	r, _ := ruleOf(code)
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
	if coded, ok := errors.AsType[*ticket.Error](err); ok {
		return coded.Message
	}
	return "internal error, see the worker's log"
}
