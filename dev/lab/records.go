package lab

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// The checker asks the database in its own words: a fault in a query of the
// service must not hide itself.

// outcomes returns how each stored inbound message was settled.
func (l *Lab) outcomes(ctx context.Context) map[Inbound][]ticket.Outcome {
	type row struct {
		Channel    ticket.Channel
		ExternalID string
		Outcome    *ticket.Outcome
	}
	byMessage := map[[2]string][]ticket.Outcome{}
	for _, r := range query[row](ctx, l, `SELECT m.channel, m.external_id, p.outcome
		FROM messages m LEFT JOIN processed_messages p ON p.message_id = m.id WHERE m.author = 'customer'`) {
		key := [2]string{string(r.Channel), r.ExternalID}
		if r.Outcome != nil {
			byMessage[key] = append(byMessage[key], *r.Outcome)
		}
	}
	found := map[Inbound][]ticket.Outcome{}
	for _, in := range l.accepted {
		found[in] = byMessage[[2]string{string(in.Channel), in.ExternalID}]
	}
	return found
}

// settledTurns returns the messages of each turn that is not open.
func (l *Lab) settledTurns(ctx context.Context) map[uuid.UUID][]uuid.UUID {
	type row struct {
		ID       uuid.UUID
		Messages []uuid.UUID
	}
	turns := map[uuid.UUID][]uuid.UUID{}
	for _, r := range query[row](ctx, l, `SELECT id, message_ids AS messages FROM turns WHERE state <> 'open'`) {
		turns[r.ID] = r.Messages
	}
	return turns
}

// workflowIDs leaves out a conversation whose every message has joined another.
func (l *Lab) workflowIDs(ctx context.Context) []string {
	type row struct{ WorkflowID string }
	var ids []string
	for _, r := range query[row](ctx, l, `SELECT workflow_id FROM conversations c
		WHERE EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.id)`) {
		ids = append(ids, r.WorkflowID)
	}
	return ids
}

func query[T any](ctx context.Context, l *Lab, sql string) []T {
	conn, err := pgx.Connect(ctx, l.Database)
	require.NoError(l.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, sql)
	require.NoError(l.t, err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	require.NoError(l.t, err)
	return all
}

// Escalated waits until a ticket needs a person for this reason.
func (l *Lab) Escalated(code string) {
	l.t.Helper()
	type row struct{ EscalationCode string }
	l.Wait("a person is asked: "+code, func(ctx context.Context) bool {
		return slices.Contains(query[row](ctx, l, `SELECT escalation_code FROM tickets WHERE status = 'needs_human'`), row{code})
	})
}
