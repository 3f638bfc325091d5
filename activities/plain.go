package activities

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// batchOf is a batch of messages for which a turn has been opened, while it is
// decided what it calls for.
type batchOf struct {
	*Activities
	q        *schema.Queries
	conv     schema.Conversation
	on       schema.Ticket
	turn     schema.Turn
	messages []schema.UnsettledMessagesRow // the oldest first
}

// decide fills in what the batch calls for when that is not the model's answer:
// a fixed text, or a person. What waited for the customer to write is released
// whatever else follows. The rules come in the order of their weight: what the
// customer told the service itself, what forbids an answer, what there is
// nothing to answer to, what only a person may answer, and what came too fast.
func (b *batchOf) decide(ctx context.Context, mode ticket.Mode, res *ticket.CreateTicketResult) error {
	waited, err := release(ctx, b.q, b.conv.ID, res)
	if err != nil {
		return err
	}
	switch b.messages[len(b.messages)-1].Command {
	case ticket.CommandStop:
		res.Plain = ticket.PlainStop
		return nil
	case ticket.CommandStart:
		if b.every(func(m schema.UnsettledMessagesRow) bool { return m.Command != ticket.CommandNone }) {
			res.Plain = ticket.PlainStart
			return nil
		}
	default:
	}
	// What waited is not said while the assistant is switched off: then a person
	// hears of the word that asks for it.
	if waited && mode != ticket.ModeOff && b.every(isGoOn) {
		res.Plain = ticket.PlainHeld
		return nil
	}
	for _, rule := range []func(context.Context, ticket.Mode, *ticket.CreateTicketResult) error{
		b.forbidden, b.unreadable, b.proves, b.answeredElsewhere, b.triaged, b.tooFast,
	} {
		if err := rule(ctx, mode, res); err != nil || res.Plain != "" || res.Person != "" {
			return err
		}
	}
	return nil
}

// release frees what waited for the customer to write, and says whether
// anything did. A person's messages are named in the result, to be sent again;
// what the assistant said goes out with the next reply.
func release(ctx context.Context, q *schema.Queries, conversation uuid.UUID, res *ticket.CreateTicketResult) (waited bool, err error) {
	if err := q.ReleaseHeld(ctx, conversation); err != nil {
		return false, err
	}
	return released(ctx, q, conversation, res)
}

// released is release for a transaction that frees nothing: what was freed by
// one before, of which nobody may have heard, is named again.
func released(ctx context.Context, q *schema.Queries, conversation uuid.UUID, res *ticket.CreateTicketResult) (waited bool, err error) {
	free, err := q.Released(ctx, schema.ReleasedParams{ConversationID: conversation, Error: heldUntil})
	for _, r := range free {
		if r.Kind == ticket.KindReply && !slices.Contains(res.Replies, r.MessageID) {
			res.Replies = append(res.Replies, r.MessageID)
		}
	}
	return len(free) > 0, err
}

// isGoOn reports a message that asks for what waits, or says nothing.
func isGoOn(m schema.UnsettledMessagesRow) bool {
	return m.Command == ticket.CommandContinue || m.Wordless == ticket.WordlessEmpty
}

func (b *batchOf) every(is func(schema.UnsettledMessagesRow) bool) bool {
	return !slices.ContainsFunc(b.messages, func(m schema.UnsettledMessagesRow) bool { return !is(m) })
}

// forbidden asks for a person when nothing automatic may go to the customer.
func (b *batchOf) forbidden(ctx context.Context, _ ticket.Mode, res *ticket.CreateTicketResult) error {
	route, err := route(ctx, b.q, b.conv, b.messages[len(b.messages)-1].HomeID)
	if err != nil {
		return err
	}
	res.Person, err = b.mayNotSend(ctx, b.q, route, b.on.ID)
	return err
}

// unreadable asks what an empty message was meant to say, and leaves what only
// a person can look at to one.
func (b *batchOf) unreadable(_ context.Context, _ ticket.Mode, res *ticket.CreateTicketResult) error {
	if !b.every(func(m schema.UnsettledMessagesRow) bool { return m.Wordless != ticket.WordlessNot }) {
		return nil
	}
	if b.every(func(m schema.UnsettledMessagesRow) bool { return m.Wordless == ticket.WordlessEmpty }) {
		res.Plain = ticket.PlainEmpty
	} else {
		res.Person = ticket.EscalateUnreadable
	}
	return nil
}

// answeredElsewhere finds that the customer has sent the same words on another
// channel, and has had the answer there.
func (b *batchOf) answeredElsewhere(ctx context.Context, _ ticket.Mode, res *ticket.CreateTicketResult) error {
	for _, m := range b.messages {
		if m.HomeID == nil {
			return nil
		}
		if _, err := b.q.AnsweredElsewhere(ctx, m.ID); err != nil {
			if schema.NoRows(err) {
				err = nil
			}
			return err
		}
	}
	res.Plain = ticket.PlainElsewhere
	return nil
}

// allowanceTime is the time in which a customer may write Policy.Allowance messages.
const allowanceTime = time.Minute

// tooFast finds that the customer has written more than is answered one by one.
// A turn that has said so is not put off again.
func (b *batchOf) tooFast(ctx context.Context, mode ticket.Mode, res *ticket.CreateTicketResult) error {
	if b.Policy.Allowance <= 0 || mode != ticket.ModeAuto {
		return nil
	}
	told, err := b.q.AcksOfTurn(ctx, b.turn.ID)
	if err != nil || told > 0 {
		return err
	}
	first := b.messages[0].ProviderAt
	recent, err := b.q.RecentMessages(ctx, schema.RecentMessagesParams{
		Since: first.Add(-allowanceTime), Until: first, Batch: b.turn.MessageIds, ConversationID: b.conv.ID,
		Verified: b.turn.Verified, CustomerID: b.conv.CustomerID,
	})
	if err != nil || recent.Written < int64(b.Policy.Allowance) {
		return err
	}
	until := recent.FirstAt.Add(allowanceTime)
	if until.After(b.Now()) {
		res.Plain, res.Until = ticket.PlainSlow, until
	}
	return nil
}

// mayNotSend returns the escalation code of what forbids to send anything
// automatic to an address: the customer's own wish, a mailbox that does not
// exist, or so many mails that the other side may be a machine. It is empty
// when nothing does.
func (a *Activities) mayNotSend(ctx context.Context, q *schema.Queries, route schema.Conversation, ticketID uuid.UUID) (string, error) {
	via := a.via(route.Channel)
	why, err := q.WhySuppressed(ctx, schema.WhySuppressedParams{Kind: identityOf(via), Value: route.ReplyTo})
	switch {
	case err == nil && why == suppressedBounced:
		return ticket.EscalateNotDelivered, nil
	case err == nil:
		return ticket.EscalateOptedOut, nil
	case !schema.NoRows(err):
		return "", err
	case via != viaGmail:
		return "", nil
	}
	sent, err := q.AutomaticMails(ctx, schema.AutomaticMailsParams{Recipient: route.ReplyTo, TicketID: ticketID})
	if err == nil && (over(sent.InHour, a.Policy.MailsPerHour) || over(sent.OnTicket, a.Policy.MailsPerTicket)) {
		return ticket.EscalateLoop, nil
	}
	return "", err
}

// over reports that n has reached a limit; zero sets none.
func over(n int64, limit int) bool { return limit > 0 && n >= int64(limit) }

// suppressedBounced is the reason of a suppression that a bounce has made
// (column suppressions.reason).
const suppressedBounced = "bounced"

// identityOf returns the kind of address a route leads to (column suppressions.kind).
func identityOf(via string) string {
	if via == viaWhatsApp {
		return "whatsapp"
	}
	return "email"
}

// route returns the conversation to whose address a turn is answered: its own,
// unless the customer has written last from another one, which is home then.
func route(ctx context.Context, q *schema.Queries, conv schema.Conversation, home *uuid.UUID) (schema.Conversation, error) {
	if home == nil || *home == conv.ID {
		return conv, nil
	}
	return q.Conversation(ctx, *home)
}
