package gateway

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const sourceGmail = "/gmail"

// maxPushID is longer than any message id of Pub/Sub.
const maxPushID = 255

// gmail takes a notice that a mailbox has changed. A genuine one that we
// cannot use is acknowledged: Pub/Sub would only send it again.
func (g *Gateway) gmail(c *gin.Context) error {
	if g.opts.Push == nil {
		return &refusal{http.StatusNotFound, "channel_off", "the email channel is not configured"}
	}
	body, err := readBody(c, maxPush)
	if err != nil {
		return err
	}
	if err := g.opts.Push.Verify(c.Request.Context(), c.GetHeader("Authorization")); err != nil {
		return err
	}
	push, err := email.ParsePush(body)
	if err == nil {
		err = g.opts.Push.Usable(push)
	}
	if err == nil && len(push.PubSubID) > maxPushID {
		err = ticket.Errorf(ticket.CodeInvalid, "the id of the push is too long")
	}
	if err != nil {
		g.metrics.rejected.WithLabelValues("unusable_push").Inc()
		g.log.WarnContext(c.Request.Context(), "acknowledging a push that cannot be used", "error", err, "correlation_id", correlationID(c))
		c.Status(http.StatusNoContent)
		return nil
	}
	if err := g.deliver(c, stream.Event{
		Topic: ticket.TopicEmailInbound, Type: ticket.TypeGmailPush, Source: sourceGmail,
		Key: push.Mailbox, ID: "pubsub:" + push.PubSubID,
	}, push); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}
