package workers

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
)

const (
	// maxClaims is how many addresses and numbers of one text are noted.
	maxClaims = 5
	// maxNamed is how many tickets one text can name.
	maxNamed = 3
	// merger is who joins customers on evidence (column customer_merges.actor).
	merger = "intake"
)

// Reasons of a merge (column customer_merges.reason).
const (
	reasonClaimProved = "claim_proved"
	reasonTicketNamed = "ticket_named"
)

var (
	namesTicket  = regexp.MustCompile(`(?i)\bT-[0-9A-Z]{10}\b`)
	namesAddress = regexp.MustCompile(`(?i)[0-9a-z][0-9a-z._%+-]{0,63}@[0-9a-z-]{1,63}(?:\.[0-9a-z-]{1,63})+`)
	namesNumber  = regexp.MustCompile(`(?:\+|\b00)[1-9][0-9 ()./-]{5,24}[0-9]`)
	// foreign begins what a mail passes on: a divider, a header of another mail,
	// or the line that introduces it.
	foreign = regexp.MustCompile(`(?i)^(?:[-_*=]{2,}.*|\*?\pL{2,12}\s?[:：]\*?\s.*@.*|.*(?:[@\d]|forward|weitergeleitet|transféré|réexpédié|reenviado|inoltrato|doorgestuurd|encaminhad).*[:：])$`)
	// marked begins a line of a quote, some programs with the initials of its writer.
	marked = regexp.MustCompile(`^[^\pL\pN]{0,2}\pL{0,3}[>＞»|│]`)
	// passedOn begins the subject of a mail that is somebody else's.
	passedOn = regexp.MustCompile(`(?i)^(?:fwd?|wg|tr|rv|enc|i|vs|vb)\s*:`)
)

// evidence is what a message may prove about who its sender is.
type evidence struct {
	sender  identity
	replies bool     // into a conversation that claims to be the sender's
	numbers []string // of the tickets it names
}

// evidence finds out before the transaction what locks it will need. Nothing is
// proved by a mail that fails its check or that no person wrote, nor for a
// conversation whose answers go to somebody else: anybody can name a customer in
// Reply-To, so that he takes part, and have him answer by a trick.
func (in *Intake) evidence(ctx context.Context, m inbound, known *schema.Conversation) (e evidence, err error) {
	e.sender = m.sender
	if !m.sender.verified || m.suppress != "" {
		return e, nil
	}
	e.numbers = ticketsNamed(m.words)
	if known != nil && known.ReplyTo == m.sender.value {
		e.replies, err = in.DB.ClaimWaits(ctx, schema.ClaimWaitsParams{ConversationID: known.ID, Kind: m.sender.kind, Value: m.sender.value})
	}
	return e, err
}

// lock keeps who is one with whom as it is, or to this transaction.
func (e evidence) lock(ctx context.Context, q *schema.Queries) error {
	if !e.sender.verified {
		return nil
	}
	lock := q.ShareCustomers
	if e.replies || len(e.numbers) > 0 {
		lock = q.LockCustomers
	}
	if err := lock(ctx); err != nil {
		return err
	}
	return q.LockIdentity(ctx, schema.LockIdentityParams{Kind: e.sender.kind, Value: e.sender.value})
}

// proves says whether the sender is the customer of a conversation, and whether
// that follows from this message, so that the two have to be joined.
func (e evidence) proves(ctx context.Context, q *schema.Queries, conv schema.Conversation, sender uuid.UUID) (is, link bool, err error) {
	if !conv.SenderVerified && conv.ReplyTo != e.sender.value {
		return false, false, nil
	}
	is, err = q.SameCustomer(ctx, schema.SameCustomerParams{A: conv.CustomerID, B: sender})
	if err != nil || is || !e.replies {
		return is, false, err
	}
	link, err = mayLink(ctx, q, conv.ID, sender)
	return link, link, err
}

// apply joins the customers that a stored message has proved to be one.
func (e evidence) apply(ctx context.Context, q *schema.Queries, m inbound, conv schema.Conversation, sender uuid.UUID, link bool) error {
	if e.replies {
		if err := q.ProveClaim(ctx, schema.ProveClaimParams{At: m.at, ConversationID: conv.ID, Kind: e.sender.kind, Value: e.sender.value}); err != nil {
			return err
		}
	}
	if link {
		if err := merge(ctx, q, m, conv.CustomerID, sender, reasonClaimProved); err != nil {
			return err
		}
	}
	if len(e.numbers) == 0 {
		return nil
	}
	named, err := q.NamedTickets(ctx, schema.NamedTicketsParams{Kind: e.sender.kind, Value: e.sender.value, Numbers: e.numbers})
	if err != nil {
		return err
	}
	for _, t := range named {
		reason := reasonTicketNamed
		if t.Claimed {
			reason = reasonClaimProved
			if err := q.ProveClaim(ctx, schema.ProveClaimParams{At: m.at, ConversationID: t.ConversationID, Kind: e.sender.kind, Value: e.sender.value}); err != nil {
				return err
			}
		}
		may, err := mayLink(ctx, q, t.ConversationID, sender)
		if err != nil {
			return err
		}
		if !may {
			continue
		}
		if err := merge(ctx, q, m, t.CustomerID, sender, reason); err != nil {
			return err
		}
	}
	return nil
}

// mayLink reports whether nothing speaks against the sender being the customer
// of a conversation.
func mayLink(ctx context.Context, q *schema.Queries, conversation, sender uuid.UUID) (bool, error) {
	o, err := q.MergeObstacles(ctx, schema.MergeObstaclesParams{ConversationID: conversation, CustomerID: sender})
	return err == nil && !o.Undone && !o.Conflict && !o.Bridge, err
}

func merge(ctx context.Context, q *schema.Queries, m inbound, a, b uuid.UUID, reason string) error {
	_, err := q.MergeCustomers(ctx, schema.MergeCustomersParams{ID: uuid.New(), A: a, B: b, Reason: reason, MessageID: &m.id, Actor: merger})
	if schema.NoRows(err) {
		return nil // they are one already
	}
	return err
}

// claim notes what a message says about its sender that no channel has proved,
// for people to see.
func (in *Intake) claim(ctx context.Context, q *schema.Queries, conv schema.Conversation, sender identity, m inbound) error {
	if m.suppress != "" {
		return nil
	}
	claims := m.claims
	if !sender.verified && sender.value != "" {
		claims = append(slices.Clone(claims), sender)
	}
	claims = slices.Concat(claims, in.claimed(m.words))
	for _, c := range claims {
		if sender.verified && c.kind == sender.kind && c.value == sender.value {
			continue
		}
		if err := q.InsertClaim(ctx, schema.InsertClaimParams{ConversationID: conv.ID, Kind: c.kind, Value: c.value}); err != nil {
			return err
		}
	}
	return nil
}

// claimed finds the addresses and phone numbers in a text, but our own.
func (in *Intake) claimed(words string) (found []identity) {
	add := func(c identity) {
		if len(found) < maxClaims && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	for _, s := range namesAddress.FindAllString(words, 2*maxClaims) {
		if address := strings.ToLower(strings.Trim(s, ".")); !in.ours(address) && plain(address, maxAddress) {
			add(identity{kind: identityEmail, value: address})
		}
	}
	for _, s := range namesNumber.FindAllString(words, 2*maxClaims) {
		if number, ok := phoneNumber(s); ok {
			add(identity{kind: identityWhatsApp, value: number})
		}
	}
	return found
}

// ours reports whether an address is the mailbox's, with or without a tag.
func (in *Intake) ours(address string) bool {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	local, _, _ = strings.Cut(local, "+")
	return local+"@"+domain == strings.ToLower(in.Mailbox)
}

// phoneNumber reads a phone number with its country code as people write it.
func phoneNumber(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	if !strings.HasPrefix(s, "+") || strings.Trim(s[1:], "0123456789 ()./-") != "" {
		return "", false
	}
	s = strings.Replace(s, "(0)", "", 1) // what is dialled inside the country only
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return "+" + digits, len(digits) >= 7 && len(digits) <= 15
}

// ticketsNamed finds the ticket numbers in a text, as people write them: in
// small letters, with an O for a zero, an I or L for a one.
func ticketsNamed(words string) (numbers []string) {
	for _, s := range namesTicket.FindAllString(words, 4*maxNamed) {
		number := "T-" + strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s)[2:])
		if len(numbers) < maxNamed && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// ownWords returns what the sender of a mail wrote himself, without what the
// mail passes on. When in doubt a line is not his own.
func ownWords(subject, text string) string {
	if passedOn.MatchString(strings.TrimSpace(subject)) {
		return ""
	}
	var own []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if foreign.MatchString(line) {
			break
		}
		if !marked.MatchString(line) {
			own = append(own, line)
		}
	}
	return strings.Join(own, "\n")
}
