package activities

import (
	"context"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// maxHistory is how many earlier messages the model sees.
const maxHistory = 20

// FetchHistory names the messages that came before a turn: if channels have
// proved who wrote all of it, those of this conversation and what was proved in
// the customer's others, else what was not proved in this one. It only reads.
func (a *Activities) FetchHistory(ctx context.Context, in ticket.FetchHistoryInput) (ticket.FetchHistoryResult, error) {
	ids, err := a.DB.History(ctx, schema.HistoryParams{TurnID: in.TurnID, MaxMessages: maxHistory})
	if err != nil {
		return ticket.FetchHistoryResult{}, a.done(ctx, schema.Classify(err))
	}
	return ticket.FetchHistoryResult{MessageIDs: ids}, nil
}
