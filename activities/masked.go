package activities

import (
	"context"
	"slices"
	"strings"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/mask"
	"github.com/digital-fte/fte/schema"
)

// maxEarlierRunes bounds what is read of each earlier message. It is more than a
// model sees of one, so that no number is cut in two before it is masked.
const maxEarlierRunes = 4 * maxHistoryRunes

// said returns the customer's messages of a turn as they were written, the
// oldest first, each with the subject that it brought.
func said(ctx context.Context, q *schema.Queries, turn schema.Turn) ([]string, error) {
	batch, err := q.MessagesByID(ctx, turn.MessageIds)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(batch))
	for i, m := range batch {
		texts[i] = text.Truncate(m.Body, maxReadable)
		if i == 0 && m.Subject != "" {
			texts[i] = text.Truncate(m.Subject, maxReadable) + "\n\n" + texts[i]
		}
	}
	// A message that was nothing but a code has done its work.
	if words := slices.DeleteFunc(slices.Clone(texts), isCodeOnly); len(words) > 0 {
		return words, nil
	}
	return texts, nil
}

func isCodeOnly(words string) bool { return strings.Trim(words, " \t\r\n.!") == hiddenCode }

// masked returns the customer's messages of a turn as a model may see them, and
// the mask that made them so. What came earlier in the conversation is known to
// the mask as well: a password that was named yesterday is one today.
func (a *Activities) masked(ctx context.Context, turn schema.Turn) (texts []string, m *mask.Mask, err error) {
	if texts, err = said(ctx, a.DB.Queries, turn); err != nil {
		return nil, nil, err
	}
	ids, err := a.DB.History(ctx, schema.HistoryParams{TurnID: turn.ID, MaxMessages: maxHistory})
	if err != nil {
		return nil, nil, err
	}
	earlier, err := a.DB.MessagesByID(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	known := slices.Clone(texts)
	for _, e := range earlier {
		known = append(known, text.Truncate(e.Body, maxEarlierRunes))
	}
	m = mask.New(known...)
	for i := range texts {
		texts[i] = m.Text(texts[i])
	}
	return texts, m, nil
}

// restored returns a draft as it may be said: placeholders become what the
// customer wrote in this turn, as far as that is ever said again.
func restored(ctx context.Context, q *schema.Queries, draft schema.Draft) (string, error) {
	turn, err := q.Turn(ctx, draft.TurnID)
	if err != nil {
		return "", err
	}
	texts, err := said(ctx, q, turn)
	if err != nil {
		return "", err
	}
	return mask.New(texts...).Restore(draft.Body), nil
}
