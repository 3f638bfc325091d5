package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// publishTurn tells the metrics topic how a turn went; consumers keep one
// record a turn.
func (a *Activities) publishTurn(ctx context.Context, turnID uuid.UUID) error {
	t, err := a.DB.TurnSummary(ctx, turnID)
	if err != nil {
		return err
	}
	value, err := json.Marshal(ticket.TurnFinished{
		TurnID: turnID, Channel: t.Channel, LatencyMS: t.LatencyMs, Escalated: t.Escalated,
		ToolCallsCount: int(t.Calls), Tokens: int(t.Tokens), Cost: t.CostUSD,
	})
	if err != nil {
		return fmt.Errorf("encoding a finished turn: %w", err)
	}
	return a.Publisher.Publish(ctx, stream.Event{
		Topic: ticket.TopicMetrics, Key: t.CustomerID.String(), ID: "turn:" + turnID.String(),
		Type: ticket.TypeTurnFinished, Source: "fte/activities", Time: time.Now(), Value: value,
	})
}
