package workers

import (
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func TestProjector(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := &Projector{DB: b.DB}
	turn := ticket.TurnFinished{
		TurnID: uuid.New(), Channel: ticket.WhatsApp, LatencyMS: 2345, Escalated: true, ToolCallsCount: 2, Tokens: 1234, Cost: 0.0025,
	}
	require.NoError(t, p.Handle(t.Context(), record(t, ticket.TypeTurnFinished, turn)))
	repeat := turn
	repeat.LatencyMS = 9
	require.NoError(t, p.Handle(t.Context(), record(t, ticket.TypeTurnFinished, repeat)))
	require.Equal(t, "whatsapp 2345 true 2 1234 0.0025",
		b.scalar("SELECT concat_ws(' ', channel, latency_ms, escalated::text, tool_calls_count, tokens, cost_usd) FROM agent_metrics"))

	requirePoison(t, p.Handle(t.Context(), record(t, ticket.TypeTicketEscalated, turn)), "unknown_type")
	requirePoison(t, p.Handle(t.Context(), stream.Record{Event: stream.Event{Type: ticket.TypeTurnFinished, Value: []byte(`{"tokens":"many"}`)}}), "malformed")
	for _, change := range []func(*ticket.TurnFinished){
		func(t *ticket.TurnFinished) { t.TurnID = uuid.Nil },
		func(t *ticket.TurnFinished) { t.Channel = "telex" },
		func(t *ticket.TurnFinished) { t.Tokens = math.MaxInt32 + 1 },
		func(t *ticket.TurnFinished) { t.ToolCallsCount = -1 },
	} {
		wrong := turn
		wrong.TurnID = uuid.New()
		change(&wrong)
		requirePoison(t, p.Handle(t.Context(), record(t, ticket.TypeTurnFinished, wrong)), "invalid")
	}

	away, err := schema.Open(t.Context(), schema.Options{URL: "postgres://nobody@127.0.0.1:1/none", Name: "test"})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	requireBlocks(t, (&Projector{DB: away}).Handle(t.Context(), record(t, ticket.TypeTurnFinished, turn)))
}
