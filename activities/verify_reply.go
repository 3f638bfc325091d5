package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// proofReply returns what is said while a question waits for a one-time code:
// that one is on its way, or that the last one was wrong. The turn stays open.
// Where nobody can be asked for a code, it says that a person has to answer.
func (a *Activities) proofReply(ctx context.Context, q *schema.Queries, conv, route schema.Conversation, open schema.Ticket, in ticket.SendReplyInput) (reply, error) {
	r := reply{kind: ticket.KindAck, outcome: ticket.Answered, unsettled: true}
	why, err := a.mayNotSend(ctx, q, route, open.ID)
	if err != nil {
		return r, err
	}
	turn, err := q.Turn(ctx, in.TurnID)
	if err != nil {
		return r, err
	}
	if in.Plain == ticket.PlainWrongCode {
		left, err := q.TellTries(ctx, turn.MessageIds)
		if schema.NoRows(err) || why != "" {
			return r, nil // said before, or not to be said
		}
		r.texts = []string{wrongCodeText(left, languageOf(turn))}
		return r, err
	}
	can, err := a.canProve(ctx, q, conv, route, turn)
	if err != nil || !can || why != "" {
		return reply{kind: ticket.KindAck, why: ticket.EscalateIdentity}, err
	}
	return a.askForCode(ctx, q, conv, turn, r)
}

// canProve reports that a turn's sender can be asked for a code: nobody has
// proved who it is, and there is an address of one's own to prove by mail.
func (a *Activities) canProve(ctx context.Context, q *schema.Queries, conv, route schema.Conversation, turn schema.Turn) (bool, error) {
	switch {
	case a.Gmail == nil, turn.State != turnOpen, turn.Verified, turn.ProvedBy != nil, conv.Owner == ticket.OwnerHuman:
		return false, nil
	case route.ID != conv.ID, conv.Channel != ticket.WebForm && conv.Channel != ticket.Email, !strings.Contains(conv.ReplyTo, "@"):
		return false, nil
	}
	batch, err := q.MessagesToProve(ctx, turn.MessageIds)
	other := slices.ContainsFunc(batch, func(m schema.MessagesToProveRow) bool { return m.Channel != conv.Channel || m.HomeID != nil })
	return !other, err
}

// askForCode sends a code, unless one is on its way, or too many were.
func (a *Activities) askForCode(ctx context.Context, q *schema.Queries, conv schema.Conversation, turn schema.Turn, r reply) (reply, error) {
	now := a.Now()
	newest, err := q.NewestVerification(ctx, conv.ID)
	if err != nil && !schema.NoRows(err) {
		return r, err
	}
	if err == nil && newest.State == proofSent {
		if now.Before(newest.ExpiresAt) {
			r.until = newest.ExpiresAt
			if newest.TurnID == turn.ID && slices.Equal(newest.MessageIds, turn.MessageIds) {
				return r, nil // said before
			}
			r.texts = []string{enterCodeText(conv.Channel, languageOf(turn))}
			return r, q.WaitForVerification(ctx, schema.WaitForVerificationParams{ID: newest.ID, TurnID: turn.ID, MessageIds: turn.MessageIds})
		}
		if err := q.ExpireVerification(ctx, newest.ID); err != nil {
			return r, err
		}
	}
	address := strings.ToLower(conv.ReplyTo)
	if err := q.LockAddress(ctx, address); err != nil {
		return r, err
	}
	sent, err := q.RecentVerifications(ctx, schema.RecentVerificationsParams{Address: address, ConversationID: conv.ID, Since: now.Add(-codesTime)})
	if err != nil || sent >= maxCodes {
		return reply{kind: ticket.KindAck, why: ticket.EscalateIdentity}, err
	}
	r.proof, r.until = uuid.New(), now.Add(codeLife)
	r.texts = []string{codeSentText(conv.Channel, languageOf(turn))}
	return r, q.InsertVerification(ctx, schema.InsertVerificationParams{
		ID: r.proof, ConversationID: conv.ID, TurnID: turn.ID, MessageIds: turn.MessageIds, Address: address, CreatedAt: now, ExpiresAt: r.until,
	})
}

// withCode returns the words of a part as its mail says them: where it brings a
// code, with the code, which is stored nowhere.
func (a *Activities) withCode(ctx context.Context, c ticket.Channel, language string, p schema.PartsOfTurnRow) (string, error) {
	if p.Kind != ticket.KindAck {
		return p.Body, nil
	}
	v, err := a.DB.VerificationOfPart(ctx, p.ID)
	if schema.NoRows(err) {
		return p.Body, nil
	}
	if err != nil {
		return "", err
	}
	code := a.Secrets.OneTimeCode(v.ID)
	if c == ticket.WebForm {
		return codeMailText(code, language), nil
	}
	return strings.Replace(p.Body, hiddenCode, code, 1), nil
}

// codeSentText says that a code is on its way. On a page it does not say where
// to: whoever reads it need not be whom the address belongs to.
func codeSentText(c ticket.Channel, language string) string {
	if c == ticket.WebForm {
		return codeWordsIn(language).sentPage
	}
	return codeWordsIn(language).sentMail
}

// codeMailText is the mail that brings a code which is entered on a page.
func codeMailText(code, language string) string {
	return fmt.Sprintf(codeWordsIn(language).mail, code)
}

func enterCodeText(c ticket.Channel, language string) string {
	if c == ticket.WebForm {
		return codeWordsIn(language).enterPage
	}
	return codeWordsIn(language).enterMail
}

func wrongCodeText(left int32, language string) string {
	if left == 1 {
		return codeWordsIn(language).lastTry
	}
	return fmt.Sprintf(codeWordsIn(language).tries, left)
}

// identityLines say for a person whether the customer has proved who it is,
// where that was asked.
func identityLines(ctx context.Context, q *schema.Queries, turn schema.Turn, code string) ([]string, error) {
	v, err := q.NewestVerification(ctx, turn.ConversationID)
	if schema.NoRows(err) {
		if code == ticket.EscalateIdentity && !turn.Verified {
			return []string{"The customer's identity is not proved."}, nil
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if turn.ProvedBy != nil && v.ProvedAt != nil && *turn.ProvedBy == v.ID {
		return []string{"The customer's identity was proved by a code at " + v.ProvedAt.UTC().Format("15:04 MST") + "."}, nil
	}
	switch {
	case turn.Verified || v.TurnID != turn.ID:
		return nil, nil
	case v.State == proofFailed:
		return []string{"The customer's identity is not proved: a code was sent, and the wrong one came back three times."}, nil
	default:
		return []string{"The customer's identity is not proved: a code was sent, and did not come back in time."}, nil
	}
}
