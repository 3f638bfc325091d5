package workers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// temporalTimeout bounds one call, which the SDK would repeat for a minute: the
// lane that waits has to say so soon, and tries again itself.
const temporalTimeout = 10 * time.Second

// Bridge hands each received message to the workflow of its conversation. It
// needs no database and no worker: Temporal accepts a signal when nobody runs.
type Bridge struct {
	Temporal client.Client
	Logger   *slog.Logger
}

// Handle signals one message, starting the workflow if it does not run. Every
// refusal by Temporal is an error that blocks the lane.
func (b *Bridge) Handle(ctx context.Context, r stream.Record) error {
	if r.Type != ticket.TypeMessageReceived {
		return stream.Poison("unknown_type", errors.New("the bridge takes only "+ticket.TypeMessageReceived))
	}
	var m ticket.MessageReceived
	if err := decode(r, &m); err != nil {
		return err
	}
	if m.MessageID == uuid.Nil || m.ConversationID == uuid.Nil || m.WorkflowID == "" || !m.Channel.Valid() {
		return stream.Poison("invalid", errors.New("a received message without ids, workflow or channel"))
	}
	ctx, cancel := context.WithTimeout(ctx, temporalTimeout)
	defer cancel()
	signal := ticket.MessageSignal{Messages: []ticket.MessageRef{{MessageID: m.MessageID, Author: ticket.Customer, ReceivedAt: m.ReceivedAt}}}
	_, err := b.Temporal.SignalWithStartWorkflow(ctx, m.WorkflowID, ticket.SignalMessage, signal,
		client.StartWorkflowOptions{
			TaskQueue:     ticket.QueueTickets,
			StaticSummary: "Conversation on " + string(m.Channel),
			TypedSearchAttributes: temporal.NewSearchAttributes(
				temporal.NewSearchAttributeKeyKeyword(ticket.AttrChannel).ValueSet(string(m.Channel)),
				temporal.NewSearchAttributeKeyKeyword(ticket.AttrTicketStatus).ValueSet(string(ticket.Open)),
				temporal.NewSearchAttributeKeyTime(ticket.AttrLastInboundAt).ValueSet(m.ReceivedAt),
			),
		},
		ticket.TicketWorkflow, ticket.TicketInput{ConversationID: m.ConversationID, Channel: m.Channel})
	if err != nil {
		return refused(err, "handing a message to its workflow")
	}
	failpoint.Here("bridge.afterSignal")
	return nil
}

// refused gives an error of Temporal a sentence for the operator. None of them
// is the message's fault.
func refused(err error, doing string) error {
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return ticket.Wrap(ticket.CodeUnavailable, err, "%s: Temporal has no such namespace; check TEMPORAL_NAMESPACE", doing)
	}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return ticket.Wrap(ticket.CodeUnavailable, err, "%s: Temporal refused it; if it names a search attribute, run `fte migrate`", doing)
	}
	return ticket.Wrap(ticket.CodeUnavailable, err, "%s", doing)
}
