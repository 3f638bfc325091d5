package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// readTimeout bounds what the ticket page asks of the database.
const readTimeout = 3 * time.Second

// What stands on a form's page for what went on another channel: whoever holds
// the page is not proved to be whoever writes there.
const (
	wentByMail     = "This part of the conversation went by e-mail and is shown only there."
	wentByWhatsApp = "This part of the conversation went by WhatsApp and is shown only there."
)

// ticketPage is what the holder of a ticket id sees.
type ticketPage struct {
	TicketID     uuid.UUID     `json:"ticket_id"`
	TicketNumber string        `json:"ticket_number"`
	Status       ticket.Status `json:"status"`
	Messages     []pageMessage `json:"messages"`
	CreatedAt    *time.Time    `json:"created_at"`   // null until it is stored
	LastUpdated  *time.Time    `json:"last_updated"` // null until it is stored
	// ContinueOn is where a further message has to be written once this page
	// would not show it any more.
	ContinueOn ticket.Channel `json:"continue_on,omitempty"`
}

type pageMessage struct {
	ID       uuid.UUID        `json:"id"`
	Author   ticket.Author    `json:"author"`
	Text     string           `json:"text"`
	Channel  ticket.Channel   `json:"channel"`
	At       time.Time        `json:"at"`
	Delivery *ticket.Delivery `json:"delivery"` // null for what the customer wrote
}

func (g *Gateway) showTicket(c *gin.Context) error {
	id, err := g.ticketID(c)
	if err != nil {
		return err
	}
	page, err := g.readTicket(c.Request.Context(), id)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, page)
	return nil
}

// ticketID returns the id in the path if we have given it out. Whatever else
// stands there gets the same answer, so that guessing teaches nothing.
func (g *Gateway) ticketID(c *gin.Context) (uuid.UUID, error) {
	text := c.Param("ticket_id")
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text || !g.opts.Secrets.Genuine(id) {
		return uuid.Nil, ticket.Errorf(ticket.CodeNotFound, "there is no such ticket")
	}
	return id, nil
}

func (g *Gateway) readTicket(ctx context.Context, id uuid.UUID) (*ticketPage, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	page := &ticketPage{
		TicketID: id, TicketNumber: ticket.Number(id), Status: ticket.Received, Messages: []pageMessage{},
	}
	stored, err := g.opts.DB.PageTicket(ctx, id)
	if schema.NoRows(err) {
		return page, nil
	}
	if err != nil {
		return nil, unreadable(err)
	}
	messages, err := g.opts.DB.PageMessages(ctx, id)
	if err != nil {
		return nil, unreadable(err)
	}
	updated := stored.UpdatedAt
	for _, m := range messages {
		shown := pageMessage{ID: m.ID, Author: m.Author, Text: m.Body, Channel: ticket.Channel(m.Channel), At: m.ProviderAt.UTC()}
		if m.Elsewhere {
			shown.Text = wentByMail
			if shown.Channel == ticket.WhatsApp {
				shown.Text = wentByWhatsApp
			}
		}
		if m.Author != ticket.Customer && m.Delivery != "" {
			delivery := ticket.Delivery(m.Delivery)
			shown.Delivery = &delivery
		}
		page.Messages = append(page.Messages, shown)
		updated = latest(updated, m.ReceivedAt)
		if m.SentAt != nil {
			updated = latest(updated, *m.SentAt)
		}
	}
	created := stored.CreatedAt.UTC()
	updated = updated.UTC()
	page.Status, page.CreatedAt, page.LastUpdated = stored.Status, &created, &updated
	if stored.Status != ticket.Closed {
		return page, nil
	}
	if page.ContinueOn, err = g.continueOn(ctx, id); err != nil {
		return nil, unreadable(err)
	}
	return page, nil
}

// continueOn returns the channel of a closed ticket: what comes after it is
// another ticket, which only the page of a form shows as well.
func (g *Gateway) continueOn(ctx context.Context, id uuid.UUID) (ticket.Channel, error) {
	stored, err := g.opts.DB.TicketByID(ctx, id)
	if err != nil {
		return "", err
	}
	conversation, err := g.opts.DB.Conversation(ctx, stored.ConversationID)
	if err != nil || conversation.Channel == ticket.WebForm {
		return "", err
	}
	return conversation.Channel, nil
}

func unreadable(err error) error {
	return &ticket.Error{
		Code: ticket.CodeUnavailable, Message: "the ticket cannot be read right now, please try again",
		RetryAfter: unavailableRetry, Err: schema.Classify(err),
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
