package workflows

import (
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// maxTimeline bounds the timeline that a run carries.
const maxTimeline = 50

// describe answers queries and gives the run its first details.
func (c *conversation) describe(ctx workflow.Context) error {
	if err := workflow.SetQueryHandlerWithOptions(ctx, ticket.QueryTicket, func() (ticket.TicketView, error) {
		return ticket.TicketView{
			TicketID: c.ticketID, TicketNumber: c.number, Status: c.status, Owner: c.owner,
			Channel: c.in.Channel, Priority: c.priority, LastError: c.lastError,
		}, nil
	}, workflow.QueryHandlerOptions{Description: "The ticket as it stands."}); err != nil {
		return err
	}
	if err := workflow.SetQueryHandlerWithOptions(ctx, ticket.QueryTimeline, func() ([]ticket.Event, error) {
		return c.timeline, nil
	}, workflow.QueryHandlerOptions{Description: "What happened when, the last fifty steps."}); err != nil {
		return err
	}
	if err := workflow.SetQueryHandlerWithOptions(ctx, ticket.QueryExplain, func() (ticket.Explanation, error) {
		return c.explanation, nil
	}, workflow.QueryHandlerOptions{Description: "Why the last reply was what it was."}); err != nil {
		return err
	}
	workflow.SetCurrentDetails(ctx, c.details())
	return nil
}

// note adds a line to the timeline.
func (c *conversation) note(ctx workflow.Context, what string, turnID uuid.UUID, messages []uuid.UUID) {
	c.timeline = append(c.timeline, ticket.Event{At: workflow.Now(ctx), What: what, TurnID: turnID, MessageIDs: messages})
	if len(c.timeline) > maxTimeline {
		c.timeline = c.timeline[len(c.timeline)-maxTimeline:]
	}
}

// publish shows the ticket's state in the list and on the page of the run, in
// one event.
func (c *conversation) publish(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, c.details())
	if c.ticketID == uuid.Nil {
		return
	}
	keyword, number := temporal.NewSearchAttributeKeyKeyword, temporal.NewSearchAttributeKeyInt64
	updates := []temporal.SearchAttributeUpdate{
		keyword(ticket.AttrTicketNumber).ValueSet(c.number),
		keyword(ticket.AttrChannel).ValueSet(string(c.in.Channel)),
		keyword(ticket.AttrTicketStatus).ValueSet(string(c.status)),
		keyword(ticket.AttrCustomerRef).ValueSet(c.customerRef),
		keyword(ticket.AttrAssignedTo).ValueSet(string(c.owner)),
		number(ticket.AttrTicketPriority).ValueSet(priorityRank(c.priority)),
		number(ticket.AttrTurns).ValueSet(int64(c.turns)),
		temporal.NewSearchAttributeKeyBool(ticket.AttrNeedsHuman).ValueSet(c.status == ticket.NeedsHuman),
	}
	if c.category != "" {
		updates = append(updates, keyword(ticket.AttrCategory).ValueSet(c.category))
	}
	if c.explanation.PromptVersion != "" {
		updates = append(updates,
			keyword(ticket.AttrPromptVersion).ValueSet(c.explanation.PromptVersion),
			temporal.NewSearchAttributeKeyFloat64(ticket.AttrSentiment).ValueSet(c.sentiment))
	}
	// A new ticket in the same run does not inherit the reason of the old one.
	reason := keyword(ticket.AttrEscalationReason)
	if c.escalation != "" {
		updates = append(updates, reason.ValueSet(c.escalation))
	} else {
		updates = append(updates, reason.ValueUnset())
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes were not set", "error", err)
	}
}

// priorityRank is the priority as a number that sorts: 1 is urgent.
func priorityRank(p string) int64 {
	switch p {
	case "urgent":
		return 1
	case "high":
		return 2
	case "low":
		return 4
	default:
		return 3
	}
}

// lead says what went wrong in words fit for a support lead.
func lead(err error) string {
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		if cause := errors.Unwrap(timeout); cause != nil {
			return "gave up after many tries: " + lead(cause)
		}
		return "gave up: no answer in time"
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	return "the step did not succeed"
}

// details is what a lead sees on the page of the run.
func (c *conversation) details() string {
	var b strings.Builder
	cell := strings.NewReplacer("|", "/", "\r", " ", "\n", " ")
	b.WriteString("| | |\n|---|---|\n")
	row := func(name, value string) {
		if value != "" {
			b.WriteString("| " + name + " | " + cell.Replace(value) + " |\n")
		}
	}
	row("Ticket", c.number)
	// The summary of the run says it too, but does not survive continue-as-new.
	row("Channel", string(c.in.Channel))
	row("Status", string(c.status))
	row("Answered by", string(c.owner))
	row("Category", c.category)
	row("Priority", c.priority)
	row("Turns", strconv.Itoa(c.turns))
	if c.escalation != "" {
		row("A person was asked", ticket.EscalationMeaning(c.escalation))
	}
	row("Sources cited", strings.Join(c.explanation.Sources, ", "))
	if n := len(c.explanation.Chunks); n > 0 {
		row("Chunks looked at", strconv.Itoa(n))
	}
	row("Last problem", c.lastError)
	return b.String()
}
