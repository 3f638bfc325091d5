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
	grows := regexp.MustCompile(`Seq Scan on (messages|outbox|conversations|turns|tickets|customers|customer_identities|identity_claims|delivery_events|raw_events|model_calls|verifications|verification_tries)\b`)
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

// A small version is compared row by row, so that nothing is missed; through
// the vector index a large one is.
func TestSmallVersionsAreSearchedExactly(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	schematest.Exec(t, url, `INSERT INTO knowledge_versions (embedding_model, content_hash, chunks) SELECT 'm', n::text, 1000 FROM generate_series(1, 3) n`)
	schematest.Exec(t, url, `INSERT INTO knowledge_articles (id, version, slug, title, body) SELECT gen_random_uuid(), v.id, 'a', 'A', 'b' FROM knowledge_versions v`)
	schematest.Exec(t, url, `INSERT INTO knowledge_base (id, version, article_id, ordinal, title, content, content_hash, language, embedding)
		SELECT gen_random_uuid(), a.version, a.id, n, 'A', 'word' || n, n::text, 'en',
		       (SELECT array_agg(sin(n * i))::vector(1536) FROM generate_series(1, 1536) i)
		FROM knowledge_articles a, generate_series(1, 700) n`)
	schematest.Exec(t, url, "ANALYZE knowledge_base")
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	for name, query := range schema.VectorQueries() {
		for _, exact := range []bool{true, false} {
			var plan strings.Builder
			require.NoError(t, pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if err := schema.New(tx).TuneSearch(t.Context(), exact); err != nil {
					return err
				}
				if _, err := tx.Exec(t.Context(), "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_sort = "+map[bool]string{true: "on", false: "off"}[exact]); err != nil {
					return err
				}
				results, err := tx.Conn().PgConn().Exec(t.Context(), "EXPLAIN (GENERIC_PLAN, COSTS OFF) "+query).ReadAll()
				if err != nil {
					return err
				}
				for _, line := range results[0].Rows {
					plan.Write(append(line[0], '\n'))
				}
				return nil
			}), name)
			if exact {
				require.NotContains(t, plan.String(), "knowledge_base_embedding", name)
				continue
			}
			require.Contains(t, plan.String(), "knowledge_base_embedding", name)
		}
	}
}
