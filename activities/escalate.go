package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// escalationCode is what a code may look like: models invent words, and the
// code is shown in places that must not hold prose.
var escalationCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Escalate asks for a person, for a turn or because a clock of the ticket has
// rung. With StepAsk the ticket needs a human from then on, unless one has it,
// and what they need to know is written down; the other steps change nothing.
// All of them go to the escalations topic. A repeat publishes the same event
// again, under the same id; a clock that somebody was faster than does nothing.
func (a *Activities) Escalate(ctx context.Context, in ticket.EscalateInput) (ticket.EscalateResult, error) {
	res, err := a.escalate(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) escalate(ctx context.Context, in ticket.EscalateInput) (res ticket.EscalateResult, err error) {
	if !escalationCode.MatchString(in.Code) {
		in.Code = "other"
	}
	switch {
	case in.Step == ticket.StepSecondLevel:
		in.Urgency = string(llm.PriorityUrgent)
	case !slices.Contains(llm.Priorities(), llm.Priority(in.Urgency)):
		in.Urgency = string(llm.PriorityMedium)
	}
	e := escalation{Activities: a, in: in}
	if err := a.DB.Tx(ctx, func(q *schema.Queries) error {
		e.q = q
		res.Standing, err = e.store(ctx)
		return err
	}); err != nil || e.late {
		return res, err
	}
	failpoint.Here("escalate.afterCommit")
	event, err := EscalationEvent(e.subject(), e.conv.CustomerID, ticket.TicketEscalated{
		TicketID: e.on.ID, TicketNumber: e.on.Number, Reason: in.Code, Urgency: in.Urgency, Channel: e.conv.Channel,
		At: a.Now().UTC(), Step: in.Step,
	})
	if err != nil {
		return res, err
	}
	if !in.DueAt.IsZero() {
		event.ID += ":" + strconv.FormatInt(in.DueAt.Unix(), 10)
	}
	event.Source = "fte/activities"
	return res, a.Publisher.Publish(ctx, event)
}

// EscalationEvent returns the event that asks for a person, without its source.
// Its id is that of the turn, or of the ticket where there is none, the reason
// and the step: a repeat is the same event.
func EscalationEvent(turn, customer uuid.UUID, e ticket.TicketEscalated) (stream.Event, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return stream.Event{}, fmt.Errorf("encoding an escalation: %w", err)
	}
	id := "escalation:" + turn.String() + ":" + e.Reason
	if e.Step != ticket.StepAsk {
		id += ":" + string(e.Step)
	}
	return stream.Event{
		Topic: ticket.TopicEscalations, Key: customer.String(), ID: id, Type: ticket.TypeTicketEscalated, Time: e.At, Value: value,
	}, nil
}

// escalation is one request for a person while it is stored.
type escalation struct {
	*Activities
	q    *schema.Queries
	in   ticket.EscalateInput
	turn *schema.Turn // nil when a clock or a person's reply asks
	conv schema.Conversation
	on   schema.Ticket
	late bool // somebody has acted before the clock rang
}

// subject is what the event is about: the turn, else the ticket.
func (e *escalation) subject() uuid.UUID {
	if e.turn != nil {
		return e.turn.ID
	}
	return e.on.ID
}

func (e *escalation) store(ctx context.Context) (ticket.Standing, error) {
	if err := e.find(ctx); err != nil {
		return ticket.Standing{}, err
	}
	if e.tooLate() {
		e.late = true
		return e.stands(ctx, e.q, e.conv.ID)
	}
	if e.in.Step != ticket.StepAsk {
		return e.stands(ctx, e.q, e.conv.ID)
	}
	if e.in.Code == ticket.EscalateNotDelivered {
		if err := e.giveUp(ctx); err != nil {
			return ticket.Standing{}, err
		}
	}
	if err := e.q.AskForPerson(ctx, schema.AskForPersonParams{
		ID: e.on.ID, EscalationCode: e.in.Code, EscalationReason: ticket.EscalationMeaning(e.in.Code), At: e.Now(),
		ByClock: missed(e.in.Code),
	}); err != nil {
		return ticket.Standing{}, err
	}
	if e.turn != nil {
		if err := e.q.RecordRule(ctx, schema.RecordRuleParams{ID: e.turn.ID, Rule: ticket.RuleOf(e.in.Code, e.in.Rule)}); err != nil {
			return ticket.Standing{}, err
		}
	}
	if err := e.handOver(ctx); err != nil {
		return ticket.Standing{}, err
	}
	return e.standing(ctx, e.q, e.conv.ID)
}

// find reads what the request is about and locks the conversation.
func (e *escalation) find(ctx context.Context) error {
	ticketID := e.in.TicketID
	if e.in.TurnID != uuid.Nil {
		turn, err := e.q.Turn(ctx, e.in.TurnID)
		if err != nil {
			return err
		}
		e.turn, ticketID = &turn, turn.TicketID
	}
	on, err := e.q.TicketByID(ctx, ticketID)
	if err != nil {
		return err
	}
	if e.conv, err = e.q.LockConversation(ctx, on.ConversationID); err != nil {
		return err
	}
	// Both may have changed before the lock was ours.
	if e.turn != nil {
		if *e.turn, err = e.q.Turn(ctx, e.turn.ID); err != nil {
			return err
		}
		ticketID = e.turn.TicketID
	}
	if e.on, err = e.q.TicketByID(ctx, ticketID); err != nil || e.on.ClosedAt != nil {
		return err
	}
	e.on, err = e.countWait(ctx, e.q, e.on)
	return err
}

// tooLate reports that what a clock has rung for was done in the meantime.
func (e *escalation) tooLate() bool {
	switch {
	case e.turn != nil:
		return false
	case e.on.Status == ticket.Closed:
		return true
	case e.in.Step == ticket.StepReminder, e.in.Step == ticket.StepSecondLevel:
		return e.on.Status != ticket.NeedsHuman
	}
	return (e.in.Code == ticket.EscalateAtRisk || e.in.Code == ticket.EscalateWindow || missed(e.in.Code)) && e.on.WaitingSince == nil
}

// missed reports that a promised time was missed: an answer makes an end of it.
func missed(code string) bool {
	return code == ticket.EscalateBreached || code == ticket.EscalateUnresolved
}

// giveUp leaves to a person what could not be delivered: the rest is withdrawn,
// messages that nothing has settled are theirs, and it is our move again.
func (e *escalation) giveUp(ctx context.Context) error {
	if e.turn == nil {
		if err := e.q.WithdrawReplies(ctx, e.conv.ID); err != nil {
			return err
		}
	} else {
		if err := e.q.CancelParts(ctx, e.turn.ID); err != nil {
			return err
		}
		if err := settleForPerson(ctx, e.q, *e.turn, &e.turn.ID); err != nil {
			return err
		}
		if _, err := e.q.SettleTurn(ctx, schema.SettleTurnParams{ID: e.turn.ID, State: turnHandedOver}); err != nil {
			return err
		}
	}
	if e.on.ClosedAt != nil {
		return nil
	}
	_, err := e.waits(ctx, e.q, e.on, e.Now())
	return err
}
