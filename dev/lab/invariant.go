package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/digital-fte/fte/stream"
)

// Check waits for quiet and then fails the test for every invariant that does
// not hold. expectedDeadLetters are the ids of events that were poison on
// purpose.
func (l *Lab) Check(expectedDeadLetters ...string) {
	l.t.Helper()
	l.Quiet()
	if broken := l.Violations(l.t.Context(), expectedDeadLetters...); len(broken) > 0 {
		l.dump()
		l.t.Fatalf("the invariants do not hold:\n%s", strings.Join(broken, "\n"))
	}
}

// Violations returns every broken invariant, one sentence each:
//
//	I1 every acknowledged message ends as answered, human or suppressed
//	I2 a message belongs to exactly one settled turn
//	I3 a provider accepted at most one send per outbox row, and what we call
//	   sent it has accepted; people's own words go out, or staff is told
//	I4 parts go out in order, and turns in the order of their messages
//	I5 nobody gets another customer's words
//	I6 no workflow failed, and only intended poison is in the dead letters
//	I7 nothing of the assistant is taken for a provider call while a person
//	   owns the conversation
func (l *Lab) Violations(ctx context.Context, expectedDeadLetters ...string) []string {
	var broken []string
	report := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	for in, outcomes := range l.outcomes(ctx) {
		if len(outcomes) != 1 {
			report("I1: %s was acknowledged and has outcomes %v", in.ExternalID, outcomes)
		}
	}
	owner := map[uuid.UUID]uuid.UUID{}
	for turn, messages := range l.settledTurns(ctx) {
		for _, m := range messages {
			if other, twice := owner[m]; twice {
				report("I2: message %s was settled in turns %s and %s", m, turn, other)
			}
			owner[m] = turn
		}
	}
	accepted := l.providerLog()
	l.checkSends(ctx, accepted, report)
	l.checkOwners(ctx, report)
	for _, a := range accepted {
		for customer, canary := range l.canaries {
			if a.to != customer && strings.Contains(a.text, canary) {
				report("I5: words of %s were sent to %s", customer, a.to)
			}
		}
	}
	for id, status := range l.Workflows() {
		if status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED &&
			status != enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
			report("I6: workflow %s is %s", id, status)
		}
	}
	letters, err := stream.ListDeadLetters(ctx, l.Kafka.Brokers, stream.DeadLetterFilter{})
	require.NoError(l.t, err)
	for _, d := range letters {
		if !slices.Contains(expectedDeadLetters, d.ID) {
			report("I6: %s is a dead letter: %s %s", d.ID, d.Reason, d.Error)
		}
	}
	return broken
}
