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

// ticketPage is what the holder of a ticket id sees.
type ticketPage struct {
	TicketID     uuid.UUID     `json:"ticket_id"`
	TicketNumber string        `json:"ticket_number"`
	Status       ticket.Status `json:"status"`
	Messages     []pageMessage `json:"messages"`
	CreatedAt    *time.Time    `json:"created_at"`   // null until it is stored
	LastUpdated  *time.Time    `json:"last_updated"` // null until it is stored
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
		shown := pageMessage{ID: m.ID, Author: m.Author, Text: m.Body, Channel: m.Channel, At: m.ProviderAt.UTC()}
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
	return page, nil
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
