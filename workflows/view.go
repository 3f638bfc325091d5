package workflows

import (
	"errors"
	"slices"
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
			TicketID: c.standing.TicketID, TicketNumber: c.standing.TicketNumber, Status: c.standing.Status,
			Owner: c.standing.Owner, Channel: c.in.Channel, Priority: c.standing.Priority, SLA: c.promise().Label,
			LastError: c.problem.Message,
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
	return nil
}

// promise returns the earliest promise to the customer that runs.
func (c *conversation) promise() ticket.Clock {
	for _, clock := range c.standing.Clocks {
		if clock.Name.Promise() {
			return clock
		}
	}
	return ticket.Clock{}
}

// note adds a line to the timeline.
func (c *conversation) note(ctx workflow.Context, what string, turnID uuid.UUID, messages []uuid.UUID) {
	c.timeline = append(c.timeline, ticket.Event{At: workflow.Now(ctx), What: what, TurnID: turnID, MessageIDs: messages})
	if len(c.timeline) > maxTimeline {
		c.timeline = c.timeline[len(c.timeline)-maxTimeline:]
	}
}

// publish shows the ticket's state in the list of runs, in one event.
func (c *conversation) publish(ctx workflow.Context) {
	if c.standing.TicketNumber == "" {
		return
	}
	keyword, number := temporal.NewSearchAttributeKeyKeyword, temporal.NewSearchAttributeKeyInt64
	moment := temporal.NewSearchAttributeKeyTime
	assigned := string(c.standing.Owner)
	if c.standing.Assignee != "" {
		assigned = c.standing.Assignee
	}
	updates := []temporal.SearchAttributeUpdate{
		keyword(ticket.AttrTicketNumber).ValueSet(c.standing.TicketNumber),
		keyword(ticket.AttrChannel).ValueSet(string(c.in.Channel)),
		keyword(ticket.AttrTicketStatus).ValueSet(string(c.standing.Status)),
		keyword(ticket.AttrAssignedTo).ValueSet(assigned),
		number(ticket.AttrTicketPriority).ValueSet(priorityRank(c.standing.Priority)),
		number(ticket.AttrTurns).ValueSet(int64(c.turns)),
		temporal.NewSearchAttributeKeyBool(ticket.AttrNeedsHuman).ValueSet(c.standing.Status == ticket.NeedsHuman),
	}
	if c.customerRef != "" {
		updates = append(updates, keyword(ticket.AttrCustomerRef).ValueSet(c.customerRef))
	}
	if !c.lastInbound.IsZero() {
		updates = append(updates, moment(ticket.AttrLastInboundAt).ValueSet(c.lastInbound))
	}
	if c.standing.Category != "" {
		updates = append(updates, keyword(ticket.AttrCategory).ValueSet(c.standing.Category))
	}
	if c.explanation.PromptVersion != "" {
		updates = append(updates,
			keyword(ticket.AttrPromptVersion).ValueSet(c.explanation.PromptVersion),
			temporal.NewSearchAttributeKeyFloat64(ticket.AttrSentiment).ValueSet(c.sentiment))
	}
	// A new ticket in the same run does not inherit the reason of the old one.
	reason := keyword(ticket.AttrEscalationReason)
	if c.standing.Escalation != "" {
		updates = append(updates, reason.ValueSet(c.standing.Escalation))
	} else {
		updates = append(updates, reason.ValueUnset())
	}
	if due := c.promise().DueAt; !due.IsZero() {
		updates = append(updates, moment(ticket.AttrSlaDueAt).ValueSet(due))
	} else {
		updates = append(updates, moment(ticket.AttrSlaDueAt).ValueUnset())
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes were not set", "error", err)
	}
}

// priorityRank is the priority as a number that sorts: 1 is urgent. One that is
// not known counts as medium.
func priorityRank(p string) int64 {
	if i := slices.Index(ticket.Priorities(), p); i >= 0 {
		return int64(i) + 1
	}
	return 3
}

// problemOf says what went wrong, in words fit for a support lead.
func problemOf(err error) ticket.Problem {
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		if cause := errors.Unwrap(timeout); cause != nil {
			p := problemOf(cause)
			p.Message = "gave up after many tries: " + p.Message
			return p
		}
		return ticket.Problem{Code: ticket.CodeUnavailable, Message: "gave up: no answer in time"}
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		p := ticket.Problem{Code: ticket.Code(app.Type()), Message: app.Message()}
		var details ticket.FailureDetails
		if app.HasDetails() && app.Details(&details) == nil {
			p.Mend = details.Mend
		}
		return p
	}
	return ticket.Problem{Code: ticket.CodeInternal, Message: "the step did not succeed"}
}

// show puts the ticket's state on the page of the run; it costs no event.
func (c *conversation) show(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, c.details()) }

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
	// The page cuts the table off after a few lines: what a lead acts on comes first.
	row("Ticket", c.standing.TicketNumber)
	row("Status", string(c.standing.Status))
	row("Now", c.doing())
	row("Answered by", c.answeredBy())
	if c.standing.Escalation != "" && (c.standing.Status == ticket.NeedsHuman || c.standing.Status == ticket.WithHuman) {
		row("Why a person", ticket.EscalationMeaning(c.standing.Escalation))
	}
	row("Last problem", c.problem.Message)
	row("What mends it", ticket.FailureDetails{Mend: c.problem.Mend}.MendFor(c.standing.TicketNumber))
	if !c.lastInbound.IsZero() {
		row("Customer wrote", c.lastInbound.UTC().Format("Mon 2 Jan 15:04 MST"))
	}
	_, next := c.alarm()
	row("Next", next)
	row("Promise", c.promise().Label)
	row("Priority", c.standing.Priority)
	row("Category", c.standing.Category)
	// The summary of the run says it too, but does not survive continue-as-new.
	row("Channel", string(c.in.Channel))
	row("Turns", strconv.Itoa(c.turns))
	row("Sources cited", strings.Join(c.explanation.Sources, ", "))
	if n := len(c.explanation.Chunks); n > 0 {
		row("Passages found", strconv.Itoa(n))
	}
	return b.String()
}

func (c *conversation) answeredBy() string {
	switch {
	case !c.mute() && c.standing.Status == ticket.NeedsHuman:
		return "the assistant, until a person takes over"
	case !c.mute():
		return "the assistant"
	case c.standing.Assignee == "":
		return "a person"
	default:
		return c.standing.Assignee
	}
}

// doing says what the run is at, or whom it waits for.
func (c *conversation) doing() string {
	switch {
	case c.stop != nil:
		return "the assistant is thinking: see the pending activity"
	case c.turning:
		return "a turn is being opened, sent or handed over"
	case c.writing:
		return "a person's reply is being sent"
	case c.pending != nil:
		return "draft " + c.pending.DraftID.String() + " waits for a person's approval"
	case !c.inbox.empty():
		return "messages sent in a row are being collected"
	}
	switch c.standing.Status {
	case ticket.NeedsHuman:
		return "waits for a person to take over"
	case ticket.WithHuman:
		return "a person answers"
	case ticket.WaitingCustomer, ticket.Resolved:
		return "waits for the customer"
	case ticket.Open, ticket.Closed, ticket.Received:
	}
	return ""
}
