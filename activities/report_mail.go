package activities

import (
	"bytes"
	"context"
	"net/mail"
	"time"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// MailReport mails the stored report of a day to staff, if a mailbox and an
// address are set; the result says so if not. Once the report is noted as
// mailed another call does nothing. CodeNotFound if there is no such report.
func (a *Activities) MailReport(ctx context.Context, in ticket.MailReportInput) (ticket.MailReportResult, error) {
	defer beat(ctx)()
	res, err := a.mailReport(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) mailReport(ctx context.Context, in ticket.MailReportInput) (res ticket.MailReportResult, err error) {
	switch {
	case a.StaffEmail == "":
		return ticket.MailReportResult{Note: "The report was not mailed: STAFF_ALERT_EMAIL is not set."}, nil
	case a.Gmail == nil:
		return ticket.MailReportResult{Note: "The report was not mailed: there is no mailbox to send from (GMAIL_MAILBOX)."}, nil
	}
	saved, err := a.DB.SavedReport(ctx, in.Day)
	if schema.NoRows(err) {
		return res, ticket.Errorf(ticket.CodeNotFound, "there is no report of %s", in.Day)
	}
	if err != nil {
		return res, err
	}
	if saved.MailedAt != nil {
		return ticket.MailReportResult{Mailed: true}, nil
	}
	// A mail a day: looking whether it is out already costs little.
	if err := a.StaffMailer().Send(ctx, StaffMail{
		ID: "daily-report:" + in.Day, Subject: "Daily report for " + longDay(in.Day), Text: saved.Markdown, At: saved.CreatedAt, Repeat: true,
	}); err != nil {
		return res, err
	}
	return ticket.MailReportResult{Mailed: true}, a.DB.MarkReportMailed(ctx, in.Day)
}

// StaffMail is a mail to the people behind the assistant, never to a customer.
type StaffMail struct {
	// ID is the same for the same matter, so that the mail is found again.
	ID      string
	Subject string
	Text    string
	At      time.Time // the Date header
	// Repeat says that an earlier attempt may have sent it: the mailbox is
	// searched first.
	Repeat bool
}

// StaffMailer mails staff from the support mailbox. Our own intake ignores
// what it sends, and answers to it go to staff, not to the assistant.
type StaffMailer struct {
	Gmail   Gmail
	Mailbox string // sends
	Company string
	To      string
}

// StaffMailer returns what mails staff; Gmail and StaffEmail have to be set.
func (a *Activities) StaffMailer() StaffMailer {
	return StaffMailer{Gmail: a.Gmail, Mailbox: a.Mailbox, Company: a.Policy.Company, To: a.StaffEmail}
}

// Send sends a mail, unless it is out already. After an error the mail may be
// out: ask again, with Repeat. CodeInvalid if it can never be sent as it is.
func (s StaffMailer) Send(ctx context.Context, m StaffMail) error {
	draftID, sent, err := s.earlier(ctx, m)
	if err != nil || sent {
		return err
	}
	if draftID == "" {
		raw, err := s.compose(m)
		if err != nil {
			return err
		}
		if draftID, err = s.Gmail.CreateDraft(ctx, raw, ""); err != nil {
			return err
		}
	}
	_, _, err = s.Gmail.SendDraft(ctx, draftID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		// Gone: somebody else has sent it just now, or deleted it.
		return ticket.Wrap(ticket.CodeUnknownOutcome, err, "the draft of a mail to staff is not in the mailbox any more")
	}
	return err
}

// earlier looks for what an earlier attempt has left behind.
func (s StaffMailer) earlier(ctx context.Context, m StaffMail) (draftID string, sent bool, err error) {
	if !m.Repeat {
		return "", false, nil
	}
	if _, sent, err = s.Gmail.FindSent(ctx, "", m.ID); err != nil || sent {
		return "", sent, err
	}
	draftID, _, err = s.Gmail.FindDraft(ctx, m.ID)
	return draftID, false, err
}

func (s StaffMailer) compose(m StaffMail) ([]byte, error) {
	raw, err := email.Compose(email.Outgoing{
		From: mail.Address{Name: s.Company + " assistant", Address: s.Mailbox}, To: mail.Address{Address: s.To}, ReplyTo: s.To,
		Subject: m.Subject, OutboundID: m.ID, Text: m.Text, At: m.At,
	})
	if err != nil {
		return nil, err
	}
	// It answers no mail (RFC 3834).
	return bytes.Replace(raw, []byte("\r\nAuto-Submitted: auto-replied\r\n"), []byte("\r\nAuto-Submitted: auto-generated\r\n"), 1), nil
}
