package workers

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// Alerts reads escalations and puts them into words that hold nothing of the
// customer.
type Alerts struct {
	DB         *schema.DB
	TemporalUI string         // base address of the Temporal UI; empty leaves out the link
	Namespace  string         // of Temporal
	Zone       *time.Location // in which staff reads times
}

// alert is one escalation that staff has to hear of.
type alert struct {
	ticket.TicketEscalated
	due  *time.Time // when the earliest promise is broken; nil without one
	link string     // to the conversation's workflow; may be empty
}

// read returns the escalation of a record. wanted is false when nobody has to
// act any more: the alert was late, or is an old one read again.
func (a Alerts) read(ctx context.Context, r stream.Record) (found alert, wanted bool, err error) {
	if r.Type != ticket.TypeTicketEscalated {
		return found, false, stream.Poison("unknown_type", errors.New("the notifier takes only "+ticket.TypeTicketEscalated))
	}
	if err := decode(r, &found.TicketEscalated); err != nil {
		return found, false, err
	}
	if found.TicketNumber == "" || !found.Channel.Valid() {
		return found, false, stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "an escalation without ticket number or channel"))
	}
	row, err := a.DB.EscalatedTicket(ctx, found.TicketID)
	if schema.NoRows(err) {
		return found, true, nil // better an alert without a link than none
	}
	if err != nil {
		return found, false, schema.Classify(err)
	}
	found.due = a.local(row.SlaDueAt)
	if a.TemporalUI != "" {
		found.link = strings.TrimRight(a.TemporalUI, "/") + "/namespaces/" + url.PathEscape(a.Namespace) + "/workflows/" + url.PathEscape(row.WorkflowID)
	}
	switch row.Status {
	case ticket.Open, ticket.NeedsHuman, ticket.WithHuman:
		return found, true, nil
	default:
		return found, false, nil
	}
}

// local returns a time as staff reads it.
func (a Alerts) local(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	there := at.In(a.Zone)
	return &there
}

// subject says in few words what is asked of staff.
func (a alert) subject() string {
	about := a.TicketNumber + " (" + string(a.Channel) + ", " + a.Urgency + ")"
	switch a.Step {
	case ticket.StepWarning:
		return "Soon late: " + about
	case ticket.StepReminder:
		return "Reminder, nobody has taken over: " + about
	case ticket.StepSecondLevel:
		return "Second level, nobody has taken over: " + about
	default:
		return "A person is needed: " + about
	}
}
