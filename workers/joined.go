package workers

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// sameWithin is how close two messages are that say the same on two channels.
	sameWithin = time.Minute
	// minCompared is how many letters and digits a text has at least that is
	// compared: everybody says thank you.
	minCompared = 12
)

// sameWords returns the conversation that a message is stored in: the one in
// which the same customer has just written the same on another channel, else
// its own. What is written twice is answered once, where it was written last;
// but while a person answers there, it is theirs.
func (in *Intake) sameWords(ctx context.Context, q *schema.Queries, m *inbound, own schema.Conversation, sender uuid.UUID) (uuid.UUID, error) {
	if !m.sender.verified || m.suppress != "" || m.command != ticket.CommandNone || m.wordless != ticket.WordlessNot {
		return own.ID, nil
	}
	if m.hash = hashOfWords(m.words); m.hash == nil {
		return own.ID, nil
	}
	if err := q.LockCustomer(ctx, sender); err != nil || own.Owner == ticket.OwnerHuman {
		return own.ID, err
	}
	earlier, err := q.SameWords(ctx, schema.SameWordsParams{
		TextHash: m.hash, Since: m.at.Add(-sameWithin), Until: m.at.Add(sameWithin),
		Channel: m.channel, ConversationID: own.ID, CustomerID: sender,
	})
	if schema.NoRows(err) {
		return own.ID, nil
	}
	if err != nil {
		return own.ID, err
	}
	m.home = &own.ID
	return earlier, q.JoinConversation(ctx, schema.JoinConversationParams{ID: earlier, Participant: m.sender.value})
}

// hashOfWords returns what texts of the same words have in common, whatever
// their case, spaces and punctuation; nil for one too short to be compared.
func hashOfWords(words string) []byte {
	count := 0
	same := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		count++
		return unicode.ToLower(r)
	}, norm.NFKC.String(words))
	if count < minCompared {
		return nil
	}
	sum := sha256.Sum256([]byte(same))
	return sum[:]
}
