package workers

import (
	"context"
	"errors"
	"math"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// Projector keeps one row of figures for each finished turn.
type Projector struct{ DB *schema.DB }

// Handle records one finished turn; a repeat changes nothing.
func (p *Projector) Handle(ctx context.Context, r stream.Record) error {
	if r.Type != ticket.TypeTurnFinished {
		return stream.Poison("unknown_type", errors.New("the projector takes only "+ticket.TypeTurnFinished))
	}
	var t ticket.TurnFinished
	if err := decode(r, &t); err != nil {
		return err
	}
	if t.TurnID == uuid.Nil || !t.Channel.Valid() || !counts(t.ToolCallsCount) || !counts(t.Tokens) {
		return stream.Poison("invalid", ticket.Errorf(ticket.CodeInvalid, "a finished turn without id or channel, or with impossible figures"))
	}
	return schema.Classify(p.DB.InsertAgentMetric(ctx, schema.InsertAgentMetricParams{
		TurnID: t.TurnID, Channel: t.Channel, LatencyMs: t.LatencyMS, Escalated: t.Escalated,
		ToolCallsCount: int32(t.ToolCallsCount), Tokens: int32(t.Tokens), CostUSD: t.Cost,
	}))
}

// counts reports whether n is a number of things that fits its column.
func counts(n int) bool { return n >= 0 && n <= math.MaxInt32 }
