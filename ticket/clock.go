package ticket

import (
	"time"

	"github.com/google/uuid"
)

// ClockName says what a clock of a ticket counts down to.
type ClockName string

// The clocks of a ticket. The first four are promises to the customer and
// escalate when they are broken.
const (
	ClockFirstResponse ClockName = "first_response"
	ClockNextResponse  ClockName = "next_response"
	ClockResolution    ClockName = "resolution"
	// ClockUnresolved runs by the wall, office hours or not.
	ClockUnresolved ClockName = "unresolved"
	// ClockAcknowledge and ClockSecondLevel belong to an escalation: until the
	// first a person has to take the ticket over, at the second others are asked.
	ClockAcknowledge ClockName = "acknowledge"
	ClockSecondLevel ClockName = "second_level"
	// ClockAutoRelease gives a ticket back to the assistant when the person who
	// has it stays silent.
	ClockAutoRelease ClockName = "auto_release"
	// ClockWindow warns staff an hour before WhatsApp lets nobody answer freely
	// any more.
	ClockWindow ClockName = "whatsapp_window"
	// ClockClose ends a ticket on which nobody waits for anybody.
	ClockClose ClockName = "close"
)

// Promise reports whether the clock is a promise to the customer.
func (n ClockName) Promise() bool {
	switch n {
	case ClockFirstResponse, ClockNextResponse, ClockResolution, ClockUnresolved:
		return true
	default:
		return false
	}
}

// Clock is one running clock of a ticket.
type Clock struct {
	Name ClockName `json:"name"`
	// WarnAt is when staff is warned ahead of DueAt; zero without a warning.
	WarnAt time.Time `json:"warn_at,omitzero"`
	DueAt  time.Time `json:"due_at"`
	// Label says name and due time as a lead reads them, in the office's zone.
	Label string `json:"label"`
}

// Standing is where a conversation and its open ticket stand in the database.
// Of two, the one with the higher Revision is newer; TicketID is zero when no
// ticket is open.
type Standing struct {
	Revision     int64     `json:"revision"`
	TicketID     uuid.UUID `json:"ticket_id"`
	TicketNumber string    `json:"ticket_number"`
	Status       Status    `json:"status"`
	Owner        Owner     `json:"owner"`
	Epoch        int64     `json:"epoch"`              // grows by one at each change of owner
	Assignee     string    `json:"assignee,omitempty"` // the handle of the person who owns it
	Category     string    `json:"category"`
	Priority     string    `json:"priority"`
	Tier         string    `json:"tier,omitempty"` // of the customer
	Escalation   string    `json:"escalation,omitempty"`
	// Unsent is a settled turn with parts that nobody is sending: a provider
	// refused later what it had taken.
	Unsent uuid.UUID `json:"unsent,omitzero"`
	// Clocks are those that run, the earliest first.
	Clocks []Clock `json:"clocks,omitempty"`
}
