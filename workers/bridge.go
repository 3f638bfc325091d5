package workers

import (
	"cmp"
	"context"
	"encoding/json"
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

const (
	// temporalTimeout bounds one call, which the SDK would repeat for a minute: the
	// lane that waits has to say so soon, and tries again itself.
	temporalTimeout = 10 * time.Second
	// bridgeBatch is the most messages of one signal.
	bridgeBatch = 100
	// bridgeInFlight is how many events of a partition the bridge reads ahead.
	// They hold ids only, so a burst of one customer fits in whole and holds up
	// nobody, even while its own workflow refuses it.
	bridgeInFlight = 2048
	// ordinaryPriority is that of a conversation before its ticket has one.
	ordinaryPriority = 3
)

// Bridge hands received messages to the workflow of their conversation. It
// needs no database and no worker: Temporal accepts a signal when nobody runs.
type Bridge struct {
	Temporal client.Client
	Logger   *slog.Logger
}

// Consume sets in the options of the bridge's consumer how it takes events:
// consecutive ones of one conversation together.
func (b *Bridge) Consume(o *stream.ConsumerOptions) {
	o.BatchHandler, o.MaxBatch, o.MaxInFlight = b.HandleBatch, bridgeBatch, bridgeInFlight
	o.Together = func(x, y stream.Record) bool {
		id := workflowOf(x)
		return id != "" && id == workflowOf(y)
	}
}

// workflowOf returns the workflow that an event is for, "" if it does not say.
func workflowOf(r stream.Record) string {
	var m struct {
		WorkflowID string `json:"workflow_id"`
	}
	if json.Unmarshal(r.Value, &m) != nil {
		return ""
	}
	return m.WorkflowID
}

// HandleBatch signals the messages of one conversation at once, starting its
// workflow if it does not run. Every refusal by Temporal is an error that
// blocks the lane.
func (b *Bridge) HandleBatch(ctx context.Context, batch []stream.Record) error {
	var signal ticket.MessageSignal
	var first ticket.MessageReceived
	var lastInbound time.Time
	for i, r := range batch {
		m, err := receivedMessage(r)
		if err != nil {
			return err
		}
		if i == 0 {
			first = m
		}
		if m.WorkflowID != first.WorkflowID || m.ConversationID != first.ConversationID {
			// Taken apart, each of them can be handled.
			return stream.Poison("mixed", errors.New("messages of several conversations in one batch"))
		}
		if m.Author == ticket.Customer && m.ReceivedAt.After(lastInbound) {
			lastInbound = m.ReceivedAt
		}
		signal.Messages = append(signal.Messages, ticket.MessageRef{MessageID: m.MessageID, Author: m.Author, ReceivedAt: m.ReceivedAt})
	}
	ctx, cancel := context.WithTimeout(ctx, temporalTimeout)
	defer cancel()
	_, err := b.Temporal.SignalWithStartWorkflow(ctx, first.WorkflowID, ticket.SignalMessage, signal, startOptions(first, lastInbound),
		ticket.TicketWorkflow, ticket.TicketInput{ConversationID: first.ConversationID, Channel: first.Channel})
	if err != nil {
		return refused(err, "handing a message to its workflow")
	}
	failpoint.Here("bridge.afterSignal")
	return nil
}

// receivedMessage reads an event and says who wrote the message.
func receivedMessage(r stream.Record) (m ticket.MessageReceived, err error) {
	if r.Type != ticket.TypeMessageReceived {
		return m, stream.Poison("unknown_type", errors.New("the bridge takes only "+ticket.TypeMessageReceived))
	}
	if err := decode(r, &m); err != nil {
		return m, err
	}
	if m.MessageID == uuid.Nil || m.ConversationID == uuid.Nil || m.WorkflowID == "" || !m.Channel.Valid() {
		return m, stream.Poison("invalid", errors.New("a received message without ids, workflow or channel"))
	}
	m.Author = cmp.Or(m.Author, ticket.Customer)
	switch m.Author {
	case ticket.Customer, ticket.Staff, ticket.Assistant:
		return m, nil
	default:
		return m, stream.Poison("invalid", errors.New("a received message of an unknown author"))
	}
}

// startOptions are for the run that a signal begins if none runs. The server
// dispatches the work of conversations by priority and, where it knows
// fairness, in equal shares among customers; an older one ignores both.
func startOptions(m ticket.MessageReceived, lastInbound time.Time) client.StartWorkflowOptions {
	attributes := []temporal.SearchAttributeUpdate{
		temporal.NewSearchAttributeKeyKeyword(ticket.AttrChannel).ValueSet(string(m.Channel)),
		temporal.NewSearchAttributeKeyKeyword(ticket.AttrTicketStatus).ValueSet(string(ticket.Open)),
	}
	if !lastInbound.IsZero() {
		attributes = append(attributes, temporal.NewSearchAttributeKeyTime(ticket.AttrLastInboundAt).ValueSet(lastInbound))
	}
	return client.StartWorkflowOptions{
		TaskQueue:     ticket.QueueTickets,
		StaticSummary: ticket.RunSummary(m.Channel), StaticDetails: ticket.RunDetails,
		TypedSearchAttributes: temporal.NewSearchAttributes(attributes...),
		// Workflows of the same customer share one portion of the workers.
		Priority: temporal.Priority{PriorityKey: ordinaryPriority, FairnessKey: ticket.CustomerRef(m.CustomerID)},
	}
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
