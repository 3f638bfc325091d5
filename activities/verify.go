package activities

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	codeLife  = 10 * time.Minute // for which a code is good
	proofLife = 30 * time.Minute // for which a proof is
	maxTries  = 3                // of one code
	maxCodes  = 3                // to one address, and for one conversation,
	codesTime = time.Hour        // within this time
	// shortMessage is the length of the longest line that may be a code though
	// it does not say so, in characters, and codeLines how many lines are read.
	shortMessage = 30
	codeLines    = 5
	// hiddenCode stands where a code stood.
	hiddenCode = "[code]"
)

// States of a verification, and what comes of a try (columns
// verifications.state and verification_tries.outcome).
const (
	proofSent    = "sent"
	proofProved  = "proved"
	proofExpired = "expired"
	proofFailed  = "failed"

	tryRight = "right"
	tryWrong = "wrong"
	tryLate  = "late"
)

var (
	sixDigits = regexp.MustCompile(`[0-9]{3}[ \x{a0}-]?[0-9]{3}`)
	saysCode  = regexp.MustCompile(`(?i)code|c[oó]digo|codice|\bkod\b|\botp\b|\bpin\b|\btan\b`)
)

// proves takes the code that a batch may bring. A right one lets the turn count
// as the customer's, so that the question which waits for it is answered. After
// a wrong one the customer has another try, and after the last one, or when none
// has come in time, a person answers.
func (b *batchOf) proves(ctx context.Context, _ ticket.Mode, res *ticket.CreateTicketResult) error {
	v, err := b.q.NewestVerification(ctx, b.conv.ID)
	if schema.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	p := proof{batchOf: b, v: v}
	if err := p.read(ctx); err != nil {
		return err
	}
	if err := p.keep(ctx); err != nil {
		return err
	}
	late := !b.Now().Before(p.v.ExpiresAt)
	switch {
	case p.last == tryWrong && p.v.State == proofFailed:
		res.Person, res.Rule = ticket.EscalateIdentity, ticket.RuleProofWrong
	case p.fresh || p.v.TurnID != b.turn.ID || p.v.State == proofProved:
	case late || p.v.State == proofExpired:
		res.Person, res.Rule = ticket.EscalateIdentity, ticket.RuleProofLate
		return b.q.ExpireVerification(ctx, p.v.ID)
	case p.last == tryWrong:
		res.Plain, res.Until = ticket.PlainWrongCode, p.v.ExpiresAt
	}
	return nil
}

// proof is a verification while a batch is read for its code.
type proof struct {
	*batchOf
	v     schema.Verification
	last  string // what came of the batch's last try
	fresh bool   // something has come besides codes since the code was sent
	own   bool   // all of the batch came the way on which the code was asked for
}

// read tries every message that may be a code, once.
func (p *proof) read(ctx context.Context) error {
	batch, err := p.q.MessagesToProve(ctx, p.turn.MessageIds)
	if err != nil {
		return err
	}
	tries, err := p.q.TriesAmong(ctx, p.turn.MessageIds)
	if err != nil {
		return err
	}
	p.own = true
	for _, m := range batch {
		own := m.Channel == p.conv.Channel && m.HomeID == nil
		p.own = p.own && own
		was := slices.IndexFunc(tries, func(t schema.VerificationTry) bool { return t.MessageID == m.ID })
		switch {
		case was >= 0 && tries[was].VerificationID == p.v.ID && tries[was].Outcome != tryLate:
			p.last = tries[was].Outcome
		case slices.Contains(p.v.MessageIds, m.ID):
		case was >= 0 || !own || p.v.State != proofSent:
			p.fresh = true
		default:
			if err := p.try(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// try compares what may be a code in a message. What is right is not kept: it
// would be of no use to anybody, and is nothing for a model to see.
func (p *proof) try(ctx context.Context, m schema.MessagesToProveRow) error {
	code, rest := codeIn(m.Body)
	if code == "" {
		p.fresh = true
		return nil
	}
	now := p.Now()
	right := p.Secrets.IsOneTimeCode(p.v.ID, code)
	count := schema.CountTryParams{
		MessageID: m.ID, VerificationID: p.v.ID, At: now, ProvedUntil: now.Add(proofLife), Outcome: tryWrong, TriesLeft: maxTries - p.v.Tries - 1,
	}
	switch {
	case now.Before(p.v.ExpiresAt) && right:
		count.Outcome, p.v.State = tryRight, proofProved
		p.v.ProvedUntil = &count.ProvedUntil
	case now.Before(p.v.ExpiresAt):
		p.v.Tries++
		if count.TriesLeft == 0 {
			p.v.State = proofFailed
		}
	case right:
		count.Outcome, p.v.State, p.fresh = tryLate, proofExpired, true
	default:
		p.fresh = true // a number like any other
		return nil
	}
	p.last = count.Outcome
	if right {
		if err := p.q.HideCode(ctx, schema.HideCodeParams{ID: m.ID, Body: rest}); err != nil {
			return err
		}
	}
	return p.q.CountTry(ctx, count)
}

// keep notes on the turn whether it stands under a proof. One that came another
// way than the code may be somebody else's.
func (p *proof) keep(ctx context.Context) error {
	var by *uuid.UUID
	if p.own && p.v.State == proofProved && p.v.ProvedUntil != nil && p.Now().Before(*p.v.ProvedUntil) {
		by = &p.v.ID
	}
	p.turn.ProvedBy = by
	return p.q.SetTurnProof(ctx, schema.SetTurnProofParams{ID: p.turn.ID, ProvedBy: by})
}

// codeIn returns the code that one of the first lines of a message is, and the
// message without it; an empty code when there is none.
func codeIn(body string) (code, rest string) {
	seen := 0
	for line := range strings.Lines(body) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if seen++; seen > codeLines {
			break
		}
		digits := 0
		for _, r := range line {
			if unicode.IsDigit(r) {
				digits++
			}
		}
		at := sixDigits.FindString(line)
		if at == "" || digits != 6 || utf8.RuneCountInString(strings.TrimSpace(line)) > shortMessage && !saysCode.MatchString(line) {
			continue
		}
		code = strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return r
			}
			return -1
		}, at)
		return code, strings.Replace(body, at, hiddenCode, 1)
	}
	return "", body
}
