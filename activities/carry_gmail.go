package activities

import (
	"context"
	"net/mail"
	"strings"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// gmailCarrier sends in two steps: a draft, whose id is stored, and then the
// draft itself. Gmail consumes a draft when it sends it, so the same draft
// cannot go out twice.
type gmailCarrier struct{ *Activities }

func (c gmailCarrier) send(ctx context.Context, p schema.PartsOfTurnRow) (string, error) {
	if c.Gmail == nil {
		return "", ticket.Errorf(ticket.CodeUnauthorized, "Gmail is not configured on this worker; set the GMAIL_* settings")
	}
	route, err := c.route(ctx, p)
	if err != nil {
		return "", err
	}
	draftID, err := c.draft(ctx, route, p)
	if err != nil {
		return "", err
	}
	gmailID, threadID, err := c.Gmail.SendDraft(ctx, draftID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		// Gone: an earlier call has sent it, or somebody deleted it.
		return "", ticket.Wrap(ticket.CodeUnknownOutcome, err, "the draft is not in the mailbox any more")
	}
	if err != nil {
		return "", err
	}
	failpoint.Here("send.afterGmailAccept")
	if err := c.DB.RememberGmailThread(ctx, schema.RememberGmailThreadParams{ID: route.ID, GmailThreadID: &threadID}); err != nil {
		return "", unknown(err)
	}
	return gmailID, c.readBack(ctx, p, gmailID)
}

// route returns the conversation whose reader gets a part: the one it belongs
// to, or one that joined it.
func (c gmailCarrier) route(ctx context.Context, p schema.PartsOfTurnRow) (schema.Conversation, error) {
	if p.RouteID != nil {
		return c.DB.Conversation(ctx, *p.RouteID)
	}
	return c.DB.Conversation(ctx, p.ConversationID)
}

// draft returns the draft of a part, made now unless it exists.
func (c gmailCarrier) draft(ctx context.Context, route schema.Conversation, p schema.PartsOfTurnRow) (string, error) {
	if p.GmailDraftID != nil {
		return *p.GmailDraftID, nil
	}
	draftID, err := c.newDraft(ctx, route, p)
	if err != nil {
		return "", err
	}
	failpoint.Here("send.afterDraft")
	n, err := c.DB.RecordDraft(ctx, schema.RecordDraftParams{ID: p.ID, GmailDraftID: &draftID})
	if err == nil && n == 0 {
		err = ticket.Errorf(ticket.CodeConflict, "another worker has made the draft")
	}
	return draftID, err
}

// newDraft makes a draft. An earlier try may have left one that we never
// learned of: it is used, or a person would find it and send it.
func (c gmailCarrier) newDraft(ctx context.Context, route schema.Conversation, p schema.PartsOfTurnRow) (string, error) {
	if p.AttemptedAt != nil {
		draftID, found, err := c.Gmail.FindDraft(ctx, p.ID.String())
		if err != nil || found {
			return draftID, err
		}
	}
	raw, err := c.compose(ctx, route, p)
	if err != nil {
		return "", err
	}
	thread := valueOf(route.GmailThreadID)
	draftID, err := c.Gmail.CreateDraft(ctx, raw, thread)
	if ticket.CodeOf(err) == ticket.CodeNotFound && thread != "" {
		// Somebody deleted the thread; the customer still gets the answer.
		return c.Gmail.CreateDraft(ctx, raw, "")
	}
	return draftID, err
}

// compose writes the mail. Wherever it goes, an answer to it comes back into
// the conversation that the part belongs to.
func (c gmailCarrier) compose(ctx context.Context, route schema.Conversation, p schema.PartsOfTurnRow) ([]byte, error) {
	out := email.Outgoing{
		From: mail.Address{Name: c.Policy.Company, Address: c.Mailbox},
		To:   mail.Address{Address: p.Recipient}, ReplyTo: c.Secrets.ReplyAddress(c.Mailbox, p.ConversationID),
		Subject: route.Subject, OutboundID: p.ID.String(), At: p.CreatedAt, Auto: email.AutoReplied,
	}
	if route.Channel == ticket.WebForm {
		out.Subject = email.FormSubject(route.Subject)
	}
	if byPerson(p) {
		out.Auto = ""
	}
	answered, err := c.mailToAnswer(ctx, p)
	if err != nil && !schema.NoRows(err) {
		return nil, err
	}
	if err == nil {
		out.InReplyTo, out.References = valueOf(answered.RfcMessageID), answered.RfcReferences
		if answered.Subject != "" {
			out.Subject = answered.Subject
		}
	}
	if out.Text, err = c.letter(ctx, route, p); err != nil {
		return nil, err
	}
	return email.Compose(out)
}

// byPerson says that a person has written the words of a part.
func byPerson(p schema.PartsOfTurnRow) bool { return p.TurnID == nil }

// mailToAnswer returns the mail that a part refers to: a person's words refer
// to the customer's newest.
func (c gmailCarrier) mailToAnswer(ctx context.Context, p schema.PartsOfTurnRow) (schema.MailToAnswerRow, error) {
	if p.RouteID != nil {
		row, err := c.DB.MailToAnswerFrom(ctx, schema.MailToAnswerFromParams{
			ConversationID: p.ConversationID, RouteID: *p.RouteID, TurnID: p.TurnID,
		})
		return schema.MailToAnswerRow(row), err
	}
	if byPerson(p) {
		row, err := c.DB.MailToReply(ctx, p.ConversationID)
		return schema.MailToAnswerRow(row), err
	}
	return c.DB.MailToAnswer(ctx, schema.MailToAnswerParams{ConversationID: p.ConversationID, TurnID: p.TurnID})
}

// letter frames an answer of the assistant, and says that it is one. A person's
// words stay as they are: they bring their own greeting and signature.
func (c gmailCarrier) letter(ctx context.Context, route schema.Conversation, p schema.PartsOfTurnRow) (string, error) {
	if byPerson(p) {
		return p.Body + "\n", nil
	}
	turn, err := c.DB.Turn(ctx, *p.TurnID)
	if err != nil {
		return "", err
	}
	open, err := c.DB.TicketByID(ctx, turn.TicketID)
	if err != nil {
		return "", err
	}
	customer, err := c.DB.CustomerName(ctx, route.CustomerID)
	if err != nil {
		return "", err
	}
	words, err := c.withCode(ctx, route.Channel, languageOf(turn), p)
	if err != nil {
		return "", err
	}
	letter := email.Letter{
		CustomerName: customer, TicketNumber: open.Number, Body: words, Company: c.Policy.Company,
		StatusURL: strings.TrimRight(c.PublicBaseURL, "/") + "/ticket/" + open.ID.String(), Language: languageOf(turn),
	}
	if route.Channel == ticket.WebForm {
		return email.RenderForm(letter), nil
	}
	return email.Render(letter), nil
}

// readBack stores the Message-ID that Gmail really gave, which the customer's
// next mail will refer to.
func (c gmailCarrier) readBack(ctx context.Context, p schema.PartsOfTurnRow, gmailID string) error {
	id, err := c.Gmail.MessageID(ctx, gmailID)
	if err != nil {
		return unknown(err)
	}
	if id == "" {
		return nil
	}
	if err := c.DB.RecordRFCMessageID(ctx, schema.RecordRFCMessageIDParams{ID: p.MessageID, RfcMessageID: &id}); err != nil {
		return unknown(err)
	}
	return nil
}

// unknown keeps a part out of the queue after its mail has left: the next
// attempt finds the draft gone and the mail in its thread.
func unknown(err error) error {
	return ticket.Wrap(ticket.CodeUnknownOutcome, err, "recording a sent mail")
}

func (c gmailCarrier) find(ctx context.Context, p schema.PartsOfTurnRow) (trace, error) {
	if c.Gmail == nil {
		return trace{}, ticket.Errorf(ticket.CodeUnauthorized, "Gmail is not configured on this worker; set the GMAIL_* settings")
	}
	if p.GmailDraftID == nil {
		return trace{resume: true}, nil
	}
	there, err := c.Gmail.DraftExists(ctx, *p.GmailDraftID)
	if err != nil || there {
		return trace{resume: there}, err
	}
	route, err := c.route(ctx, p)
	if err != nil {
		return trace{}, err
	}
	gmailID, found, err := c.Gmail.FindSent(ctx, valueOf(route.GmailThreadID), p.ID.String())
	if err != nil || !found {
		return trace{}, err
	}
	return trace{providerID: gmailID}, c.readBack(ctx, p, gmailID)
}

// onceMore is false: a draft that is gone without a trace was deleted by a
// person, or sent and deleted; only a person can tell.
func (gmailCarrier) onceMore() bool { return false }

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
