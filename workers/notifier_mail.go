package workers

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// MailNotifier mails each escalation to staff, with what whoever takes the
// ticket over needs to know. It runs in a consumer group of its own, so that a
// webhook that refuses does not repeat the mail, nor the other way round.
type MailNotifier struct {
	Alerts
	Mail   activities.StaffMailer
	Logger *slog.Logger
}

// Handle mails one escalation once. It blocks the lane while the mailbox or the
// database refuses; a mail that can never be sent as it is, is logged and left
// out, since it would keep every later one from staff.
func (n *MailNotifier) Handle(ctx context.Context, r stream.Record) error {
	found, wanted, err := n.read(ctx, r)
	if err != nil || !wanted {
		return err
	}
	if r.ID == "" {
		return stream.Poison("invalid", errors.New("an escalation without an event id"))
	}
	letter, err := n.letter(ctx, found)
	if err != nil {
		return schema.Classify(err)
	}
	// Noted before the mail leaves: who reads the event again then knows that
	// the mail may be out, and looks.
	first, err := n.DB.BeginStaffMail(ctx, r.ID)
	if err != nil {
		return schema.Classify(err)
	}
	err = n.Mail.Send(ctx, activities.StaffMail{
		ID: r.ID, Subject: found.subject(), Text: letter, At: found.At, Repeat: first == 0,
	})
	switch ticket.CodeOf(err) {
	case ticket.CodeInvalid, ticket.CodeTooLarge, ticket.CodeGuardrail:
		n.Logger.ErrorContext(ctx, "staff was not mailed of an escalation",
			slog.String("event_id", r.ID), slog.String("ticket_id", found.TicketID.String()), slog.Any("error", err))
		return nil
	default:
		return err
	}
}

// letter is the text of a mail to staff: what is asked, and what is known.
func (n *MailNotifier) letter(ctx context.Context, found alert) (string, error) {
	parts := []string{activities.RenderHandoverAlert(found.TicketEscalated, found.due)}
	about, err := n.DB.HandoverForTicket(ctx, schema.HandoverForTicketParams{TicketID: found.TicketID, Code: found.Reason})
	switch {
	case err == nil:
		about.SlaDueAt = n.local(about.SlaDueAt)
		parts = append(parts, strings.TrimSpace(activities.RenderHandover(about)))
	case !schema.NoRows(err):
		return "", err
	}
	if found.link != "" {
		parts = append(parts, "The conversation in Temporal: "+found.link)
	}
	parts = append(parts, "The assistant sent this mail. An answer to it does not reach the customer.")
	return strings.Join(parts, "\n\n"), nil
}
