// Package staff is what people do, from the command line or the desk: find a
// ticket, look at it, act on it, set what the assistant may do, and look at a
// customer, set the tier, or say which customers are one.
//
// What changes a ticket goes through its workflow, as an update. A text is
// stored first and the update carries its id, so that no words of anybody lie in
// a history. This package must never change a ticket itself, never send
// anything, and never change a mode or a customer without recording who did.
package staff

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// patience is how long a worker may take to answer an update: a local activity
// gets 5 s and is then tried as an ordinary one.
const patience = 20 * time.Second

// Desk is where people act.
type Desk struct {
	DB       *schema.DB
	Temporal client.Client
	// Patience bounds the wait for a worker's answer; 20 s when zero.
	Patience time.Duration
}

func (d *Desk) patience() time.Duration {
	if d.Patience > 0 {
		return d.Patience
	}
	return patience
}

// Ticket is a ticket as people see it.
type Ticket struct {
	ID             uuid.UUID      `json:"ticket_id"`
	Number         string         `json:"ticket_number"`
	Status         ticket.Status  `json:"status"`
	Owner          ticket.Owner   `json:"owner"`
	Assignee       string         `json:"assignee,omitempty"`
	Priority       string         `json:"priority"`
	Channel        ticket.Channel `json:"channel"`
	Category       string         `json:"category"`
	Subject        string         `json:"subject"`
	Customer       string         `json:"customer"`
	Tier           string         `json:"tier"`
	CreatedAt      time.Time      `json:"created_at"`
	DueAt          *time.Time     `json:"due_at"` // the earliest promise that runs
	ClosedAt       *time.Time     `json:"closed_at,omitempty"`
	Escalation     string         `json:"escalation,omitempty"`
	Reason         string         `json:"reason,omitempty"` // of the escalation, in words
	DraftID        uuid.UUID      `json:"draft_id,omitzero"`
	ConversationID uuid.UUID      `json:"conversation_id"`
	CustomerID     uuid.UUID      `json:"customer_id"`
	WorkflowID     string         `json:"workflow_id"`

	newest string // the number of the conversation's newest ticket
}

func ticketOf(r schema.StaffTicketRow) Ticket {
	t, c := r.Ticket, r.Conversation
	seen := Ticket{
		ID: t.ID, Number: t.Number, Status: t.Status, Owner: c.Owner, Assignee: c.Assignee, Priority: t.Priority,
		Channel: c.Channel, Category: t.Category, Subject: t.Subject, Customer: r.CustomerName, Tier: r.CustomerTier,
		CreatedAt: t.CreatedAt, DueAt: t.SlaDueAt, ClosedAt: t.ClosedAt, Escalation: t.EscalationCode, Reason: t.EscalationReason,
		ConversationID: c.ID, CustomerID: r.CustomerID, WorkflowID: c.WorkflowID, newest: r.NewestNumber,
	}
	if t.PendingDraftID != nil {
		seen.DraftID = *t.PendingDraftID
	}
	return seen
}

// Find returns the ticket with this number, ticket id or workflow id; of a
// workflow, the newest. Codes: notfound; conflict if the number names several.
func (d *Desk) Find(ctx context.Context, ref string) (Ticket, error) {
	id, err := d.ticketID(ctx, strings.TrimSpace(ref))
	if err != nil {
		return Ticket{}, err
	}
	row, err := d.DB.StaffTicket(ctx, id)
	if schema.NoRows(err) {
		return Ticket{}, unknown("there is no ticket with this id")
	}
	if err != nil {
		return Ticket{}, schema.Classify(err)
	}
	return ticketOf(row), nil
}

func (d *Desk) ticketID(ctx context.Context, ref string) (uuid.UUID, error) {
	if id, err := uuid.Parse(ref); err == nil {
		return id, nil
	}
	if strings.HasPrefix(ref, "ticket/") {
		id, err := d.DB.NewestTicketID(ctx, ref)
		if schema.NoRows(err) {
			return uuid.Nil, unknown("there is no ticket of this workflow")
		}
		return id, schema.Classify(err)
	}
	number, ok := readNumber(ref)
	if !ok {
		return uuid.Nil, unknown("a ticket is named by its number (T- and ten characters), its id or its workflow id")
	}
	ids, err := d.DB.TicketIDsByNumber(ctx, number)
	switch {
	case err != nil:
		return uuid.Nil, schema.Classify(err)
	case len(ids) == 0:
		return uuid.Nil, unknown("there is no ticket " + number)
	case len(ids) > 1:
		return uuid.Nil, ticket.Errorf(ticket.CodeConflict, "%s is the number of more than one ticket: name it by its ticket id", number)
	}
	return ids[0], nil
}

func unknown(message string) error { return &ticket.Error{Code: ticket.CodeNotFound, Message: message} }

// readNumber reads a ticket number as people write it: in small letters, with
// an O for a zero, an I or L for a one.
func readNumber(s string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "T-")
	if !ok || len(rest) != 10 {
		return "", false
	}
	rest = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(rest)
	foreign := func(r rune) bool { return !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r) }
	return "T-" + rest, !strings.ContainsFunc(rest, foreign)
}

// Filter selects tickets. The zero Filter selects all that are not closed.
type Filter struct {
	Status  ticket.Status
	Channel ticket.Channel
	Limit   int // 50 when zero
}

// List returns tickets: those whose promise is due first come first. Code invalid
// for a filter that names no status or channel of ours.
func (d *Desk) List(ctx context.Context, f Filter) ([]Ticket, error) {
	params := schema.StaffTicketsParams{MaxTickets: 50}
	if f.Limit > 0 {
		params.MaxTickets = int32(min(f.Limit, 10_000))
	}
	if f.Status != "" {
		if !stored(f.Status) {
			return nil, ticket.Errorf(ticket.CodeInvalid, "the status must be open, waiting_customer, needs_human, with_human, resolved or closed")
		}
		params.Status = new(string(f.Status))
	}
	if f.Channel != "" {
		if !f.Channel.Valid() {
			return nil, badChannel()
		}
		params.Channel = new(string(f.Channel))
	}
	rows, err := d.DB.StaffTickets(ctx, params)
	if err != nil {
		return nil, schema.Classify(err)
	}
	tickets := make([]Ticket, len(rows))
	for i, r := range rows {
		tickets[i] = ticketOf(schema.StaffTicketRow(r))
	}
	return tickets, nil
}

// stored reports whether a ticket in the database can have this status.
func stored(s ticket.Status) bool {
	switch s {
	case ticket.Open, ticket.WaitingCustomer, ticket.NeedsHuman, ticket.WithHuman, ticket.Resolved, ticket.Closed:
		return true
	case ticket.Received:
	}
	return false
}

func badChannel() error {
	return ticket.Errorf(ticket.CodeInvalid, "the channel must be email, whatsapp or webform")
}
