package schema_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
)

// With sequential scans forbidden, the planner takes one only where no index
// can answer at all.
func TestHotQueriesHaveAnIndex(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), schematest.URL(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	_, err = conn.Exec(t.Context(), "SET enable_seqscan = off")
	require.NoError(t, err)
	grows := regexp.MustCompile(`Seq Scan on (messages|outbox|conversations|turns|tickets|customers|customer_identities|identity_claims|delivery_events|raw_events)\b`)
	for name, query := range schema.HotQueries() {
		results, err := conn.PgConn().Exec(t.Context(), "EXPLAIN (GENERIC_PLAN, COSTS OFF) "+query).ReadAll()
		require.NoError(t, err, name)
		var plan strings.Builder
		for _, line := range results[0].Rows {
			plan.Write(append(line[0], '\n'))
		}
		require.NotEmpty(t, plan.String(), name)
		require.NotRegexp(t, grows, plan.String(), name)
	}
}
