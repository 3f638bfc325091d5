package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// What a person has decided about a draft (column drafts.decision); empty
// while nobody has.
const (
	decisionApproved = "approved"
	decisionRejected = "rejected"
)

// mode returns what the assistant may do on a channel about a category: by
// itself everything, unless somebody has set less.
func mode(ctx context.Context, q *schema.Queries, channel ticket.Channel, category string) (ticket.Mode, error) {
	m, err := q.ModeOf(ctx, schema.ModeOfParams{Channel: channel, Category: category})
	if schema.NoRows(err) {
		return ticket.ModeAuto, nil
	}
	return m, err
}

// heldBy returns the mode that keeps a draft back, none when it may go out,
// and whether a person stands behind it. What a person has approved goes out in
// every mode. What an instruction asked for needs approval in every mode,
// unless it was made automatic; the mode off stops that too.
func heldBy(
	ctx context.Context, q *schema.Queries, conv schema.Conversation, open schema.Ticket, draft schema.Draft, instruction uuid.UUID,
) (held ticket.Mode, approved bool, err error) {
	if draft.Decision == decisionApproved {
		return "", true, nil
	}
	m, err := mode(ctx, q, conv.Channel, open.Category)
	if err != nil || m == ticket.ModeOff {
		return m, false, err
	}
	if instruction != uuid.Nil {
		asked, err := instructionOf(ctx, q, draft.TurnID, instruction)
		if err != nil || asked.Auto {
			return "", true, err
		}
		return ticket.ModeDraft, false, nil
	}
	if m == ticket.ModeDraft {
		return m, false, nil
	}
	return "", false, nil
}
