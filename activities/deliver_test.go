package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// line notes the calls it gets.
type line struct {
	WhatsApp // panics where it is not overridden

	deadlines []time.Time
}

func (l *line) Send(ctx context.Context, _, _, _ string) (string, error) {
	until, _ := ctx.Deadline()
	l.deadlines = append(l.deadlines, until)
	return "SM1", nil
}

func TestACallEndsBeforeItsTraceIsLookedFor(t *testing.T) {
	t.Parallel()
	l := &line{}
	a := New(Options{WhatsApp: l, Policy: Policy{FirstCheck: time.Minute}})
	part := schema.PartsOfTurnRow{Via: viaWhatsApp, Part: 1}
	deadline := time.Now().Add(time.Minute)
	_, err := a.call(t.Context(), part, deadline)
	require.NoError(t, err)
	require.Equal(t, []time.Time{deadline}, l.deadlines)

	// A worker that was frozen after its claim may have been replaced by now.
	_, err = a.call(t.Context(), part, time.Now().Add(-time.Second))
	require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
	require.Len(t, l.deadlines, 1)
}
