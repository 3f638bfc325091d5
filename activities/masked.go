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

// words are what was said in a conversation, as a model may see it.
type words struct {
	now     []string // by the customer in this turn, the oldest first
	earlier []string // by anybody before it
	mask    *mask.Mask
}

// masked returns the words of a turn. What came earlier in the conversation is
// known to the mask as well: a password that was named yesterday is one today.
func (a *Activities) masked(ctx context.Context, turn schema.Turn) (w words, err error) {
	if w.now, err = said(ctx, a.DB.Queries, turn); err != nil {
		return w, err
	}
	ids, err := a.DB.History(ctx, schema.HistoryParams{TurnID: turn.ID, MaxMessages: maxHistory})
	if err != nil {
		return w, err
	}
	earlier, err := a.DB.MessagesByID(ctx, ids)
	if err != nil {
		return w, err
	}
	for _, e := range earlier {
		w.earlier = append(w.earlier, text.Truncate(e.Body, maxEarlierRunes))
	}
	w.mask = mask.New(slices.Concat(w.now, w.earlier)...)
	for _, texts := range [][]string{w.now, w.earlier} {
		for i := range texts {
			texts[i] = w.mask.Text(texts[i])
		}
	}
	return w, nil
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
