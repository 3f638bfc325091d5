package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

// read asks the database where the ticket stands.
func (c *conversation) read(ctx workflow.Context) {
	c.stale, c.reading = false, true
	workflow.GoNamed(ctx, "read", func(ctx workflow.Context) {
		defer func() { c.reading = false; c.show(ctx) }()
		before := c.standing
		s, err := local[ticket.Standing](ctx, ticket.ActivityReadTicket, "look at the ticket",
			ticket.ReadTicketInput{ConversationID: c.in.ConversationID})
		if err != nil {
			c.fault = err
			return
		}
		c.adopt(s)
		if c.mutedBy(before) {
			c.note(ctx, "a person wrote to the customer: the assistant is silent", uuid.Nil, nil)
		}
		if c.standing.Status == ticket.NeedsHuman && before.Status != ticket.NeedsHuman {
			c.note(ctx, "a person is asked: "+ticket.EscalationMeaning(c.standing.Escalation), uuid.Nil, nil)
		}
		c.publish(ctx)
	})
}

// adopt takes over what the database says, unless something newer is known.
func (c *conversation) adopt(s ticket.Standing) {
	if c.asked && s.Revision < c.standing.Revision {
		return
	}
	if s.TicketID != c.standing.TicketID {
		c.rung, c.problem = nil, ticket.Problem{}
	}
	if s.TicketID == uuid.Nil {
		// The last ticket is still shown as it was, but for what has ended.
		s.TicketNumber, s.Category, s.Priority, s.Escalation = c.standing.TicketNumber, c.standing.Category, c.standing.Priority, c.standing.Escalation
		s.Status, s.Clocks = ticket.Closed, nil
	}
	c.asked, c.standing = true, s
	if !c.mute() {
		return
	}
	c.dropPending()
	if c.stop != nil {
		c.interrupt() // at once: no step may begin before the loop gets to it
	}
}

// mute reports that a person owns the conversation.
func (c *conversation) mute() bool { return c.standing.Owner == ticket.OwnerHuman }

func (c *conversation) mutedBy(before ticket.Standing) bool {
	return c.mute() && before.Owner != ticket.OwnerHuman
}
