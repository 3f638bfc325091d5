package staff

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

// healthTimeout bounds the question whether Temporal is there at all.
const healthTimeout = 2 * time.Second

// overtaken is the type of the error the server makes when a workflow ends
// while an update that it has accepted is under way.
const overtaken = "AcceptedUpdateCompletedWorkflow"

// refused turns what came back of an update into a sentence for the person who
// asked. A cancelled caller gets its own error back.
func (d *Desk) refused(ctx context.Context, t Ticket, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return spoken(t, app)
	}
	if _, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return ticket.Errorf(ticket.CodeUnavailable, "%s could not be changed in time: is the database away? Ask again", t.Number)
	}
	if gone(err) {
		if t.Status == ticket.Closed {
			return closed(t)
		}
		return ticket.Errorf(ticket.CodeConflict, "no workflow runs for %s: take it over to start it again", t.Number)
	}
	if _, ok := errors.AsType[*serviceerror.ResourceExhausted](err); ok {
		return ticket.Wrap(ticket.CodeUnavailable, err, "too much is asked of %s at once: ask again in a moment", t.Number)
	}
	if late(err) && d.there(ctx) {
		return ticket.Errorf(ticket.CodeUnavailable, "no worker answered within %s: is `fte worker` running? "+
			"It may still happen as soon as one does", d.patience())
	}
	return unreachable(err)
}

// closed says that a ticket has ended.
func closed(t Ticket) error {
	return ticket.Errorf(ticket.CodeConflict, "%s is closed; reopen it first", t.Number)
}

// spoken returns the sentence of a validator or an activity. Errors that carry
// none of our codes come from a validator, since activities always code theirs.
func spoken(t Ticket, app *temporal.ApplicationError) error {
	if app.Type() == overtaken {
		return ticket.Errorf(ticket.CodeUnavailable, "%s ended in the same moment: look at it and ask again", t.Number)
	}
	code := ticket.Code(app.Type())
	switch code {
	case ticket.CodeInvalid, ticket.CodeNotFound, ticket.CodeConflict, ticket.CodeUnauthorized, ticket.CodeUnavailable,
		ticket.CodeRateLimited, ticket.CodeQuota, ticket.CodeUnknownOutcome, ticket.CodeBadOutput, ticket.CodeGuardrail,
		ticket.CodeTooLarge, ticket.CodeInternal:
	default:
		code = ticket.CodeInvalid
	}
	return &ticket.Error{Code: code, Message: app.Message()}
}

// gone reports whether err says that no workflow runs under the id.
func gone(err error) bool {
	_, ok := errors.AsType[*serviceerror.NotFound](err)
	return ok
}

// late reports whether err says that time ran out.
func late(err error) bool {
	if _, ok := errors.AsType[*serviceerror.DeadlineExceeded](err); ok {
		return true
	}
	if _, ok := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// there reports whether Temporal answers, so that a missing worker is told from
// a missing server.
func (d *Desk) there(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	_, err := d.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err == nil
}

func unreachable(err error) error {
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return ticket.Wrap(ticket.CodeUnavailable, err, "Temporal has no such namespace; check TEMPORAL_NAMESPACE")
	}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return ticket.Wrap(ticket.CodeUnavailable, err, "Temporal refused the request; if it names a search attribute, run `fte migrate`")
	}
	return ticket.Wrap(ticket.CodeUnavailable, err, "Temporal cannot be used; check TEMPORAL_ADDRESS and that the server runs")
}
