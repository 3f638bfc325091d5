package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// escalationCode is what a code may look like: models invent words, and the
// code is shown in places that must not hold prose.
var escalationCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Escalate asks for a person: the ticket needs a human, the reason is stored
// and the event goes to the escalations topic. A repeat publishes the same
// event again, under the same id.
func (a *Activities) Escalate(ctx context.Context, in ticket.EscalateInput) (ticket.EscalateResult, error) {
	res, err := a.escalate(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) escalate(ctx context.Context, in ticket.EscalateInput) (res ticket.EscalateResult, err error) {
	if !escalationCode.MatchString(in.Code) {
		in.Code = "other"
	}
	if !slices.Contains(llm.Priorities(), llm.Priority(in.Urgency)) {
		in.Urgency = string(llm.PriorityMedium)
	}
	var conv schema.Conversation
	var open schema.Ticket
	err = a.DB.Tx(ctx, func(q *schema.Queries) error {
		turn, err := q.Turn(ctx, in.TurnID)
		if err != nil {
			return err
		}
		if conv, err = q.LockConversation(ctx, turn.ConversationID); err != nil {
			return err
		}
		if in.Code == ticket.EscalateNotDelivered {
			if err := giveUp(ctx, q, turn); err != nil {
				return err
			}
		}
		if _, err := q.EscalateTicket(ctx, schema.EscalateTicketParams{
			ID: turn.TicketID, EscalationCode: in.Code, EscalationReason: ticket.EscalationMeaning(in.Code),
		}); err != nil {
			return err
		}
		if err := q.RecordRule(ctx, schema.RecordRuleParams{ID: turn.ID, Rule: "escalate:" + in.Code}); err != nil {
			return err
		}
		if open, err = q.TicketByID(ctx, turn.TicketID); err != nil {
			return err
		}
		res.Standing, err = a.standing(ctx, q, conv.ID)
		return err
	})
	if err != nil {
		return res, err
	}
	event, err := EscalationEvent(in.TurnID, conv.CustomerID, ticket.TicketEscalated{
		TicketID: open.ID, TicketNumber: open.Number, Reason: in.Code, Urgency: in.Urgency, Channel: conv.Channel, At: time.Now().UTC(),
	})
	if err != nil {
		return res, err
	}
	event.Source = "fte/activities"
	return res, a.Publisher.Publish(ctx, event)
}

// EscalationEvent returns the event that asks for a person, without its source.
// Its id is that of the turn and the reason: a repeat is the same event.
func EscalationEvent(turn, customer uuid.UUID, e ticket.TicketEscalated) (stream.Event, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return stream.Event{}, fmt.Errorf("encoding an escalation: %w", err)
	}
	return stream.Event{
		Topic: ticket.TopicEscalations, Key: customer.String(), ID: "escalation:" + turn.String() + ":" + e.Reason,
		Type: ticket.TypeTicketEscalated, Time: e.At, Value: value,
	}, nil
}

// giveUp leaves a turn whose reply could not be delivered to a person: what has
// not been sent is withdrawn, and messages that nothing has settled are theirs.
func giveUp(ctx context.Context, q *schema.Queries, turn schema.Turn) error {
	if err := q.CancelParts(ctx, turn.ID); err != nil {
		return err
	}
	left, err := q.UnsettledMessages(ctx, schema.UnsettledMessagesParams{ConversationID: turn.ConversationID, Ids: turn.MessageIds})
	if err != nil {
		return err
	}
	for _, m := range left {
		if _, err := q.SettleMessage(ctx, schema.SettleMessageParams{MessageID: m.ID, TurnID: &turn.ID, Outcome: ticket.Human}); err != nil {
			return err
		}
	}
	_, err = q.SettleTurn(ctx, schema.SettleTurnParams{ID: turn.ID, State: "handed_over"})
	return err
}
