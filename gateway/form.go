package gateway

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	sourceForm        = "/support"
	maxIdempotencyKey = 255

	thanks = "Thank you, we have received your message."

	tooManyFromAddress = "We already have several messages from this address. Please wait a little before you send the next one."
	tooManyOnTicket    = "We already have several messages on this ticket. Please wait a little before you send the next one."
)

// receipt tells a customer where the answer will be.
type receipt struct {
	TicketID     uuid.UUID `json:"ticket_id"`
	TicketNumber string    `json:"ticket_number"`
	StatusURL    string    `json:"status_url"`
	Message      string    `json:"message"`
	Estimate     string    `json:"estimated_response_time"`
}

func (g *Gateway) submit(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	body, err := readForm(c)
	if err != nil {
		return err
	}
	submission, faults, err := webform.Validate(body)
	if err := formError(faults, err); err != nil {
		return err
	}
	id := g.opts.Secrets.TicketID(webform.TicketSeed(key, submission.Email)...)
	if submission.Spam {
		// Whoever filled the bait must not learn that it is one, nor get an id
		// under which more can be sent.
		g.metrics.rejected.WithLabelValues("honeypot").Inc()
		g.acknowledge(c, uuid.New(), submission.Priority)
		return nil
	}
	sender := mailboxOf(submission.Email)
	if err := g.limitSender(sender, "email", tooManyFromAddress); err != nil {
		return err
	}
	if err := g.deliver(c, stream.Event{
		Topic: ticket.TopicWebFormInbound, Type: ticket.TypeWebFormSubmission, Source: sourceForm,
		Key: submission.Email, ID: webform.SubmissionID(id),
	}, submission.Event(id, time.Now().UTC())); err != nil {
		return err
	}
	g.countSender(sender)
	g.acknowledge(c, id, submission.Priority)
	return nil
}

// addMessage takes a further message from the ticket page. Its event is keyed
// by the ticket, for the edge does not know whose it is without asking the
// database; intake holds it back until the submission itself is stored.
func (g *Gateway) addMessage(c *gin.Context) error {
	id, err := g.ticketID(c)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	body, err := readForm(c)
	if err != nil {
		return err
	}
	message, faults, err := webform.ValidateMessage(body)
	if err := formError(faults, err); err != nil {
		return err
	}
	if err := g.limitSender(id.String(), "message", tooManyOnTicket); err != nil {
		return err
	}
	n := webform.MessageN(key)
	if err := g.deliver(c, stream.Event{
		Topic: ticket.TopicWebFormInbound, Type: ticket.TypeWebFormMessage, Source: sourceForm,
		Key: id.String(), ID: webform.MessageID(id, n),
	}, ticket.WebFormMessage{TicketID: id, N: n, Message: message, At: time.Now().UTC()}); err != nil {
		return err
	}
	g.countSender(id.String())
	g.acknowledge(c, id, webform.DefaultPriority)
	return nil
}

func (g *Gateway) acknowledge(c *gin.Context, id uuid.UUID, priority string) {
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, receipt{
		TicketID: id, TicketNumber: ticket.Number(id), StatusURL: g.opts.PublicBaseURL + "/ticket/" + id.String(),
		Message: thanks, Estimate: g.opts.Estimate(priority),
	})
}

func idempotencyKey(c *gin.Context) (string, error) {
	key := c.GetHeader("Idempotency-Key")
	if len(key) > maxIdempotencyKey {
		return "", ticket.Errorf(ticket.CodeInvalid, "the Idempotency-Key has more than %d characters", maxIdempotencyKey)
	}
	return key, nil
}

func readForm(c *gin.Context) ([]byte, error) {
	body, err := readBody(c, maxForm)
	if err != nil {
		return nil, err
	}
	// The JSON decoder would replace what it cannot read without a word.
	if !utf8.Valid(body) {
		return nil, &refusal{http.StatusBadRequest, "malformed", "the request is not valid UTF-8"}
	}
	return body, nil
}

// formError tells a body that cannot be read at all from one with faults in it.
func formError(faults []webform.FieldError, err error) error {
	if ticket.CodeOf(err) == ticket.CodeInvalid {
		return &refusal{http.StatusBadRequest, "malformed", "the request is not a JSON object"}
	}
	if err == nil && len(faults) > 0 {
		return fieldErrors(faults)
	}
	return err
}
